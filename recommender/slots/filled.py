"""A slot that is filled: what stands in it, why, and how it is written out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

from recommender.articles.cards import card_of
from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.slots.candidates import Subject
from recommender.slots.corpus import Corpus
from recommender.slots.pipeline import Pipeline
from recommender.slots.ranking import TOLD, Ranked, text_scores
from recommender.slots.rules import Placed
from recommender.slots.slot import Reason, Recommendation, Slot, SlotName, Source
from recommender.slots.words import alike_with, because


class Told(TypedDict):
    """A `Reason` as it is written out."""

    signal: str
    value: float
    contribution: float
    weight: NotRequired[float]


@dataclass(slots=True)
class FilledSlot:
    """What stands in a slot, best first, as positions of a corpus. Not to be changed.

    Attributes:
        name: the slot that was asked for.
        source: where its own articles come from.
        fallback: what filled it instead; None where its own source did.
        ranked: rows in the order of the slot.
        placed: how each came to its place; empty where all did by rank.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    name: SlotName
    source: Source
    fallback: Source | None
    ranked: Ranked
    placed: tuple[Placed, ...] = ()

    def placed_by(self, place: int) -> Placed:
        """How the article at `place` (from 0) came there."""
        return self.placed[place] if self.placed else ""

    def reasons(self, place: int, *, every: bool = False) -> tuple[Reason, ...]:
        """Why the article at `place` (from 0) stands there, the greatest contribution first.

        Signals that added nothing are left out, but for `TOLD`, unless `every` is set.
        """
        here = self.ranked.take(np.array([place]))
        (told,) = reasons_of(here.signals, here.values.T, here.contributions.T, every=every)
        return _reasons(told)


def _reasons(told: Iterable[Told]) -> tuple[Reason, ...]:
    return tuple([Reason(one["signal"], one["value"], one["contribution"]) for one in told])


def reasons_of(
    signals: Sequence[str],
    values: npt.NDArray[np.floating],
    contributions: npt.NDArray[np.floating],
    *,
    every: bool = False,
) -> list[list[Told]]:
    """Signals, values and contributions of each of n articles, the greatest contribution first.

    Of equal contributions the first signal stands first. Signals that added nothing are left out,
    but for `TOLD`, unless `every` is set.

    Args:
        signals: s names.
        values: shape (n, s).
        contributions: likewise.
        every: leave none out.
    """
    # all articles at once: the time goes into the calls, not into the numbers
    order = np.argsort(-contributions, axis=1, kind="stable")
    lines = np.arange(len(order))[:, None]
    ranked = contributions[lines, order]
    told = ranked != 0
    if every or not TOLD.isdisjoint(signals):
        told |= np.array([every or one in TOLD for one in signals], dtype=np.bool_)[order]
    rows, ranks = told.nonzero()
    columns = order[rows, ranks]
    flat: list[Told] = [
        {"signal": signals[column], "value": value, "contribution": contribution}
        for column, value, contribution in zip(
            columns.tolist(),
            values[rows, columns].tolist(),
            ranked[rows, ranks].tolist(),
            strict=True,
        )
    ]
    ends = list(accumulate(np.add.reduce(told, axis=1, dtype=np.int64).tolist()))
    return [flat[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def raising(reasons: Iterable[Told]) -> dict[str, float]:
    """Of the reasons of an article, values of what raised its score and of `TOLD`, for words."""
    return {
        one["signal"]: one["value"]
        for one in reasons
        if one["contribution"] > 0 or one["signal"] in TOLD
    }


def relevance(
    corpus: Corpus, filled: FilledSlot, pipeline: Pipeline
) -> npt.NDArray[np.float32] | None:
    """The probability of each place that an editor would accept the link, shape (n,).

    None where the slot shows what has nothing to do with a subject.
    """
    texts = filled.ranked.signals[: len(TEXT_SIGNALS)] == TEXT_SIGNALS
    if (filled.fallback or filled.source) != "related" or not texts:
        return None
    usual = pipeline.usual(corpus.relations.neighbours.background)
    return pipeline.related.probability(text_scores(filled.ranked) - usual)


def render(
    corpus: Corpus,
    filled: FilledSlot,
    pipeline: Pipeline,
    subject: Subject | None,
    *,
    at: float | None = None,
) -> Slot:
    """The slot with its cards and reasons; see `because` for `at`."""
    ranked = filled.ranked
    likely = relevance(corpus, filled, pipeline)
    alike = alike_with(corpus, subject, ranked.positions)
    reasons = reasons_of(ranked.signals, ranked.values.T, ranked.contributions.T)
    relevances = [None] * len(reasons) if likely is None else likely.tolist()
    shown = []
    positions = ranked.positions.tolist()
    for place, (position, card, score, told, words, probability) in enumerate(
        zip(
            positions,
            corpus.cards_at(positions),
            ranked.scores.tolist(),
            reasons,
            alike,
            relevances,
            strict=True,
        )
    ):
        shown.append(
            Recommendation(
                card=card_of(card),
                score=score,
                position=place + 1,
                reasons=_reasons(told),
                because=because(
                    corpus,
                    subject,
                    position,
                    raising(told),
                    words,
                    placed=filled.placed_by(place),
                    relevance=probability,
                    at=at,
                ),
                relevance=probability,
            )
        )
    return Slot(
        name=filled.name,
        recommendations=tuple(shown),
        fallback=filled.fallback,
        pipeline=pipeline.name,
        index_version=corpus.version,
    )
