"""How many of the true neighbours an index finds."""

import numpy as np
from numpy.typing import NDArray

from index.exact import ExactIndex
from index.protocol import NO_ID, VectorIndex, Vectors

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
    rows = np.sort(rng.choice(len(oracle), size=min(sample, len(oracle)), replace=False))
    queries, own = oracle.vectors[rows], oracle.ids[rows]
    truth = oracle.search(queries, k + 1)
    found = _without(measured.search(queries, k + 1).ids, own)
    true_scores = np.where(truth.ids == own[:, None], -np.inf, truth.scores)
    true_scores = -np.sort(-true_scores, axis=1)[:, :k]
    return _recall(true_scores, found, oracle.scores(queries, found))


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
