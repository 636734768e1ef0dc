"""How much of one text stands in another, told from their sketches."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.similarity.sketches import Positions, Sketches

_BLOCK = 8192  # pairs compared at once: some 100 MB


@dataclass(frozen=True, slots=True)
class Overlap:
    """Counts of pairs of texts, arrays of one shape, within the sample that both have.

    Attributes:
        shared: shingles that stand in both.
        left, right: shingles of either.
        sampled: share of all shingles that is in the sample, in (0, 1].
    """

    shared: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    sampled: npt.NDArray[np.float64]

    @property
    def jaccard(self) -> npt.NDArray[np.float64]:
        """Shared among all shingles of the two, in [0, 1]; 0 where there are none."""
        either: npt.NDArray[np.int64] = np.maximum(self.left + self.right - self.shared, 1)
        return self.shared / either

    @property
    def containment(self) -> npt.NDArray[np.float64]:
        """Shared among the shingles of the smaller text, in [0, 1]; 0 where there are none."""
        smaller: npt.NDArray[np.int64] = np.maximum(np.minimum(self.left, self.right), 1)
        return self.shared / smaller


def overlap(
    left: Sketches, left_rows: Positions, right: Sketches, right_rows: Positions
) -> Overlap:
    """Of row `left_rows[i]` of `left` with row `right_rows[i]` of `right`."""
    limits = np.minimum(left.limits[left_rows], right.limits[right_rows])
    counts = np.zeros((3, len(limits)), dtype=np.int64)
    for start in range(0, len(limits), _BLOCK):
        here = slice(start, start + _BLOCK)
        size = len(limits[here])
        sides = [
            _keyed(left, left_rows[here], limits[here]),
            _keyed(right, right_rows[here], limits[here]),
        ]
        both = np.concatenate(sides)
        both.sort()
        for row, keyed in enumerate((both[1:][both[1:] == both[:-1]], *sides)):
            pair = (keyed >> np.uint64(32)).astype(np.int64)
            counts[row, here] = np.bincount(pair, minlength=size)
    shared, of_left, of_right = counts
    return Overlap(shared, of_left, of_right, sampled=(limits + 1.0) / 2**32)


def _keyed(
    sketches: Sketches, rows: Positions, limits: npt.NDArray[np.uint32]
) -> npt.NDArray[np.uint64]:
    """The hashes of each row up to its limit, with the number of the row above each."""
    taken = sketches.take(rows)
    number = np.repeat(np.arange(len(rows), dtype=np.uint64), np.diff(taken.ends))
    within = taken.hashes <= np.repeat(limits, np.diff(taken.ends))
    return (number[within] << np.uint64(32)) | taken.hashes[within]
