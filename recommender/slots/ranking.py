"""In which order: signals, weighted and added up."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from index.ascending import located
from recommender.articles.columns import NO_CODE
from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.slots.candidates import Candidates, Subject
from recommender.slots.pipeline import SIGNALS, Pipeline

_TIME, _SECTION, _RECENCY, _POPULARITY, _CHOICE, _TOGETHER = range(len(TEXT_SIGNALS), len(SIGNALS))

TOLD = frozenset({"readers", "times_usual", "clicks", "shown"})
"""Signals of no weight that are told all the same: what the score was made of."""


@dataclass(slots=True)
class Ranked:
    """Scored articles; not to be changed.

    Attributes:
        positions: shape (n,), ascending until they are put in order.
        scores: shape (n,), float32.
        signals: the names of the rows of `values`.
        values: shape (len(signals), n), what was measured.
        weights: shape (len(signals),), what each signal counts.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    positions: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    signals: tuple[str, ...]
    values: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]

    @property
    def contributions(self) -> npt.NDArray[np.float32]:
        """Shape (len(signals), n); each column adds up to its score."""
        return self.values * self.weights[:, None]

    def take(self, order: npt.NDArray[np.integer]) -> "Ranked":
        """The columns in `order`."""
        return Ranked(
            self.positions.take(order),
            self.scores.take(order),
            self.signals,
            self.values.take(order, axis=1),
            self.weights,
        )


def joined(some: Sequence[Ranked]) -> Ranked:
    """One behind the other; all of the same signals and weights, and at least one."""
    return Ranked(
        np.concatenate([one.positions for one in some]),
        np.concatenate([one.scores for one in some]),
        some[0].signals,
        np.concatenate([one.values for one in some], axis=1),
        some[0].weights,
    )


def closeness(
    apart: npt.NDArray[np.float64], half: timedelta | npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """1 / (1 + apart / half): 1 at no distance, 0.5 at `half`, and 0 where it is unknown (NaN).

    A power law and not an exponential: attention to news fades like one (Dezso et al. 2006,
    "Dynamics of information access on the web"), and in an archive where all is old it still
    tells last year from the last decade.

    Args:
        apart: seconds, at least 0.
        half: more than 0; seconds where each has its own.
    """
    seconds = half.total_seconds() if isinstance(half, timedelta) else half
    return np.fmax(1 / (1 + apart / seconds), 0.0)  # fmax passes NaN over


def rank_related(
    found: Candidates,
    subject: Subject,
    pipeline: Pipeline,
    *,
    at: float,
    background: npt.NDArray[np.float32],
    popularity: npt.NDArray[np.float32] | None,
    sections: Sequence[str] = (),
    together: tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]] | None = None,
) -> Ranked:
    """Every candidate that reaches the pipeline's floor, scored.

    Args:
        found: candidates of `subject`.
        subject: what the page is about.
        pipeline: its weights and half-lives.
        at: the time of asking, seconds since 1970.
        background: shape (len(TEXT_SIGNALS),), of the corpus, see `Neighbours`.
        popularity: shape (articles of the corpus,), in [0, 1]; None where nobody read anything.
        sections: the names that the numbers of sections stand for.
        together: positions, ascending, that the readers of the subject read, and how strong the
            evidence is.
    """
    strengths = None
    if together is not None and len(together[0]):
        others, strong = together
        place, there = located(found.positions, others)
        strengths = np.where(there, strong[place], 0)
    values = signal_values(
        found,
        pipeline,
        published_at=_or_never(subject.published_at),
        section=subject.section,
        at=at,
        popularity=popularity,
        sections=sections,
        strengths=strengths,
    )
    scores, related = scored(values, pipeline, background, read=strengths is not None)
    ranked = Ranked(found.positions, scores, SIGNALS, values, pipeline.weight_row)
    if related is None or np.count_nonzero(related) == len(related):
        return ranked
    return ranked.take(related.nonzero()[0])


