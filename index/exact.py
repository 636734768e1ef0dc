"""Exact search in numpy: the oracle of every other index, and enough for a small corpus."""

import numpy as np
from numpy.typing import NDArray

from index.ascending import located
from index.checks import check_entries, check_query
from index.eligible import Eligible
from index.protocol import NO_IDS, Ids, Neighbors, Vectors
from index.rows import NO_ROW, exact_scores, no_neighbors, ordered, rounding, sorted_by_id

_SCORE_FLOATS = 8 << 20
"""Scores held at a time: 32 MiB."""


class ExactIndex:
    """Every vector is compared with every query. Safe to search from several threads.

    Args:
        ids: shape (n,), int64, non-negative, each once, in any order.
        vectors: shape (n, dim), float32, unit rows. Kept, not copied, where the ids ascend.

    Raises:
        QueryError: ids or vectors that are not as above.
    """

    def __init__(self, ids: Ids, vectors: Vectors) -> None:
        check_entries(ids, vectors)
        self._ids, self._vectors = sorted_by_id(ids, vectors)

    @property
    def dim(self) -> int:
        """Length of each vector."""
        return int(self._vectors.shape[1])

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> Ids:
        """Shape (n,), ascending. Not to be edited."""
        return self._ids

    @property
    def vectors(self) -> Vectors:
        """Shape (n, dim), in the order of `ids`. Not to be edited."""
        return self._vectors

    def search(
        self, queries: Vectors, k: int, *, allowed: Ids | None = None, excluded: Ids = NO_IDS
    ) -> Neighbors:
        """The `k` nearest of each query; see VectorIndex."""
        check_query(queries, k, dim=self.dim, allowed=allowed, excluded=excluded)
        eligible = Eligible.of(self._ids, allowed, excluded)
        answer = no_neighbors(len(queries), k)
        wanted = min(k, eligible.count)
        if wanted == 0:
            return answer
        barred = ~eligible.among(np.arange(len(self)))
        block = max(1, _SCORE_FLOATS // len(self))
        for start in range(0, len(queries), block):
            coarse = queries[start : start + block] @ self._vectors.T
            coarse[:, barred] = -np.inf
            for at, candidates in enumerate(_candidates(coarse, wanted, self.dim), start):
                rows, scores = ordered(queries[at : at + 1], self._vectors, candidates[None, :])
                answer.ids[at, :wanted] = self._ids[rows[0, :wanted]]
                answer.scores[at, :wanted] = scores[0, :wanted]
        return answer

    def scores(self, queries: Vectors, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosine of each query with its own ids: (q, dim), (q, c) -> (q, c); -inf where unknown."""
        if len(self) == 0:
            return np.full(ids.shape, -np.inf, dtype=np.float32)
        rows, there = located(ids, self._ids)
        return exact_scores(queries, self._vectors, np.where(there, rows, NO_ROW))


def _candidates(coarse: NDArray[np.float32], k: int, dim: int) -> list[NDArray[np.int64]]:
    """Rows that may be among the k nearest once the rounding of the product is taken away."""
    split = coarse.shape[1] - k
    kth = np.partition(coarse, split, axis=1)[:, split]
    return [
        np.flatnonzero(scores >= least)
        for scores, least in zip(coarse, kth - rounding(dim), strict=True)
    ]
