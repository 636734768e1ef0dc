"""A pipeline: by what, and how strongly, a slot is ranked. Settings name them."""

from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts, in the order of `SIGNALS`; 0 leaves it out.

    Attributes:
        dense: cosine of the embeddings.
        lexical: cosine of the TF-IDF vectors of title and text.
        title: cosine of the TF-IDF vectors of the titles.
        time_between: closeness of the two publications in time.
        section: 1 where both stand in the same section.
        recency: newness of the candidate at the time of asking; evergreens count as new.
        popularity: share of the most-read article's decayed readers, on a logarithmic scale.
        editors_choice: 1 where an editor recommends the candidate.
    """

    dense: float = 0.0
    lexical: float = 0.0
    title: float = 0.0
    time_between: float = 0.0
    section: float = 0.0
    recency: float = 0.0
    popularity: float = 0.0
    editors_choice: float = 0.0


SIGNALS: tuple[str, ...] = tuple(signal.name for signal in fields(Weights))
PAIR_SIGNALS = 5
"""The first so many depend on the two articles alone."""


@dataclass(frozen=True)
class Pipeline:
    """How candidates become a slot.

    Attributes:
        name: as in the settings.
        weights: of the signals.
        time_between_half: publications this far apart have half the closeness of simultaneous ones.
        recency_half: an article of this age has half the recency of a new one.
        collapse_copies: of copies of one article only the best placed is shown, and never one of
            the article that is asked about.
        diversity: 0 ranks by score alone; towards 1 what resembles a better placed one sinks.
        min_score: what the pair signals must add up to, or the candidate is not related.
        as_of_now: articles of a later date than the time of asking are left out.
    """

    name: str
    weights: Weights
    time_between_half: timedelta = timedelta(days=14)
    recency_half: timedelta = timedelta(days=90)
    collapse_copies: bool = True
    diversity: float = 0.0
    min_score: float = 0.0
    as_of_now: bool = True

    @cached_property
    def weight_column(self) -> npt.NDArray[np.float32]:
        """Shape (len(SIGNALS), 1)."""
        values = [getattr(self.weights, signal) for signal in SIGNALS]
        return np.array(values, dtype=np.float32)[:, None]
