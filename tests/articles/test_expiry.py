"""When an article expires: read, kept, and made a withdrawal."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from recommender.articles import migrations
from recommender.articles.article import Article
from recommender.articles.catalog import LAYOUT, Catalog
from recommender.articles.complete import complete
from recommender.articles.database import Database
from recommender.articles.record import article_from_record
from recommender.articles.sources.feed import read_feed
from recommender.articles.versions import record_digest
from recommender.errors import InputError

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
OLD_FIELDS = (
    *("id", "url", "title", "teaser", "body", "section", "tags", "authors", "language"),
    *("published_at", "updated_at", "image_url", "editors_choice", "evergreen", "status", "source"),
)


@pytest.mark.parametrize("name", ["expires_at", "expires", "expirationDate"])
def test_a_record_says_when_it_expires(name: str) -> None:
    article = article_from_record({"title": "Tenders", name: "2026-05-01T14:00:00+02:00"})
    assert article.expires_at == NOON


def test_the_end_of_all_calendars_means_never() -> None:
    for never in ("9999-12-31T23:59:59Z", "9999-12-31 23:59:59", "2999-01-01"):
        assert article_from_record({"title": "t", "expires_at": never}).expires_at is None


@pytest.mark.parametrize("wrong", ["soon", "0001-01-01", True, [2026]])
def test_what_is_no_time_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match="expires_at: expected a time"):
        article_from_record({"title": "t", "expires_at": wrong})


def test_an_article_is_shown_until_it_expires() -> None:
    article = Article(id="a", expires_at=NOON)
    assert article.may_be_shown(NOON - timedelta(microseconds=1))
    assert not article.may_be_shown(NOON)
    assert not replace(article, status="withdrawn").may_be_shown(NOON - timedelta(days=1))
    assert replace(article, expires_at=None).may_be_shown(datetime.max.replace(tzinfo=UTC))


def test_a_feed_may_say_it() -> None:
    feed = b"""<?xml version="1.0"?><rss version="2.0"
        xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"><channel><title>Post</title>
        <item><title>One</title>
          <expirationDate>Fri, 01 May 2026 12:00:00 GMT</expirationDate></item>
        <item><title>Two</title>
          <prism:expirationDate>2026-05-01T12:00:00Z</prism:expirationDate></item>
        <item><title>Three</title>
          <prism:expirationDate>when read</prism:expirationDate></item>
        <item><title>Four</title></item></channel></rss>"""
    read = [one for one in read_feed(feed, name="feed") if isinstance(one, Article)]
    assert [one.expires_at for one in read] == [NOON, NOON, None, None]


def test_the_catalog_keeps_it(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        articles = [Article(id="a", title="A", expires_at=NOON), Article(id="b", title="B")]
        catalog.upsert(articles, complete=complete)
        assert catalog.upsert(articles, complete=complete).unchanged == 2
        stored = catalog.get_many(["a", "b"])
        assert [one.article.expires_at for one in stored.values()] == [NOON, None]
        later = replace(articles[0], expires_at=NOON + timedelta(days=1))
        assert catalog.upsert([later], complete=complete).changed == 1


def test_what_expired_is_withdrawn_until_another_version_comes(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        gone = Article(id="gone", title="A", expires_at=NOON)
        later = Article(id="later", title="B", expires_at=NOON + timedelta(seconds=1))
        catalog.upsert([gone, later, Article(id="stays", title="C")], complete=complete)
        assert catalog.expire(NOON) == 1
        counts = catalog.counts("any")
        assert (counts.published, counts.withdrawn) == (2, 1)
        revision = catalog.revision
        assert catalog.expire(NOON) == 0
        assert catalog.upsert([gone], complete=complete).unchanged == 1
        assert catalog.revision == revision
        longer = replace(gone, expires_at=NOON + timedelta(days=1))
        assert catalog.upsert([longer], complete=complete).changed == 1
        assert catalog.counts("any").published == 3


def test_what_expired_is_counted_apart_before_and_after_it_is_withdrawn(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        ended = [Article(id=name, title=name, expires_at=NOON) for name in ("gone", "by hand")]
        later = Article(id="later", title="B", expires_at=NOON + timedelta(seconds=1))
        said = Article(id="said", title="D", status="withdrawn")
        catalog.upsert([*ended, later, Article(id="stays", title="C"), said], complete=complete)
        catalog.withdraw(["by hand"], at=NOON - timedelta(days=1))
        for _ in range(2):
            counts = catalog.counts("any", NOON)
            assert (counts.published, counts.withdrawn, counts.expired) == (2, 2, 1)
            catalog.expire(NOON)
        before = catalog.counts("any", NOON - timedelta(seconds=1))
        assert before.expired == 0


def test_articles_without_expiry_are_known_by_the_digest_they_always_had() -> None:
    article = Article(id="a", title="T", tags=("x",), published_at=NOON)
    as_before = orjson.dumps({name: getattr(article, name) for name in OLD_FIELDS})
    assert orjson.dumps(replace(article, expires_at=NOON)).startswith(as_before[:-1])
    digest = record_digest(article)
    assert digest == record_digest(replace(article, expires_at=None))
    assert digest != record_digest(replace(article, expires_at=NOON))
    assert digest == hashlib.blake2b(as_before, digest_size=16).hexdigest()


def test_a_catalog_of_before_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    article = Article(id="a", title="T", language="en")
    Database.open(path, replace(LAYOUT, migrations=migrations.MIGRATIONS[:1])).close()
    old = Database.open(path, replace(LAYOUT, migrations=migrations.MIGRATIONS[:1]))
    with old.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO articles (id, record_digest, status, revision, text_digest, text_length,"
            " language, editors_choice, evergreen, section, source, url, image_url, tags, authors,"
            " title, teaser, body) VALUES ('a', ?, 'published', 1, 't', 1, 'en', 0, 0, '', '', '',"
            " '', '[]', '[]', 'T', '', '')",
            (record_digest(article),),
        )
    old.close()
    with Catalog.open(path) as catalog:
        stored = catalog.get("a")
        assert stored is not None
        assert stored.article == article
        assert catalog.upsert([article], complete=complete).unchanged == 1
        assert catalog.expire(NOON) == 0
