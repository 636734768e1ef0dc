"""A slot that is filled: what stands in it, why, and how it is written out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

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

_CONTRIBUTION = itemgetter(2)


@dataclass(frozen=True, slots=True)
class FilledSlot:
    """What stands in a slot, best first, as positions of a corpus.

    Attributes:
        name: the slot that was asked for.
        source: where its own articles come from.
        fallback: what filled it instead; None where its own source did.
        ranked: rows in the order of the slot.
        placed: how each came to its place; empty where all did by rank.
    """

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
        ranked = self.ranked
        values = ranked.values[:, place]
        contributions = (values * ranked.weights).tolist()
        found = reasons_of(ranked.signals, values.tolist(), contributions, every=every)
        return tuple(Reason(*one) for one in found)


def reasons_of(
    signals: Sequence[str],
    values: Sequence[float],
    contributions: Sequence[float],
    *,
    every: bool,
) -> list[tuple[str, float, float]]:
    """Signal, value and contribution of one article, the greatest contribution first.

    Of equal contributions the first signal stands first. Signals that added nothing are left out,
    but for `TOLD`, unless `every` is set.
    """
    found = [
        (signal, value, contribution)
        for signal, value, contribution in zip(signals, values, contributions, strict=True)
        if contribution or every or signal in TOLD
    ]
    found.sort(key=_CONTRIBUTION, reverse=True)  # which leaves equal ones in their order
    return found


def raising(reasons: Iterable[tuple[str, float, float]]) -> dict[str, float]:
    """Of `reasons_of` an article, values of what raised its score and of `TOLD`, for words."""
    return {
        signal: value
        for signal, value, contribution in reasons
        if contribution > 0 or signal in TOLD
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
    shown = []
    for place, position in enumerate(ranked.positions.tolist()):
        reasons = filled.reasons(place)
        values = raising((one.signal, one.value, one.contribution) for one in reasons)
        shown.append(
            Recommendation(
                card=card_of(corpus.card_at(position)),
                score=float(ranked.scores[place]),
                position=place + 1,
                reasons=reasons,
                because=because(
                    corpus,
                    subject,
                    position,
                    values,
                    alike[place],
                    placed=filled.placed_by(place),
                    relevance=None if likely is None else float(likely[place]),
                    at=at,
                ),
                relevance=None if likely is None else float(likely[place]),
            )
        )
    return Slot(
        name=filled.name,
        recommendations=tuple(shown),
        fallback=filled.fallback,
        pipeline=pipeline.name,
        index_version=corpus.version,
    )
