"""A few articles' slots, filled together, are to the last digit those of their pages."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.editors.rule import Rule, Target
from recommender.slots.blocks import Blocks
from recommender.slots.candidates import subject_of
from recommender.slots.charts import NO_CHARTS
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import DefinedSlot, SlotDefinition, Supply, defined
from recommender.slots.filled import FilledSlot
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.present import Moment
from recommender.slots.slot import SlotQuery
from tests.slots.plain_page import DEFAULT, SIMILARITY
from tests.slots.ruled_corpus import COUNT, readership, ruled_corpus, rules_of
from tests.slots.small_corpus import NOW

CORPUS = ruled_corpus(0)
EVERYONE = np.flatnonzero(~CORPUS.hidden).tolist()
BLOCK = Rule(action="block", target=Target("section", ("Town",)))
BURY = Rule(action="bury", target=Target("article", ("r3",)), factor=0.5, page="r1")
BOOST = Rule(action="boost", target=Target("article", ("r3",)), factor=9)


def slot_of(limit: int, offset: int = 0) -> DefinedSlot:
    own = SlotDefinition(Supply("related"))
    return defined(SlotQuery("related", limit, offset), {"related": own})


def moment_of(*orders: Rule, corpus: Corpus = CORPUS) -> Moment:
    return Moment(NOW, corpus, readership(corpus), rules_of(corpus, *orders), NO_CHARTS)


def crowded() -> Corpus:
    """The same articles, many of them copies, of which the last is shown, or of one story."""
    rng = np.random.default_rng(7)
    groups, stories, canonical = np.tile(np.arange(COUNT, dtype=np.int32), (3, 1))
    for position in rng.permutation(COUNT)[: COUNT // 3].tolist():
        groups[position] = groups[rng.integers(0, position + 1)]
    for group in np.unique(groups).tolist():
        canonical[groups == group] = np.flatnonzero(groups == group).max()
    for position in rng.permutation(COUNT)[: COUNT // 2].tolist():
        stories[position] = stories[rng.integers(0, position + 1)]
    return replace(CORPUS, groups=groups, canonical=canonical, stories=stories)


def alone(moment: Moment, pipeline: Pipeline, slot: DefinedSlot, position: int) -> FilledSlot:
    corpus = moment.corpus
    query = PageQuery((slot,), subject_of(corpus, position), moment.at)
    (filled,) = fill_page(
        corpus, query, pipeline, moment.readership, moment.rules, charts=NO_CHARTS
    )
    return filled


def together(moment: Moment, pipeline: Pipeline, slot: DefinedSlot) -> dict[int, FilledSlot | None]:
    blocks = Blocks.of(moment, pipeline, slot)
    assert blocks is not None
    return dict(zip(EVERYONE, blocks.slots(EVERYONE), strict=True))


@pytest.mark.parametrize(
    "pipeline",
    [SIMILARITY, DEFAULT, replace(DEFAULT, diversity=1.0), replace(DEFAULT, only_older=True)],
)
@pytest.mark.parametrize("slot", [slot_of(2), slot_of(3), slot_of(4, 2), slot_of(COUNT)])
@pytest.mark.parametrize("corpus", [CORPUS, crowded()], ids=["few copies", "many copies"])
def test_values_and_scores_are_the_same(
    pipeline: Pipeline, slot: DefinedSlot, corpus: Corpus
) -> None:
    moment = moment_of(BLOCK, corpus=corpus)
    filled = together(moment, pipeline, slot)
    assert any(filled.values())
    for position, found in filled.items():
        if found is None:
            continue
        own = alone(moment, pipeline, slot, position)
        assert found.ranked.signals == own.ranked.signals
        for part in ("positions", "scores", "values", "weights"):
            np.testing.assert_array_equal(getattr(found.ranked, part), getattr(own.ranked, part))


def test_the_page_of_a_rule_is_left_to_itself() -> None:
    filled = together(moment_of(BURY), DEFAULT, slot_of(3))
    page = CORPUS.position("r1")
    assert page is not None
    assert filled[page] is None
    assert any(filled.values())


def test_where_scores_are_multiplied_all_are_left_to_themselves() -> None:
    assert not any(together(moment_of(BOOST), DEFAULT, slot_of(3)).values())


def test_a_slot_that_would_stay_empty_is_left_to_what_stands_in() -> None:
    strict = replace(DEFAULT, weights=Weights(dense=1), min_score=0.999)
    assert not any(together(moment_of(), strict, slot_of(3)).values())
