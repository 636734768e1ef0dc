"""Equal vectors, kept once.

Hundreds of copies of one vector (an article printed again and again, a text that is only
boilerplate) trap the walk through an HNSW graph: queries that have nothing to do with them find
nothing. So an index holds each distinct vector once and knows which rows share it.
"""

import numpy as np
import xxhash
from numpy.typing import NDArray

from index.ascending import located
from index.eligible import Eligible
from index.protocol import Vectors
from index.rows import NO_ROW, Rows


class Copies:
    """Which rows share a vector.

    Distinct vectors are numbered in the order of their first row, or in another that an index keeps
    them in; those that were added to it later come behind, and what lost all its rows keeps its
    number.

    Attributes:
        distinct_of: shape (n,), the number of each row's vector.
        first_rows: shape (len,), the lowest row of each distinct vector; -1 where it has none.
        without_rows: ascending, the vectors that no row has any more.
        has_any: whether two rows share a vector.
        is_plain: whether number and row are the same.
        in_order: whether the numbers ascend as their first rows do.
    """

    def __init__(self, distinct_of: NDArray[np.int64], count: int | None = None) -> None:
        """Of so many distinct vectors; None: of all that have a row."""
        self.distinct_of = distinct_of
        self._sizes = np.bincount(distinct_of, minlength=count or 0)
        self._starts = np.cumsum(self._sizes) - self._sizes
        self.has_any = bool((self._sizes > 1).any())
        self.without_rows = np.flatnonzero(self._sizes == 0)
        numbers = np.arange(len(distinct_of))
        self.is_plain = len(self) == len(numbers) and np.array_equal(distinct_of, numbers)
        self._rows = distinct_of if self.is_plain else np.argsort(distinct_of, kind="stable")
        self.first_rows: Rows = np.full(len(self), NO_ROW, dtype=np.int64)
        held = self._sizes > 0
        self.first_rows[held] = self._rows[self._starts[held]]
        self.in_order = bool((np.diff(self.first_rows[held]) > 0).all())

    def renumbered(self, order: Rows) -> "Copies":
        """The same rows; the distinct vector with the first row `order[i]` is number i now."""
        numbers = np.empty(len(self), dtype=np.int64)
        numbers[self.distinct_of[order]] = np.arange(len(self))
        return Copies(numbers[self.distinct_of])

    def __len__(self) -> int:
        """How many distinct vectors there are."""
        return len(self._sizes)

    def eligible(self, rows: Eligible) -> Eligible:
        """The distinct vectors of which at least one row may be returned."""
        if self.is_plain:
            return rows
        if rows.only is not None:
            mark = np.zeros(len(self), dtype=np.bool_)
            mark[self.distinct_of[rows.only]] = True
            only = np.flatnonzero(mark)
            return Eligible(only, rows.barred, len(only))
        hit, times = np.unique(self.distinct_of[rows.barred], return_counts=True)
        barred = np.union1d(hit[times == self._sizes[hit]], self.without_rows)
        return Eligible(None, barred, len(self) - len(barred))

    def shared(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which queries have a vector of several rows among their candidates, (q, c) -> (q,)."""
        several: NDArray[np.bool_] = np.any((self._sizes[numbers] > 1) & (numbers >= 0), axis=1)
        return several

    def spread(
        self, numbers: NDArray[np.int64], scores: NDArray[np.float32], rows: Eligible, k: int
    ) -> tuple[Rows, NDArray[np.float32]]:
        """The best `k` rows that may be returned, of distinct vectors with their scores, (c,)."""
        most = None if rows.only is not None else k + len(rows.barred)
        held = [self._rows[self._starts[n] :][: self._sizes[n]][:most] for n in numbers if n >= 0]
        lengths = [len(part) for part in held]
        flat = np.concatenate(held) if held else np.empty(0, dtype=np.int64)
        repeated = np.repeat(scores[numbers >= 0], lengths)
        mask = rows.among(flat)
        flat, repeated = flat[mask], repeated[mask]
        order = np.lexsort((flat, -repeated))[:k]
        return flat[order], repeated[order]


def find_copies(vectors: Vectors) -> Copies:
    """Rows of equal bytes, shape (n, dim)."""
    digests = _digests(vectors)
    _, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    first_row = first[inverse]
    again = np.flatnonzero(first_row != np.arange(len(vectors)))
    differs = [row for row in again if not np.array_equal(vectors[row], vectors[first_row[row]])]
    first_row[differs] = differs  # two vectors of one digest
    return Copies(np.unique(first_row, return_inverse=True)[1].astype(np.int64))


def find_among(vectors: Vectors, held: Vectors) -> NDArray[np.int64]:
    """Where each of `vectors` stands in `held` with equal bytes; -1 where it does not."""
    digests = _digests(held)
    order = np.argsort(digests, kind="stable")
    place, there = located(_digests(vectors), digests[order])
    found = np.where(there, order[place] if len(order) else NO_ROW, NO_ROW)
    differs = [
        row for row in np.flatnonzero(there) if not np.array_equal(vectors[row], held[found[row]])
    ]
    found[differs] = NO_ROW
    return found


def _digests(vectors: Vectors) -> NDArray[np.uint64]:
    return np.fromiter(
        (xxhash.xxh3_64_intdigest(row) for row in vectors), dtype=np.uint64, count=len(vectors)
    )
