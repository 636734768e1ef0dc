"""A pipeline: by what, and how strongly, a slot is ranked. Settings name them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recommender.similarity.cross_encoder import Reranker
from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.slots.learned import Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each signal counts, in the order of `SIGNALS`; 0 leaves it out.

    Attributes:
        expanded, dense, lexical, title, names, density: see `similarity.pairs.TEXT_SIGNALS`.
        time_between: closeness of the two publications in time.
        section: 1 where both stand in the same section.
        recency: newness of the candidate at the time of asking; evergreens count as new.
        popularity: share of the most-read article's decayed readers, on a logarithmic scale.
        editors_choice: 1 where an editor recommends the candidate.
        read_together: strength of the evidence that the same people read both, in [0, 1).
    """

    expanded: float = 0.0
    dense: float = 0.0
    lexical: float = 0.0
    title: float = 0.0
    names: float = 0.0
    density: float = 0.0
    time_between: float = 0.0
    section: float = 0.0
    recency: float = 0.0
    popularity: float = 0.0
    editors_choice: float = 0.0
    read_together: float = 0.0


SIGNALS: tuple[str, ...] = tuple(signal.name for signal in fields(Weights))


@dataclass(frozen=True, slots=True)
class Rescoring:
    """A second look at the best candidates.

    Attributes:
        model: reads each beside the subject.
        first: so many of the best, at least 1.
        texts_of: texts of articles by their ids; unknown ids are left out.
    """

    model: Reranker
    first: int
    texts_of: Callable[[Sequence[str]], Mapping[str, str]]


_NEUTRAL = Calibration(slope=1.0, intercept=0.0)


@dataclass(frozen=True)
class Pipeline:
    """How candidates become a slot.

    Attributes:
        name: as in the settings.
        weights: of the signals.
        time_between_half: publications this far apart have half the closeness of simultaneous ones.
        recency_half: an article of this age has half the recency of a new one.
        recency_half_of: the same for the articles of some sections, by name.
        collapse_copies: of copies of one article only the best placed is shown, and never one of
            the article that is asked about.
        diversity: 0 ranks by score alone; at 1 a story stands once before it stands twice.
        min_score: the probability that a link is accepted, or the candidate is not related; what
            was read together with the article is, if that counts.
        as_of_now: articles of a later date than the time of asking are left out.
        only_older: so are articles of a later date than the one that is asked about.
        related: from the score of the texts to the probability that an editor accepts the link.
        rescoring: None where the score alone makes the order.
    """

    name: str
    weights: Weights
    time_between_half: timedelta = timedelta(days=7)
    recency_half: timedelta = timedelta(days=90)
    recency_half_of: Mapping[str, timedelta] = field(default_factory=dict)
    collapse_copies: bool = True
    diversity: float = 0.0
    min_score: float = 0.0
    as_of_now: bool = True
    only_older: bool = False
    related: Calibration = _NEUTRAL
    rescoring: Rescoring | None = None

    @cached_property
    def weight_row(self) -> npt.NDArray[np.float32]:
        """Shape (len(SIGNALS),)."""
        return np.array([getattr(self.weights, signal) for signal in SIGNALS], dtype=np.float32)

    @cached_property
    def weight_column(self) -> npt.NDArray[np.float32]:
        """The same, of shape (len(SIGNALS), 1)."""
        return self.weight_row[:, None]

    @cached_property
    def halves(self) -> npt.NDArray[np.float64]:
        """Seconds, shape (2, 1): `time_between_half` and `recency_half`."""
        both = self.time_between_half, self.recency_half
        return np.array([[one.total_seconds()] for one in both])

    @cached_property
    def text_row(self) -> npt.NDArray[np.float32]:
        """Shape (len(TEXT_SIGNALS),): what the signals of the texts count."""
        return self.weight_row[: len(TEXT_SIGNALS)]

    def floor(self, background: npt.NDArray[np.float32]) -> float:
        """What the signals of the texts must add up to; -inf where everything may be shown."""
        return self._floor + float(self.usual(background))

    def usual(self, background: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """What the signals of the texts add up to in the background of a corpus: no axis."""
        # asked for twice of every slot, and the same until there is another snapshot
        of, found = self._usual[-1]
        if of is not background:
            found = np.asarray(self.text_row @ background)
            self._usual[:] = [(background, found)]
        return found

    @cached_property
    def _floor(self) -> float:
        return self.related.score_of(self.min_score)

    @cached_property
    def _usual(self) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
        """A background, and what was found of it last; this object itself is frozen."""
        nothing = np.empty(0, dtype=np.float32)
        return [(nothing, nothing)]
