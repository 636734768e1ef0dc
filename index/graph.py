"""The neighbour graph: every vector's nearest among all the others."""

import numpy as np
from numpy.typing import NDArray

from index.checks import check_vectors
from index.errors import QueryError
from index.faiss_index import FaissIndex
from index.graph_update import Before, carried, enter
from index.protocol import Vectors
from index.rows import NO_ROW

EXACT_GRAPH_UP_TO = 100_000
"""All pairs of so many vectors are compared in minutes; above, a graph index proposes them."""

_MOST_STALE = 4  # one of so many rows: where more changed, all are searched anew


def knn_graph(
    vectors: Vectors,
    k: int,
    *,
    before: Before | None = None,
    searched: FaissIndex | None = None,
    block: int = 4096,
    exact_up_to: int = EXACT_GRAPH_UP_TO,
) -> NDArray[np.int32]:
    """Each row's `k` nearest among the other rows, on all cores.

    Args:
        vectors: shape (n, dim), float32, unit rows.
        k: at least 1.
        before: a graph of most of these vectors with the same k. What did not change is kept:
            new rows and those that lost a neighbour are searched for, and new rows are put into
            the lists they belong in. Its own misses stay.
        searched: an index of these vectors, under ids that ascend as their rows do; used where
            not all pairs are compared. None: one is built.
        block: rows searched at a time; memory beside the vectors grows with block * (k + dim).
        exact_up_to: where more pairs would have to be compared than of so many rows with each
            other, the neighbours are those that an approximate index finds.

    Returns:
        Shape (n, k), row numbers, nearest first, ties by ascending row, a row never its own;
        padded with -1.

    Raises:
        QueryError: vectors that no index takes, or k or block below 1, or `searched` of others.
    """
    check_vectors(vectors)
    if k < 1 or block < 1:
        raise QueryError(f"Expected k and block of at least 1, got k={k}, block={block}.")
    count = len(vectors)
    if searched is not None and len(searched) != count:
        raise QueryError(f"Expected an index of {count} vectors, got one of {len(searched)}.")
    nearest = np.full((count, k), NO_ROW, dtype=np.int32)
    rows = np.arange(count, dtype=np.int64)
    if before is not None and before.nearest.shape[1] == k:
        kept, stale = carried(before, count)
        if len(stale) * _MOST_STALE <= count:
            fresh = np.setdiff1d(rows, before.now)
            enter(kept, vectors, fresh, np.setdiff1d(rows, stale, assume_unique=True))
            nearest, rows = kept, stale
    if count > 1 and len(rows):
        ids = np.arange(count, dtype=np.int64)
        exact = searched is not None and searched.kind == "flat"
        if len(rows) * count <= exact_up_to**2 and not exact:
            searched = FaissIndex.build(ids, vectors, kind="flat")
        elif searched is None:
            searched = FaissIndex.build(ids, vectors, kind="hnsw")
        _search(searched, vectors, rows, block, nearest)
    return nearest


def _search(
    searched: FaissIndex,
    vectors: Vectors,
    rows: NDArray[np.int64],
    block: int,
    nearest: NDArray[np.int32],
) -> None:
    """Fill the lists of these rows."""
    width = min(nearest.shape[1], len(vectors) - 1)
    rows = rows[searched.warmest(searched.ids[rows])]
    for start in range(0, len(rows), block):
        here = rows[start : start + block]
        found = searched.rows_of(searched.search(vectors[here], width + 1).ids)
        # copies of a vector may push it out of its own list: then the last one goes
        others = found != here[:, None]
        others[others.all(axis=1), -1] = False
        nearest[here] = NO_ROW
        nearest[here, :width] = found[others].reshape(-1, width)
