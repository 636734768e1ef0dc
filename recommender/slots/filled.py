"""A slot that is filled: what stands in it, why, and how it is written out."""

from dataclasses import dataclass

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
from recommender.slots.words import because


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
        counted = zip(ranked.signals, values, values * ranked.weights, strict=True)
        found = [
            Reason(signal, float(value), float(contribution))
            for signal, value, contribution in counted
            if contribution != 0 or every or signal in TOLD
        ]
        return tuple(sorted(found, key=lambda reason: -reason.contribution))


def relevance(
    corpus: Corpus, filled: FilledSlot, pipeline: Pipeline
) -> npt.NDArray[np.float32] | None:
    """The probability of each place that an editor would accept the link, shape (n,).

    None where the slot shows what has nothing to do with a subject.
    """
    texts = filled.ranked.signals[: len(TEXT_SIGNALS)] == TEXT_SIGNALS
    if (filled.fallback or filled.source) != "related" or not texts:
        return None
    usual = pipeline.text_row @ corpus.relations.neighbours.background
    return pipeline.related.probability(text_scores(filled.ranked) - usual)


def render(corpus: Corpus, filled: FilledSlot, pipeline: Pipeline, subject: Subject | None) -> Slot:
    """The slot with its cards and reasons."""
    ranked = filled.ranked
    likely = relevance(corpus, filled, pipeline)
    shown = []
    for place, position in enumerate(ranked.positions.tolist()):
        reasons = filled.reasons(place)
        values = {
            one.signal: one.value for one in reasons if one.contribution > 0 or one.signal in TOLD
        }
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
                    placed=filled.placed_by(place),
                    relevance=None if likely is None else float(likely[place]),
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
