"""What comes to be ranked: kept neighbours, what was read together, what is searched for."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.readers.together import ReadTogether
from recommender.slots.candidates import TakesTime, subject_of
from recommender.slots.charts import NO_CHARTS
from recommender.slots.corpus import Corpus
from recommender.slots.filled import render
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.slot import Filters, SlotQuery
from recommender.slots.together import together_of
from tests.slots.plain_page import SIMILARITY, filled, ids, readership
from tests.slots.small_corpus import NOW, article, corpus_of, no_rules, slots_of, unit


def test_what_was_read_together_is_kept_and_ranked_however_unlike() -> None:
    corpus, far = far_corpus(neighbours=5)
    pipeline = Pipeline("read", Weights(expanded=0.1, read_together=1), min_score=0.9)
    (slot,) = filled(corpus, "a0", SlotQuery("related", 5), pipeline=pipeline)
    assert ids(corpus, slot) == [f"a{far}"]  # the floor is for what only the texts speak for
    assert slot.reasons(0)[0].value == pytest.approx(0.75)
    told = render(corpus, slot, pipeline, subject_of(corpus, 0))
    assert "read together by 30 readers" in told[0].because


def far_corpus(*, neighbours: int) -> tuple[Corpus, int]:
    """Sixty stories, and one that is far from the first by its text but was read with it."""
    rng = np.random.default_rng(5)
    articles = [article(f"a{n}", f"Story number {n}") for n in range(60)]
    vectors = [unit(*rng.normal(size=16)) for _ in articles]
    plain = corpus_of(articles, vectors, neighbours=neighbours)
    kept = set(plain.relations.neighbours.positions[0].tolist())
    far = next(n for n in range(59, 0, -1) if n not in kept)
    read = ReadTogether(
        ("a0", f"a{far}"),
        np.array([0, 1]),
        np.array([1, 0]),
        np.array([30, 30], np.int32),
        np.array([0.75, 0.75], np.float32),
    )
    together = together_of(read, plain.base.ids, len(articles))
    corpus = corpus_of(articles, vectors, neighbours=neighbours, together=together)
    assert far in corpus.relations.neighbours.positions[0].tolist()
    return corpus, far


def test_what_was_read_together_takes_no_place_of_a_neighbour() -> None:
    corpus, far = far_corpus(neighbours=5)
    positions = corpus.relations.neighbours.positions
    assert (positions[0] >= 0).sum() == 6
    assert far in positions[0].tolist()
    others = [n for n in range(60) if n not in (0, far)]
    assert ((positions[others] >= 0).sum(axis=1) == 5).all()
    assert (corpus.relations.neighbours.signals[others][:, :, -1] == 0).all()


def test_a_longer_list_goes_on_where_a_shorter_one_ends() -> None:
    corpus, far = far_corpus(neighbours=8)
    neighbours = corpus.relations.neighbours.positions[0].tolist()
    pipeline = Pipeline("dense", Weights(expanded=1, dense=1, lexical=1, read_together=0.5))

    def shown(limit: int, offset: int = 0) -> list[str]:
        return ids(corpus, filled(corpus, "a0", SlotQuery("related", limit, offset))[0])

    def searched(limit: int) -> list[str]:
        (slot,) = filled(corpus, "a0", SlotQuery("related", limit), pipeline=pipeline)
        return ids(corpus, slot)

    kept = [one for one in searched(40) if int(one[1:]) in neighbours]
    assert f"a{far}" in kept
    assert kept == searched(9)
    assert shown(4) + shown(4, 4) == shown(8)


def test_who_cannot_wait_is_told_where_a_search_is_needed() -> None:
    corpus, _ = far_corpus(neighbours=8)

    def ask(*slots: SlotQuery) -> int:
        query = PageQuery(slots_of(*slots), subject_of(corpus, 0), NOW, at_once=True)
        read, rules = readership(corpus), no_rules(corpus)
        (slot,) = fill_page(corpus, query, SIMILARITY, read, rules, charts=NO_CHARTS)
        return len(slot.ranked.positions)

    assert ask(SlotQuery("related", 5)) == 5
    with pytest.raises(TakesTime):
        ask(SlotQuery("related", 20))
    with pytest.raises(TakesTime):
        ask(SlotQuery("related", 5, 0, Filters(sections=("Nowhere",))))


def test_one_slot_does_not_make_the_next_one_search() -> None:
    corpus, _ = far_corpus(neighbours=8)
    slots = (SlotQuery("popular", 4), SlotQuery("related", 4))
    query = PageQuery(slots_of(*slots), subject_of(corpus, 0), NOW, at_once=True)
    neighbours = corpus.relations.neighbours.positions[0].tolist()
    far_away = [f"a{n}" for n in range(1, 60) if n not in neighbours][:4]
    read = readership(corpus, **dict.fromkeys(far_away, 3.0))
    popular, related = fill_page(
        corpus, query, SIMILARITY, read, no_rules(corpus), charts=NO_CHARTS
    )
    assert set(ids(corpus, popular)) == set(far_away)
    assert len(ids(corpus, related)) == 4


def test_columns_for_what_was_read_together_do_not_pass_for_all_articles() -> None:
    corpus, _ = far_corpus(neighbours=50)
    kept = corpus.relations.neighbours
    wider = 59 - kept.positions.shape[1]  # as wide as if all others were kept of each
    padded = replace(
        kept,
        positions=np.pad(kept.positions, ((0, 0), (0, wider)), constant_values=-1),
        signals=np.pad(kept.signals, ((0, 0), (0, 0), (0, wider))),
    )
    corpus = replace(corpus, relations=replace(corpus.relations, neighbours=padded))
    (slot,) = filled(corpus, "a5", SlotQuery("related", 59), pipeline=SIMILARITY)
    assert len(ids(corpus, slot)) == 59
