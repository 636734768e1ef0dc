"""What was read together, as rows of a corpus."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.identifiers import Identifiers
from recommender.readers.together import ReadTogether

MOST = 20
"""Articles kept beside each: those with the strongest evidence."""

_SAME_PAIRS = 0.9
_PARTS = ("starts", "positions", "strengths", "readers")


@dataclass(frozen=True, slots=True)
class Together:
    """The articles read together with each of n articles.

    Attributes:
        starts: shape (n + 1,), int64: where each article's begin and end in the three below.
        positions: int32, ascending within an article's.
        strengths: float32 in (0, 1), see `ReadTogether`.
        readers: int32: how many people read both.
    """

    starts: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int32]
    strengths: npt.NDArray[np.float32]
    readers: npt.NDArray[np.int32]

    def of(self, position: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Positions and strengths beside the article at `position`."""
        here = slice(self.starts[position], self.starts[position + 1])
        return self.positions[here], self.strengths[here]

    def common_readers(self, position: int, other: int) -> int:
        """How many people read both; 0 where too few did."""
        start, end = self.starts[position], self.starts[position + 1]
        at = start + int(np.searchsorted(self.positions[start:end], other))
        return int(self.readers[at]) if at < end and self.positions[at] == other else 0

    def keys(self) -> npt.NDArray[np.int64]:
        """Shape (pairs,): a number for each pair of positions, ascending."""
        left = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        return left * len(self.starts) + self.positions

    def padded(self) -> npt.NDArray[np.int32]:
        """Shape (n, MOST): the positions, padded with -1."""
        sizes = np.diff(self.starts)
        found = np.full((len(sizes), MOST), -1, dtype=np.int32)
        rows = np.repeat(np.arange(len(sizes)), sizes)
        found[rows, np.arange(len(self.positions)) - self.starts[:-1][rows]] = self.positions
        return found


def together_of(read: ReadTogether, ids: Identifiers, count: int) -> Together:
    """The pairs of which both articles are among the `count` of a shelf."""
    known = (ids.position(one) for one in read.article_ids)
    places = np.array([-1 if one is None else one for one in known], dtype=np.int64)
    left, right = (places[side] if len(places) else side for side in (read.left, read.right))
    there = (left >= 0) & (right >= 0)
    left, right = left[there], right[there]
    strengths, readers = read.strength[there], read.readers[there]
    order = np.lexsort((right, -strengths, left))  # ties by position: same log, same answer
    rank = np.arange(len(order)) - np.searchsorted(left[order], left[order])
    order = order[rank < MOST]
    order = order[np.lexsort((right[order], left[order]))]
    starts = np.searchsorted(left[order], np.arange(count + 1)).astype(np.int64)
    return Together(
        starts, right[order].astype(np.int32), strengths[order], readers[order].astype(np.int32)
    )


def is_like(kept: Together, now: Together) -> bool:
    """Whether nine of ten pairs of the two are the same: of n articles each, in the same order.

    Readers come at every moment, and a new snapshot for each of them would push the good ones out
    of reach of a rollback.
    """
    one, other = kept.keys(), now.keys()
    same = np.intersect1d(one, other, assume_unique=True)
    return len(same) >= _SAME_PAIRS * (len(one) + len(other) - len(same))


def write_together(together: Together, draft: Draft) -> None:
    """As parts of a snapshot."""
    for part in _PARTS:
        np.save(draft.path(f"together.{part}.npy"), getattr(together, part))


def read_together_rows(snapshot: Snapshot) -> Together:
    """What `write_together` wrote, memory-mapped."""
    return Together(*(read_array(snapshot, f"together.{part}") for part in _PARTS))