def signal_values(
    found: Candidates,
    pipeline: Pipeline,
    *,
    published_at: float | npt.NDArray[np.float64],
    section: int | npt.NDArray[np.int32],
    at: float,
    popularity: npt.NDArray[np.float32] | None,
    sections: Sequence[str],
    strengths: npt.NDArray[np.float32] | None,
) -> npt.NDArray[np.float32]:
    """What is measured of each candidate, shape (len(SIGNALS), n); see `rank_related`.

    Args:
        found: n candidates, of one subject or of several.
        pipeline: a signal that counts nothing in it may be left at 0.
        published_at: of the subject, or of each candidate's, shape (n,); -inf where unknown.
        section: likewise, its number.
        at: the time of asking, seconds since 1970.
        popularity: of all articles; None where nobody read anything.
        sections: the names that the numbers of sections stand for.
        strengths: shape (n,), of the evidence that both were read together; None where there is
            none of any.
    """
    moment, new_since, of_section, choice = found.marks.T
    weights = pipeline.weights
    values = np.zeros((len(SIGNALS), len(found.positions)), dtype=np.float32)
    values[: len(TEXT_SIGNALS)] = found.signals
    # both at once: the time goes into the calls, not into a hundred candidates
    both = np.empty((2, len(found.positions)))
    apart, age = both
    np.abs(np.subtract(published_at, moment, out=apart), out=apart)
    np.maximum(np.subtract(at, new_since, out=age), 0.0, out=age)  # a future date counts as new
    halves = _halves(of_section, pipeline, sections)
    both += halves
    between, newness = np.divide(halves, both, out=both)  # as `closeness`
    if weights.time_between:
        values[_TIME] = between
    if weights.section:
        values[_SECTION] = of_section == section
    if weights.recency:
        values[_RECENCY] = newness
    if weights.popularity and popularity is not None:
        values[_POPULARITY] = popularity.take(found.positions)
    values[_CHOICE] = choice
    if strengths is not None:
        values[_TOGETHER] = strengths
    return values


def _or_never(published_at: float) -> float:
    """NaN would be near to nothing only by another step for each candidate."""
    return -math.inf if math.isnan(published_at) else published_at


def scored(
    values: npt.NDArray[np.float32],
    pipeline: Pipeline,
    background: npt.NDArray[np.float32],
    *,
    read: bool,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_] | None]:
    """The scores of candidates by their `signal_values`, and which are related at all.

    Both of shape (n,); None where the pipeline has no floor, so that all are. Set `read` where
    some of them may have been read together with the subject.
    """
    added = values * pipeline.weight_column
    texts = len(TEXT_SIGNALS)
    if pipeline.min_score <= 0:
        return _down(added), None
    of_texts = _down(added[:texts])
    related: npt.NDArray[np.bool_] = of_texts >= pipeline.floor(background)
    if read:
        related |= values[_TOGETHER] > 0  # whatever the texts say
    added[texts - 1] = of_texts  # the sum goes on from there, as if it were added up anew
    return _down(added[texts - 1 :]), related


def _halves(
    sections_of: npt.NDArray[np.float64], pipeline: Pipeline, sections: Sequence[str]
) -> npt.NDArray[np.float64]:
    """In which time closeness in time, and recency, lose half: a row each, or of each article."""
    if not pipeline.recency_half_of:
        return pipeline.halves
    by_name = pipeline.recency_half_of
    # one more at the end: the number -1 of those without a section finds it
    halves = [by_name.get(one, pipeline.recency_half) for one in (*sections, "")]
    recency = np.array([one.total_seconds() for one in halves])[
        np.nan_to_num(sections_of, nan=NO_CODE).astype(np.int64)
    ]
    return np.stack([np.full_like(recency, pipeline.halves[0, 0]), recency])


def text_scores(ranked: Ranked) -> npt.NDArray[np.float32]:
    """What the signals of the texts alone add up to; shape (n,)."""
    texts = len(TEXT_SIGNALS)
    return added_up(ranked.values[:texts], ranked.weights[:texts])


def added_up(
    values: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Each column of `values`, times `weights`, as one number; shape (n,).

    Row after row, so that equal columns are equal numbers wherever they stand: a product of
    matrices may round the last columns of a row otherwise, and copies would change places.
    """
    return _down(values * weights[:, None])


def _down(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = np.add.reduce(values, axis=0)
    return found


def rank_by(
    positions: npt.NDArray[np.int64], signal: str, values: npt.NDArray[np.float32]
) -> Ranked:
    """Articles whose order depends on one value alone; it is their score."""
    row = values.astype(np.float32)[None, :]
    return Ranked(positions, row[0], (signal,), row, np.ones(1, dtype=np.float32))
