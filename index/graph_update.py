"""An earlier neighbour graph brought up to date: only what changed is compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.protocol import Vectors
from index.rows import NO_ROW, exact_scores, rounding

_SCORE_FLOATS = 32 << 20
"""Scores held at a time: 128 MiB."""


@dataclass(frozen=True, slots=True)
class Before:
    """A graph of m earlier vectors, and where they stand now.

    Attributes:
        nearest: shape (m, k), int32, as `knn_graph` returned it.
        now: shape (m,), int64: the row of the same vector now, -1 where it is gone or another
            one. Those that are left stand in the same order as before.
    """

    nearest: NDArray[np.int32]
    now: NDArray[np.int64]


def carried(before: Before, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The earlier lists by the rows of now, (count, k), and the rows that need new ones.

    Those are the rows that are new and those that lost a neighbour; what is carried for them, or
    nothing, is not their list.
    """
    nearest = np.full((count, before.nearest.shape[1]), NO_ROW, dtype=np.int32)
    stale = np.ones(count, dtype=np.bool_)
    left = np.flatnonzero(before.now != NO_ROW)
    rows = before.now[left]
    earlier = before.nearest[left]
    moved = before.now[earlier].astype(np.int32)
    moved[earlier == NO_ROW] = NO_ROW
    nearest[rows] = moved
    stale[rows] = ((moved == NO_ROW) & (earlier != NO_ROW)).any(axis=1)
    return nearest, np.flatnonzero(stale)


def enter(
    nearest: NDArray[np.int32], vectors: Vectors, fresh: NDArray[np.int64], rows: NDArray[np.int64]
) -> None:
    """Put the fresh rows into the lists that they belong in, as if all had been compared.

    Args:
        nearest: shape (n, k), nearest first, ties by ascending row, padded with -1; edited.
        vectors: shape (n, dim), float32, unit rows.
        fresh: rows that stand in no list yet.
        rows: whose lists are looked at, none of them fresh.
    """
    entering = vectors[fresh]
    slack = rounding(vectors.shape[1])
    block = max(1, _SCORE_FLOATS // max(1, len(fresh)))
    for start in range(0, len(rows), block):
        here = rows[start : start + block]
        last = exact_scores(vectors[here], vectors, nearest[here, -1:].astype(np.int64))
        near, who = np.nonzero(vectors[here] @ entering.T >= last - slack)
        if len(near):
            _merge(nearest, vectors, here[near], fresh[who])


def _merge(
    nearest: NDArray[np.int32], vectors: Vectors, into: NDArray[np.int64], who: NDArray[np.int64]
) -> None:
    """Each of `who` into the list of its `into`, which ascends."""
    rows, first, counts = np.unique(into, return_index=True, return_counts=True)
    joined = np.full((len(rows), nearest.shape[1] + int(counts.max())), NO_ROW, dtype=np.int64)
    joined[:, : nearest.shape[1]] = nearest[rows]
    line = np.repeat(np.arange(len(rows)), counts)
    joined[line, nearest.shape[1] + np.arange(len(into)) - np.repeat(first, counts)] = who
    scores = exact_scores(vectors[rows], vectors, joined)
    # padding has the least score and goes last
    best = np.lexsort((joined, -scores), axis=1)[:, : nearest.shape[1]]
    nearest[rows] = np.take_along_axis(joined, best, axis=1)
