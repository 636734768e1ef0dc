"""How many of the true neighbours an index finds."""

import numpy as np
from numpy.typing import NDArray

from index.exact import ExactIndex
from index.protocol import NO_ID, VectorIndex, Vectors
from index.rows import NO_ROW, Rows

_TIE = 1e-6
"""A neighbour this little below the k-th true score counts as its equal."""


def recall_at_k(measured: VectorIndex, oracle: ExactIndex, queries: Vectors, k: int) -> float:
    """Share of the true `k` nearest that `measured` returns, in [0, 1]; 1 where there are none.

    A returned neighbour counts when its true score reaches the k-th exact one, whichever of the
    tied neighbours it is.

    Args:
        measured: the index in question; its own scores are not believed.
        oracle: the same vectors, searched exactly.
        queries: shape (q, dim), unit rows.
        k: at least 1.

    Raises:
        QueryError: what either index refuses.
    """
    found = measured.search(queries, k).ids
    return _recall(oracle.search(queries, k).scores, found, oracle.scores(queries, found))


def sampled_recall(
    measured: VectorIndex, oracle: ExactIndex, k: int, *, sample: int, rng: np.random.Generator
) -> float:
    """`recall_at_k` of up to `sample` of the oracle's own vectors, none counting itself."""
    rows = _drawn(oracle, sample, rng)
    queries, own = oracle.vectors[rows], oracle.ids[rows]
    found = _without(measured.search(queries, k + 1).ids, own)
    return _recall(_true_scores(oracle, rows, k), found, oracle.scores(queries, found))


def graph_recall(
    nearest: NDArray[np.int32], oracle: ExactIndex, *, sample: int, rng: np.random.Generator
) -> float:
    """Share of the true nearest others that a graph has, of up to `sample` of its rows.

    Args:
        nearest: shape (n, k), as `knn_graph` returns it.
        oracle: the same n vectors in the same order.
        sample: at least 1.
        rng: draws them.
    """
    rows = _drawn(oracle, sample, rng)
    held = nearest[rows]
    found = np.where(held == NO_ROW, NO_ID, oracle.ids[held])
    truth = _true_scores(oracle, rows, nearest.shape[1])
    return _recall(truth, found, oracle.scores(oracle.vectors[rows], found))


def _drawn(oracle: ExactIndex, sample: int, rng: np.random.Generator) -> Rows:
    return np.sort(rng.choice(len(oracle), size=min(sample, len(oracle)), replace=False))


def _true_scores(oracle: ExactIndex, rows: Rows, k: int) -> NDArray[np.float32]:
    """Of the `k` nearest others of each of the oracle's rows, (q, k) descending."""
    truth = oracle.search(oracle.vectors[rows], k + 1)
    scores = np.where(truth.ids == oracle.ids[rows][:, None], -np.inf, truth.scores)
    return -np.sort(-scores, axis=1)[:, :k]


def _recall(
    truth: NDArray[np.float32], found: NDArray[np.int64], scores: NDArray[np.float32]
) -> float:
    """`truth` (q, k) descending, -inf where padded; `found` (q, k) with their true `scores`."""
    wanted = np.isfinite(truth).sum(axis=1)
    total = int(wanted.sum())
    if total == 0:
        return 1.0
    worst = np.where(np.isfinite(truth), truth, np.inf).min(axis=1)
    counted = (scores >= worst[:, None] - _TIE) & ~_repeated(found)
    return float(np.minimum(counted.sum(axis=1), wanted).sum()) / total


def _repeated(ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where an id of (q, k) already stood in its row."""
    order = np.argsort(ids, axis=1, kind="stable")
    ascending = np.take_along_axis(ids, order, axis=1)
    again = np.zeros(ids.shape, dtype=np.bool_)
    again[:, 1:] = ascending[:, 1:] == ascending[:, :-1]
    repeated = np.zeros_like(again)
    np.put_along_axis(repeated, order, again, axis=1)
    return repeated


def _without(ids: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.int64]:
    """(q, k + 1) -> (q, k): each query's own id left out, else the last one."""
    kept = np.where(ids == own[:, None], NO_ID, ids)
    order = np.argsort(kept == NO_ID, axis=1, kind="stable")
    return np.take_along_axis(kept, order, axis=1)[:, :-1]
