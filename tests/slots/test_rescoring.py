from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles.cards import card_of
from recommender.similarity.cross_encoder import SentenceTransformersReranker
from recommender.slots.candidates import Subject
from recommender.slots.corpus import Corpus
from recommender.slots.filled import FilledSlot
from recommender.slots.pipeline import Pipeline, Rescoring, Weights
from recommender.slots.ranking import Ranked
from recommender.slots.rescoring import SIGNAL, rescored
from recommender.slots.slot import SlotQuery
from tests.similarity.tiny_cross_encoder import logits, write_cross_encoder
from tests.slots.plain_page import filled, ids
from tests.slots.small_corpus import article, corpus_of, town_corpus, unit

PLAIN = Pipeline("plain", Weights(dense=1, lexical=0.5), collapse_copies=False, as_of_now=False)
TOWN = town_corpus()


@dataclass(frozen=True)
class Table:
    """Judges by a list: the n-th candidate gets its n-th number; those without one, nothing."""

    said: Sequence[float]

    def scores(self, subject: str, candidates: Sequence[str]) -> np.ndarray[tuple[int]]:
        assert subject
        return np.array(self.said[: len(candidates)], dtype=np.float32)


def titles(corpus: Corpus) -> dict[str, str]:
    cards = [card_of(corpus.card_at(position)) for position in range(len(corpus))]
    return {card.id: card.title for card in cards}


def second(corpus: Corpus, said: Sequence[float], *, first: int = 20) -> Rescoring:
    texts = titles(corpus)
    return Rescoring(Table(said), first, lambda ids: {one: texts[one] for one in ids})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cross_encoder(tmp_path_factory.mktemp("tiny"))


def test_the_first_stand_as_the_model_says_and_the_rest_behind_them(
    town: Corpus, folder: Path
) -> None:
    texts = titles(town)
    asked: list[str] = []

    def texts_of(ids: Sequence[str]) -> Mapping[str, str]:
        asked.extend(ids)
        return {one: texts[one] for one in ids}

    model = SentenceTransformersReranker(str(folder), max_milliseconds=60_000)
    pipeline = replace(PLAIN, rescoring=Rescoring(model, 4, texts_of))
    (before,) = filled(town, "bridge-1", SlotQuery("related", 10), pipeline=PLAIN)
    (after,) = filled(town, "bridge-1", SlotQuery("related", 10), pipeline=pipeline)
    read, rest = ids(town, before)[:4], ids(town, before)[4:]
    said = logits(folder, texts["bridge-1"], [texts[one] for one in read])
    by_model = [read[int(at)] for at in np.argsort(-said)]
    assert by_model != read  # otherwise there is nothing to see here
    assert ids(town, after) == by_model + rest
    assert asked == ["bridge-1", *read]
    assert after.ranked.scores.tolist() == before.ranked.scores.tolist()


@settings(max_examples=60, deadline=None)
@given(
    said=st.lists(st.floats(-20, 20, width=32), max_size=8),
    first=st.integers(min_value=1, max_value=9),
)
def test_scores_are_dealt_out_anew_and_contributions_add_up(said: list[float], first: int) -> None:
    pipeline = replace(PLAIN, rescoring=second(TOWN, said, first=first))
    (before,) = filled(TOWN, "school", SlotQuery("related", 10), pipeline=PLAIN)
    (after,) = filled(TOWN, "school", SlotQuery("related", 10), pipeline=pipeline)
    read = min(len(said), first, len(before.ranked.positions))
    names = ids(TOWN, before)
    expected = sorted(range(read), key=lambda at: -said[at])
    assert ids(TOWN, after) == [names[at] for at in expected] + names[read:]
    assert after.ranked.scores.tolist() == before.ranked.scores.tolist()
    assert after.ranked.contributions.sum(axis=0) == pytest.approx(after.ranked.scores, abs=1e-5)
    moved = after.ranked.values[after.ranked.signals.index(SIGNAL)]
    assert float(moved.sum()) == pytest.approx(0, abs=1e-5)
    assert not moved[read:].any()


def test_the_reasons_say_what_the_model_moved(town: Corpus) -> None:
    (slot,) = filled(
        town,
        "school",
        SlotQuery("related", 10),
        pipeline=replace(PLAIN, rescoring=second(town, [1, 3, 2])),
    )
    told = [{one.signal: one.contribution for one in slot.reasons(place)} for place in range(4)]
    assert told[0][SIGNAL] > 0
    assert told[2][SIGNAL] < 0
    assert SIGNAL not in told[3]


def test_copies_that_the_slot_leaves_out_are_not_read(town: Corpus) -> None:
    read: list[str] = []

    def texts_of(ids: Sequence[str]) -> Mapping[str, str]:
        read.extend(ids)
        return {one: one for one in ids}

    once = replace(PLAIN, collapse_copies=True, rescoring=Rescoring(Table([1, 2]), 2, texts_of))
    filled(town, "bridge-1", SlotQuery("related", 3), pipeline=once)
    assert read[0] == "bridge-1"
    assert len(read) == 3
    assert "bridge-copy" not in read


def test_pages_join_up_where_the_model_reads_on(town: Corpus) -> None:
    pipeline = replace(PLAIN, rescoring=second(town, [1, 5, 2, 4, 3]))

    def page(offset: int, limit: int) -> list[str]:
        (slot,) = filled(town, "school", SlotQuery("related", limit, offset), pipeline=pipeline)
        return ids(town, slot)

    assert page(0, 2) + page(2, 2) + page(4, 2) == page(0, 6)


def test_pages_join_up_where_fewer_neighbours_are_kept_than_read() -> None:
    rng = np.random.default_rng(3)
    made = [article(f"a{n}", f"Story number {n}") for n in range(60)]
    corpus = corpus_of(made, [unit(*rng.normal(size=16)) for _ in made], neighbours=5)
    pipeline = replace(PLAIN, rescoring=second(corpus, rng.normal(size=20).tolist()))

    def page(offset: int, limit: int) -> list[str]:
        (slot,) = filled(corpus, "a0", SlotQuery("related", limit, offset), pipeline=pipeline)
        return ids(corpus, slot)

    assert page(0, 4) + page(4, 4) + page(8, 22) == page(0, 30)


def test_popular_slots_and_empty_ones_ask_no_model(town: Corpus) -> None:
    def texts_of(ids: Sequence[str]) -> Mapping[str, str]:
        raise AssertionError(ids)

    pipeline = replace(PLAIN, rescoring=Rescoring(Table([]), 5, texts_of))
    slots: tuple[FilledSlot, ...] = filled(
        town, None, SlotQuery("popular", 2), SlotQuery("related", 2), pipeline=pipeline, club=1
    )
    assert ids(town, slots[0]) == ["club"]


def test_a_text_is_read_as_it_was_given(town: Corpus) -> None:
    (slot,) = filled(town, "school", SlotQuery("related", 10), pipeline=PLAIN)
    ranked: Ranked = slot.ranked
    seen: list[str] = []

    class Keeps(Table):
        def scores(self, subject: str, candidates: Sequence[str]) -> np.ndarray[tuple[int]]:
            seen.append(subject)
            return super().scores(subject, candidates)

    texts = titles(town)
    look = Rescoring(Keeps([1, 2]), 2, lambda ids: {one: texts[one] for one in ids})
    found = rescored(ranked, town, Subject(text="A draft."), look, taken=set())
    assert seen == ["A draft."]
    assert found.scores[0] < found.scores[1]
