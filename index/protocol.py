"""The contract of every nearest-neighbour index: what goes in, what comes out."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ids: TypeAlias = NDArray[np.int64]
"""Shape (n,): vector ids, non-negative and unique within an index."""

Vectors: TypeAlias = NDArray[np.float32]
"""Shape (n, dim): C-contiguous rows of unit Euclidean length."""

NO_ID = -1
"""Stands in `Neighbors.ids` where fewer than k neighbours exist."""

NO_IDS: Ids = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Neighbors:
    """The k nearest of each query, nearest first.

    Attributes:
        ids: shape (q, k), int64, padded with -1.
        scores: shape (q, k), float32 cosine in [-1, 1], descending, -inf where padded.
            Equal scores are ordered by ascending id: same vectors, same answer.
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float32]


class VectorIndex(Protocol):
    """Nearest neighbours by cosine over (id, unit vector). Reading only."""

    @property
    def dim(self) -> int:
        """Length of each vector."""
        ...

    def __len__(self) -> int:
        """How many vectors it holds."""
        ...

    def search(
        self, queries: Vectors, k: int, *, allowed: Ids | None = None, excluded: Ids = NO_IDS
    ) -> Neighbors:
        """The `k` nearest of each query.

        Args:
            queries: shape (q, dim), float32, unit rows.
            k: at least 1; may be larger than the index.
            allowed: only these ids may be returned; None allows all, an empty array none.
            excluded: these ids are never returned; it wins over `allowed`.
                Ids that the index does not hold are ignored in both.

        Raises:
            QueryError: queries of another shape, type or dimension, or not finite; k below 1.
        """
        ...
