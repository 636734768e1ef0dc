"""Many slots at once are the slots that each article's page has."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles.identifiers import identifiers
from recommender.editors.rule import Rule, Target
from recommender.jobs.scoring import score
from recommender.readers.together import ReadTogether
from recommender.slots.candidates import subject_of
from recommender.slots.charts import NO_CHARTS
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import BUILT_IN, DefinedSlot, SlotDefinition, Supply, defined
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.present import Moment
from recommender.slots.slot import NO_FILTERS, Filters, SlotQuery
from recommender.slots.together import together_of
from tests.slots.ruled_corpus import COUNT, readership, ruled_corpus, rules_of
from tests.slots.small_corpus import NOW, article, corpus_of, no_rules, unit

CORPORA = [ruled_corpus(seed, neighbours=kept) for seed, kept in ((0, 100), (1, 12), (2, 30))]
PLAIN = Pipeline("plain", Weights(dense=1), collapse_copies=False, as_of_now=False)
WHOLE = Pipeline(
    "whole",
    Weights(
        expanded=1,
        lexical=0.5,
        density=-0.3,
        time_between=0.25,
        section=0.1,
        recency=0.1,
        popularity=0.2,
        editors_choice=0.05,
    ),
    diversity=0.2,
    min_score=0.3,
    recency_half_of={"Sport": timedelta(days=3)},
)
PIPELINES = [
    PLAIN,
    WHOLE,
    replace(WHOLE, min_score=0.0, diversity=1.0),
    replace(WHOLE, collapse_copies=False, only_older=True),
]
ORDERS = [
    (),
    (Rule(action="block", target=Target("section", ("Town",))),),
    (Rule(action="boost", target=Target("article", ("r3",)), factor=9),),
    (Rule(action="bury", target=Target("article", ("r3",)), factor=0, page="r1"),),
    (Rule(action="pin", target=Target("article", ("r7",)), position=2),),
]


def by_page(moment: Moment, pipeline: Pipeline, slot: DefinedSlot) -> dict[str, list[str]]:
    corpus = moment.corpus
    found = {}
    for position in np.flatnonzero(~corpus.hidden).tolist():
        page = PageQuery((slot,), subject_of(corpus, position), moment.at)
        (filled,) = fill_page(
            corpus, page, pipeline, moment.readership, moment.rules, charts=NO_CHARTS
        )
        if len(filled.ranked.positions):
            found[corpus.id_at(position)] = [
                f"{corpus.id_at(int(one))} {value:.4f}"
                for one, value in zip(filled.ranked.positions, filled.ranked.scores, strict=True)
            ]
    return found


def scored(moment: Moment, pipeline: Pipeline, slot: DefinedSlot) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    everyone = np.flatnonzero(~moment.corpus.hidden)
    for batch in score(moment, everyone, pipeline, slot=slot):
        rows = batch.arrow().to_pylist()
        assert [row["article_id"] for row in rows] == list(batch.article_ids)
        for row in rows:
            own = found.setdefault(row["article_id"], [])
            own.append(f"{row['related_id']} {row['score']:.4f}")
            assert row["position"] == len(own)
    return found


def read_together_corpus() -> Corpus:
    """Articles with few neighbours; the last one's readers read the first ones, and so on."""
    rng = np.random.default_rng(7)
    articles = [article(f"n{n}", f"Story {n} of the town") for n in range(40)]
    pairs = [(0, 39), (0, 38), (0, 2), (5, 39), (39, 0), (39, 1), (39, 2), (39, 3), (20, 38)]
    left, right = np.array(pairs, dtype=np.int64).T
    read = ReadTogether(
        tuple(one.id for one in articles),
        left,
        right,
        np.full(len(pairs), 4, dtype=np.int32),
        np.linspace(0.2, 0.9, len(pairs), dtype=np.float32),
    )
    ids = identifiers([one.id for one in articles])
    vectors = [unit(*rng.normal(size=16)) for _ in articles]
    together = together_of(read, ids, len(articles))
    return corpus_of(articles, vectors, neighbours=6, together=together)


@pytest.mark.parametrize("least", [0.0, 0.6])
def test_what_was_read_together_counts_wherever_it_stands(least: float) -> None:
    corpus = read_together_corpus()
    kept = corpus.relations.neighbours.positions
    assert len(np.unique(np.count_nonzero(kept >= 0, axis=1))) > 1  # some rows are padded
    pipeline = replace(WHOLE, weights=replace(WHOLE.weights, read_together=0.5), min_score=least)
    moment = Moment(NOW, corpus, readership(corpus), no_rules(corpus), NO_CHARTS)
    found = scored(moment, pipeline, slot_of(3))
    assert found == by_page(moment, pipeline, slot_of(3))
    assert "n38" in [one.split()[0] for one in found["n20"]]


def moment_of(corpus: Corpus, *orders: Rule) -> Moment:
    return Moment(NOW, corpus, readership(corpus), rules_of(corpus, *orders), NO_CHARTS)


def slot_of(
    limit: int = 5, filters: Filters = NO_FILTERS, least: float | None = None
) -> DefinedSlot:
    own = SlotDefinition(Supply("related", min_score=least))
    return defined(SlotQuery("related", limit, 0, filters), {"related": own})


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("orders", ORDERS)
def test_a_slot_is_the_same_by_itself_and_among_many(
    pipeline: Pipeline, orders: Sequence[Rule]
) -> None:
    for corpus in CORPORA:
        moment = moment_of(corpus, *orders)
        for slot in (slot_of(3), slot_of(COUNT), slot_of(4, Filters(tags=("river",)), least=0.0)):
            assert scored(moment, pipeline, slot) == by_page(moment, pipeline, slot)


@settings(max_examples=60, deadline=None)
@given(
    which=st.integers(0, 2),
    limit=st.integers(1, 45),
    diversity=st.sampled_from([0.0, 0.02, 0.3, 1.0]),
    least=st.sampled_from([0.0, 0.2, 0.6]),
    collapse=st.booleans(),
)
def test_whatever_the_pipeline(
    which: int, limit: int, diversity: float, least: float, collapse: bool
) -> None:
    pipeline = replace(WHOLE, diversity=diversity, min_score=least, collapse_copies=collapse)
    moment = moment_of(CORPORA[which])
    slot = defined(SlotQuery("related", limit), BUILT_IN)
    slot = replace(slot, fallbacks=())
    assert scored(moment, pipeline, slot) == by_page(moment, pipeline, slot)
