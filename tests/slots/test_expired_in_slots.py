"""Articles whose time ends, in the snapshot and over it."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from recommender.articles.columns import seconds
from recommender.slots.candidates import subject_of
from recommender.slots.charts import NO_CHARTS, Readership
from recommender.slots.corpus import Corpus
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.slot import SlotName, SlotQuery
from tests.slots.small_corpus import (
    NOW,
    article,
    changes_of,
    corpus_of,
    laid_over,
    no_rules,
    slots_of,
    unit,
)

HOUR = timedelta(hours=1)
ENDS = NOW + HOUR
TENDER = article("tender", "Harbour bridge tender", expires_at=ENDS)
SLOTS: tuple[SlotName, ...] = ("related", "latest", "popular", "story")


@pytest.fixture(scope="module")
def harbour() -> Corpus:
    articles = [
        article("bridge", "Harbour bridge closed"),
        TENDER,
        article("cables", "Harbour bridge cables"),
    ]
    corpus = corpus_of(articles, [unit(1), unit(1, 0.1), unit(1, 0.2)])
    return laid_over(corpus, [], at=NOW).corpus


def shown(corpus: Corpus, slot: SlotName, at: datetime, page: str = "bridge") -> set[str]:
    position = corpus.position(page)
    assert position is not None
    slots = slots_of(SlotQuery(slot, 20), fallbacks=())
    query = PageQuery(slots, subject_of(corpus, position), at)
    pipeline = Pipeline("p", Weights(dense=1.0), as_of_now=False)
    everybody = np.ones(len(corpus), dtype=np.float32)
    readers = Readership(everybody, everybody)
    (filled,) = fill_page(corpus, query, pipeline, readers, no_rules(corpus), charts=NO_CHARTS)
    return {corpus.id_at(int(one)) for one in filled.ranked.positions}


@pytest.mark.parametrize("slot", SLOTS)
def test_as_of_a_time_to_come_it_is_gone(harbour: Corpus, slot: SlotName) -> None:
    assert "tender" in shown(harbour, slot, ENDS - timedelta(seconds=1))
    assert "tender" not in shown(harbour, slot, ENDS)
    assert "cables" in shown(harbour, slot, ENDS)


@pytest.mark.parametrize("slot", SLOTS)
def test_once_it_expired_no_time_brings_it_back(harbour: Corpus, slot: SlotName) -> None:
    later = laid_over(replace(harbour, until=np.inf), [], at=ENDS).corpus
    assert later.position("tender") is None
    assert "tender" not in shown(later, slot, NOW - HOUR)
    assert "cables" in shown(later, slot, NOW - HOUR)


def test_the_corpus_tells_when_the_next_one_expires(harbour: Corpus) -> None:
    assert harbour.until == seconds(ENDS)
    assert laid_over(harbour, [], at=ENDS).corpus.until == np.inf
    sooner = replace(TENDER, expires_at=NOW + HOUR / 2)
    for vector in (unit(1, 0.1), None):
        (change,) = changes_of(((sooner, unit(1, 0.1)),))
        changes = [replace(change, vector=vector)]
        assert laid_over(harbour, changes, at=NOW).corpus.until == seconds(NOW + HOUR / 2)
        # the version of before must not outlive it
        assert laid_over(harbour, changes, at=NOW + HOUR / 2).corpus.position("tender") is None


def test_an_article_over_the_snapshot_expires_too(harbour: Corpus) -> None:
    late = article("late", "Harbour bridge tender extended", expires_at=NOW + 2 * HOUR)
    changes = changes_of(((late, unit(1, 0.3)),))
    before = laid_over(harbour, changes, at=NOW)
    assert "late" in shown(before.corpus, "related", NOW)
    assert "late" not in shown(before.corpus, "related", NOW + 2 * HOUR)
    after = laid_over(harbour, changes, before, at=NOW + 2 * HOUR)
    assert after.corpus.position("late") is None
    assert len(after.corpus.overlay) == 0


def test_a_later_end_brings_an_expired_one_back(harbour: Corpus) -> None:
    (change,) = changes_of(((replace(TENDER, expires_at=NOW + 3 * HOUR), unit(1, 0.1)),))
    corpus = laid_over(harbour, [change], at=ENDS + HOUR).corpus
    assert "tender" in shown(corpus, "related", ENDS + HOUR)
    assert corpus.until == seconds(NOW + 3 * HOUR)
