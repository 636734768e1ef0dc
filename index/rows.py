"""Rows: where ids stand in an index whose ids ascend, and the exact order of candidates.

An index keeps its vectors sorted by id, so a smaller row is a smaller id and ties by row are ties
by id.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.ascending import located
from index.protocol import NO_ID, Ids, Neighbors, Vectors

Rows: TypeAlias = NDArray[np.int64]

NO_ROW = -1

_MANY = 50  # one of so many
_DENSE = 16  # ids, of which up to so many stand for each row: a table of them stays small

_GATHER_FLOATS = 4 << 20
"""How many floats of candidates are gathered at a time: 16 MiB."""


def sorted_by_id(ids: Ids, vectors: Vectors) -> tuple[Ids, Vectors]:
    """Both in ascending order of id; the same arrays where they already are."""
    if bool(np.all(ids[1:] > ids[:-1])):
        return ids, np.ascontiguousarray(vectors)
    order = np.argsort(ids)
    return ids[order], vectors[order]


def rows_of(ids: Ids, wanted: Ids) -> Rows:
    """Ascending rows of the `wanted` that stand in the ascending `ids`, each once."""
    if len(wanted) * _MANY > len(ids) and len(ids) > 0 and ids[-1] < _DENSE * len(ids):
        # looked up in a table: sorting and searching half a million ids takes 20 ms
        mark = np.zeros(int(ids[-1]) + 1, dtype=np.bool_)
        mark[wanted[(wanted >= 0) & (wanted <= ids[-1])]] = True
        return np.flatnonzero(mark[ids])
    rows, there = located(np.unique(wanted), ids)
    return rows[there]


def exact_scores(queries: Vectors, vectors: Vectors, rows: Rows) -> NDArray[np.float32]:
    """Cosine of each query with its own rows: (q, dim), (n, dim), (q, c) -> (q, c).

    Each score depends on its two vectors alone, never on where they stand in a block as with a
    matrix product: equal vectors have equal scores to the last bit. -inf where the row is -1.
    """
    scores = np.empty(rows.shape, dtype=np.float32)
    dim = vectors.shape[1]
    width = min(rows.shape[1], max(1, _GATHER_FLOATS // dim))
    height = max(1, _GATHER_FLOATS // (dim * max(1, width)))
    for top in range(0, rows.shape[0], height):
        here = slice(top, top + height)
        for left in range(0, rows.shape[1], max(1, width)):
            across = slice(left, left + width)
            gathered = vectors[rows[here, across]]
            scores[here, across] = np.vecdot(gathered, queries[here, None, :])
    # not np.clip, which costs six microseconds: single queries are answered with this
    np.minimum(np.maximum(scores, -1.0, out=scores), 1.0, out=scores)
    scores[rows == NO_ROW] = -np.inf
    return scores


def ordered(
    queries: Vectors, vectors: Vectors, candidates: Rows, ties: Rows | None = None
) -> tuple[Rows, NDArray[np.float32]]:
    """Each query's candidate rows, best first, with their exact scores.

    Args:
        queries: shape (q, dim).
        vectors: shape (n, dim).
        candidates: shape (q, c), each row at most once a query, padded with -1.
        ties: shape (n,), which of equal scores goes first: the least. None: the lower row.
    """
    lines = np.arange(len(candidates))[:, None]
    if ties is None:
        rows = np.sort(candidates, axis=1)
    else:
        rows = candidates[lines, ties[candidates].argsort(axis=1)]
    scores = exact_scores(queries, vectors, rows)
    # a stable sort by score leaves ties in their order
    order = np.argsort(-scores, axis=1, kind="stable")
    return rows[lines, order], scores[lines, order]


def no_neighbors(queries: int, k: int) -> Neighbors:
    """The answer of shape (queries, k) where nothing may be returned."""
    return Neighbors(
        ids=np.full((queries, k), NO_ID, dtype=np.int64),
        scores=np.full((queries, k), -np.inf, dtype=np.float32),
    )


def rounding(dim: int) -> float:
    """How far two float32 computations of one cosine may lie apart, at most."""
    return dim * float(np.finfo(np.float32).eps)
