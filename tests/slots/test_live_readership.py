"""Who reads what, counted for the articles of a corpus that changes."""

import gc
import weakref
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from recommender.articles.stored import StoredArticle
from recommender.articles.vector_queries import Change
from recommender.readers.event import Event
from recommender.readers.events import EventLog
from recommender.readers.popularity import PopularWindow
from recommender.slots.corpus import Corpus
from recommender.slots.readership import LiveReadership
from tests.slots.small_corpus import NOW, article, laid_over, unit

WEEK = PopularWindow(timedelta(days=7), timedelta(days=1))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "events.sqlite") as opened:
        yield opened


@pytest.fixture
def live(log: EventLog) -> LiveReadership:
    return LiveReadership(log, timedelta(days=1))


def read(log: EventLog, article_id: str, reader: str, at: datetime = NOW) -> None:
    log.append([Event(type="view", article_id=article_id, reader=reader, at=at)])


def later(town: Corpus) -> Corpus:
    """The same with one article changed and one new."""
    articles = article("school", "School roof repaired"), article("ferry", "Ferry sails again")
    changes = [
        Change(StoredArticle(90 + place, 2, one, one.id), unit(0.3, 0, 1))
        for place, one in enumerate(articles)
    ]
    return laid_over(town, changes).corpus


def counts(corpus: Corpus, readers: np.ndarray) -> dict[str, float]:
    there = np.flatnonzero(readers)
    return {corpus.id_at(one): float(readers[one]) for one in there.tolist()}


def test_steady_readership_stays_whatever_the_latest_is(
    town: Corpus, log: EventLog, live: LiveReadership
) -> None:
    read(log, "school", "anna")
    steady = live.current(town, NOW, WEEK, latest=False)
    assert live.current(town, NOW, WEEK, latest=True).readers.tolist() == steady.readers.tolist()
    read(log, "school", "ben")
    assert live.kept(town, NOW, WEEK, latest=True) is None
    latest = live.current(town, NOW, WEEK, latest=True)
    assert counts(town, latest.readers)["school"] > counts(town, steady.readers)["school"]
    assert live.current(town, NOW, WEEK, latest=True) is latest
    assert live.current(town, NOW + 2 * MINUTE, WEEK, latest=False) is steady
    after = live.current(town, NOW + 5 * MINUTE, WEEK, latest=False)
    assert set(counts(town, after.readers)) == {"school"}
    assert after is not steady


def test_a_change_of_the_corpus_counts_nothing_again(
    town: Corpus, log: EventLog, live: LiveReadership
) -> None:
    for name in ("school", "club", "ferry", "nowhere"):
        read(log, name, "anna")
    before = counts(town, live.current(town, NOW, WEEK, latest=False).readers)
    assert set(before) == {"school", "club"}
    read(log, "guide", "anna")
    corpus = later(town)
    assert live.kept(corpus, NOW, WEEK, latest=False) is None
    found = live.current(corpus, NOW, WEEK, latest=False)
    after = counts(corpus, found.readers)
    assert set(after) == {"school", "club", "ferry"}  # the guide is read after it was counted
    assert after["school"] == before["school"]
    assert found.readers[3] == 0  # the version before, which is hidden
    assert live.current(corpus, NOW, WEEK, latest=False) is found
    everything = counts(corpus, live.current(corpus, NOW, WEEK, latest=True).readers)
    assert set(everything) == {"school", "club", "ferry", "guide"}


def test_questions_about_other_days_do_not_displace_those_of_now(
    town: Corpus, log: EventLog, live: LiveReadership
) -> None:
    read(log, "school", "anna")
    steady = live.current(town, NOW, WEEK, latest=False)
    for days in range(1, 40):
        live.current(town, NOW - timedelta(days=days), WEEK, latest=True)
        assert live.kept(town, NOW, WEEK, latest=False) is steady
    assert live.kept(town, NOW - timedelta(days=1), WEEK, latest=True) is None  # forgotten


def test_many_ids_are_looked_up_as_one_is(town: Corpus) -> None:
    corpus = later(town)
    ids = [*(corpus.id_at(one) for one in range(len(corpus))), "nowhere", "Schule"]
    found = [corpus.position(one) for one in ids]
    assert corpus.positions(ids).tolist() == [-1 if one is None else one for one in found]
    assert corpus.positions([]).tolist() == []
    assert town.positions(ids[:2]).tolist() == [0, 1]


def test_no_corpus_of_the_past_is_kept_in_memory(
    town: Corpus, log: EventLog, live: LiveReadership
) -> None:
    read(log, "school", "anna")
    corpora = [later(town) for _ in range(3)]
    gone = [weakref.ref(one) for one in corpora]
    for minutes, corpus in enumerate(corpora):
        live.current(corpus, NOW + 5 * minutes * MINUTE, WEEK, latest=True)
    corpora.clear()
    del corpus
    gc.collect()
    assert [one() is None for one in gone] == [True, True, False]
