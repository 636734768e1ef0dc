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
    scores = exact_scores(vectors[into], vectors, who[:, None]).ravel()
    ranks = _ranks(nearest, vectors, into, who, scores)
    order = np.lexsort((who, -scores, ranks, into))
    into, who, ranks = into[order], who[order], ranks[order]
    rows, first, counts = np.unique(into, return_index=True, return_counts=True)
    k, most = nearest.shape[1], int(counts.max())
    joined = np.full((len(rows), k + most), NO_ROW, dtype=np.int32)
    keys = np.full(joined.shape, 2 * k + 1, dtype=np.int64)
    joined[:, :k], keys[:, :k] = nearest[rows], 2 * np.arange(k) + 1
    line = np.repeat(np.arange(len(rows)), counts)
    column = k + np.arange(len(into)) - np.repeat(first, counts)
    joined[line, column], keys[line, column] = who, 2 * ranks
    # of one rank they stand in their order already
    best = np.argsort(keys, axis=1, kind="stable")[:, :k]
    nearest[rows] = np.take_along_axis(joined, best, axis=1)


def _ranks(
    nearest: NDArray[np.int32],
    vectors: Vectors,
    into: NDArray[np.int64],
    who: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> NDArray[np.int64]:
    """How many of each list go before who enters it, of whom `scores` is known.

    Halved until found: to score all of a list takes fifteen times as many vectors.
    """
    low = np.zeros(len(into), dtype=np.int64)
    high = np.full(len(into), nearest.shape[1], dtype=np.int64)
    left = np.arange(len(into))
    while len(left):
        middle = (low[left] + high[left]) // 2
        other = nearest[into[left], middle].astype(np.int64)
        score = exact_scores(vectors[into[left]], vectors, other[:, None]).ravel()
        first = (score > scores[left]) | ((score == scores[left]) & (other < who[left]))
        low[left[first]] = middle[first] + 1
        high[left[~first]] = middle[~first]
        left = left[low[left] < high[left]]
    return low
