"""In which order: signals, weighted and added up."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from recommender.slots.candidates import Candidates, Subject
from recommender.slots.pipeline import PAIR_SIGNALS, SIGNALS, Pipeline


@dataclass(frozen=True, slots=True)
class Ranked:
    """Scored articles, in no particular order.

    Attributes:
        positions: shape (n,).
        scores: shape (n,), float32.
        signals: the names of the rows of `values` and `contributions`.
        values: shape (len(signals), n), what was measured.
        contributions: shape (len(signals), n); each column adds up to its score.
    """

    positions: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    signals: tuple[str, ...]
    values: npt.NDArray[np.float32]
    contributions: npt.NDArray[np.float32]

    def take(self, order: npt.NDArray[np.integer]) -> "Ranked":
        """The columns in `order`."""
        return Ranked(
            self.positions[order],
            self.scores[order],
            self.signals,
            self.values.take(order, axis=1),
            self.contributions.take(order, axis=1),
        )


def closeness(apart: npt.NDArray[np.float64], half: timedelta) -> npt.NDArray[np.float64]:
    """1 / (1 + apart / half): 1 at no distance, 0.5 at `half`, and 0 where it is unknown (NaN).

    A power law and not an exponential: attention to news fades like one (Dezso et al. 2006,
    "Dynamics of information access on the web"), and in an archive where all is old it still
    tells last year from the last decade.

    Args:
        apart: seconds, at least 0.
        half: more than 0.
    """
    return np.fmax(1 / (1 + apart / half.total_seconds()), 0.0)  # fmax passes NaN over


def rank_related(
    found: Candidates,
    subject: Subject,
    pipeline: Pipeline,
    *,
    at: float,
    popularity: npt.NDArray[np.float32] | None,
) -> Ranked:
    """Every candidate that reaches the pipeline's floor, scored.

    Args:
        found: candidates of `subject`.
        subject: what the page is about.
        pipeline: its weights and half-lives.
        at: the time of asking, seconds since 1970.
        popularity: shape (articles of the corpus,), in [0, 1]; None where nobody read anything.
    """
    columns = found.columns
    weights = pipeline.weights
    values = np.zeros((len(SIGNALS), len(found.positions)), dtype=np.float32)
    values[0] = found.signals.dense
    values[1] = found.signals.lexical
    values[2] = found.signals.title
    if weights.time_between:
        apart = np.abs(columns.published_at - subject.published_at)
        values[3] = closeness(apart, pipeline.time_between_half)
        values[3, columns.evergreen] = 0  # what does not age belongs to no moment
    if weights.section and subject.section >= 0:
        values[4] = columns.section == subject.section
    if weights.recency:
        age = np.maximum(at - columns.published_at, 0)  # a future date counts as new
        values[5] = closeness(age, pipeline.recency_half)
        values[5, columns.evergreen] = 1
    if weights.popularity and popularity is not None:
        values[6] = popularity[found.positions]
    values[7] = columns.editors_choice
    contributions = values * pipeline.weight_column
    scores = np.add.reduce(contributions, axis=0)
    ranked = Ranked(found.positions, scores, SIGNALS, values, contributions)
    if pipeline.min_score > 0:
        related = np.add.reduce(contributions[:PAIR_SIGNALS], axis=0) >= pipeline.min_score
        if not related.all():
            ranked = ranked.take(np.flatnonzero(related))
    return ranked


def rank_by(
    positions: npt.NDArray[np.int64], signal: str, values: npt.NDArray[np.float32]
) -> Ranked:
    """Articles whose order depends on one value alone; it is their score."""
    row = values.astype(np.float32)[None, :]
    return Ranked(positions, row[0], (signal,), row, row)
