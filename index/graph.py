"""The neighbour graph: every vector's nearest among all the others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.checks import check_vectors
from index.errors import QueryError
from index.faiss_index import FaissIndex
from index.protocol import Vectors

EXACT_GRAPH_UP_TO = 100_000
"""All pairs of so many vectors are compared in minutes; above, a graph index proposes them."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Neighbours by row number, nearest first, ties by ascending row, a row never its own.

    Attributes:
        positions: shape (n, k), int32, padded with -1.
        scores: shape (n, k), float32 cosine, descending, -inf where padded.
    """

    positions: NDArray[np.int32]
    scores: NDArray[np.float32]


def knn_graph(
    vectors: Vectors, k: int, *, block: int = 4096, exact_up_to: int = EXACT_GRAPH_UP_TO
) -> Graph:
    """Each row's `k` nearest among the other rows, on all cores.

    Args:
        vectors: shape (n, dim), float32, unit rows.
        k: at least 1.
        block: rows searched at a time; memory beside the vectors grows with block * (k + dim).
        exact_up_to: above this many rows the neighbours are those that an HNSW index finds.

    Raises:
        QueryError: vectors that no index takes, or k or block below 1.
    """
    check_vectors(vectors)
    if k < 1 or block < 1:
        raise QueryError(f"Expected k and block of at least 1, got k={k}, block={block}.")
    count = len(vectors)
    searched = FaissIndex.build(
        np.arange(count, dtype=np.int64), vectors, kind="flat" if count <= exact_up_to else "hnsw"
    )
    positions = np.full((count, k), -1, dtype=np.int32)
    scores = np.full((count, k), -np.inf, dtype=np.float32)
    width = min(k, count - 1)
    if width < 1:
        return Graph(positions, scores)
    for start in range(0, count, block):
        rows = np.arange(start, min(start + block, count), dtype=np.int64)
        found = searched.search(vectors[rows], width + 1)
        # copies of a vector may push it out of its own list: then the last one goes
        others = found.ids != rows[:, None]
        others[others.all(axis=1), -1] = False
        here = slice(start, start + len(rows))
        positions[here, :width] = found.ids[others].reshape(-1, width)
        scores[here, :width] = found.scores[others].reshape(-1, width)
    return Graph(positions, scores)
