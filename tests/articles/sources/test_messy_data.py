"""Real input that nobody made for this project."""

import io
import tarfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import feedparser
import pytest

from recommender.articles.article import Article
from recommender.articles.complete import complete
from recommender.articles.sources.feed import read_feed
from recommender.articles.sources.open_source import open_source
from recommender.articles.sources.reject import Reject
from recommender.articles.text import clean_text
from recommender.errors import SourceError
from tests.real_data import DATA, needs_real_data

pytestmark = needs_real_data


def archive(name: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(DATA / "messy" / name) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file:
                yield member.name, file.read()


def corpus(name: str) -> list[Article | Reject]:
    return list(open_source(str(DATA / name / "articles.jsonl.gz")).records)


def test_every_messy_feed_is_read_or_refused_and_loses_no_entry() -> None:
    files = read = articles = 0
    refused: list[str] = []
    for name, data in archive("feedparser.tar.gz"):
        files += 1
        try:
            records = list(read_feed(data, name=name))
        except SourceError:
            refused.append(name)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # feedparser's own, about its fallbacks
            expected = feedparser.parse(io.BytesIO(data)).entries
        assert len(records) == len(expected), name
        for record, entry in zip(records, expected, strict=True):
            assert isinstance(record, Article) or record.reason
            # an entry whose title is plain words must come through with them
            title = entry.get("title", "")
            if title.isalpha():
                assert isinstance(record, Article), name
                assert record.title == title
        read += 1
        articles += sum(isinstance(record, Article) for record in records)
    assert (files, read) == (1265, 1259)
    assert articles >= 300
    # the licence, an empty document, and four channels of Microsoft's CDF without any item
    assert Counter(Path(name).parent.name for name in refused)["cdf"] == 4
    assert len(refused) == 6


def test_a_wordpress_export_gives_its_published_posts() -> None:
    data = dict(archive("wordpress_wxr.tar.gz"))
    export = next(value for name, value in data.items() if "themeunittestdata" in name)
    records = list(read_feed(export, name="wxr"))
    reasons = Counter(r.reason.split(":")[0] for r in records if isinstance(r, Reject))
    statuses = Counter(r.status for r in records if isinstance(r, Article))
    assert len(records) == 180
    assert reasons["WordPress attachment, expected a post"] == 38
    assert statuses["withdrawn"] >= 2  # a draft, and one for the future
    assert statuses["published"] >= 45


def test_the_reuters_archive_rejects_only_what_has_no_text_and_does_it_fast() -> None:
    start = time.process_time()
    records = corpus("reuters21578")
    taken = time.process_time() - start
    rejects = [record for record in records if isinstance(record, Reject)]
    assert (len(records), len(rejects)) == (21578, 737)
    assert all("needs a title or a body" in reject.reason for reject in rejects)
    texts = [a.title + a.body for a in records if isinstance(a, Article)]
    assert not any(c in text for text in texts for c in "\x03\x1b\x7f")
    assert sum("<" in text for text in texts) > 8000  # tickers are no tags
    assert taken < 6  # 0.9 s on the machine it was made on


@pytest.mark.parametrize(
    ("name", "total", "rejected"),
    [("ag_news_test", 7600, 0), ("wikinews_fr100", 100, 0), ("basil", 300, 0), ("seed", 3, 0)],
)
def test_nothing_is_lost(name: str, total: int, rejected: int) -> None:
    records = corpus(name)
    assert len(records) == total
    assert sum(isinstance(record, Reject) for record in records) == rejected


def test_addresses_that_are_none_are_named_and_can_be_mapped_away() -> None:
    rejects = [record for record in corpus("masakhanews") if isinstance(record, Reject)]
    assert len(rejects) == 1245
    assert all(r.reason.startswith("url:") and "--map url=" in r.reason for r in rejects)
    path = str(DATA / "masakhanews" / "articles.jsonl.gz")
    mapped = islice(open_source(path, mapping={"url": ""}).records, 1000)
    assert all(isinstance(record, Article) for record in mapped)


def test_the_debris_of_news_snippets_is_gone() -> None:
    bodies = [r.title + "\n" + r.body for r in corpus("ag_news_test") if isinstance(r, Article)]
    debris = Counter(
        mark
        for body in bodies
        for mark in ("&lt;", "#39;", "#36;", "quot;", "\\", "</", "href=", "&amp;")
        if mark in body.lower()
    )
    assert sum(debris.values()) <= 30, debris


@pytest.mark.parametrize("name", ["ag_news_test", "basil", "wikinews_fr100"])
def test_real_clean_text_stays_as_it_is(name: str) -> None:
    for record in corpus(name)[:500]:
        assert isinstance(record, Article)
        assert clean_text(record.body) == record.body


def test_french_is_told_and_teasers_are_short() -> None:
    done = [complete(record) for record in corpus("wikinews_fr100") if isinstance(record, Article)]
    assert all(article.teaser and len(article.teaser) <= 280 for article in done)
    bare = [Article(id=article.id, title=article.title, body=article.body) for article in done]
    assert {complete(article).language for article in bare} == {"fr"}
