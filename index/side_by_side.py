"""An order of vectors in which those that are near each other stand side by side in memory.

A search through an HNSW graph compares vectors that are near the query, and hundreds of queries
about one subject the same ones: where these lie together, caches hold them. Over a million of 384,
one thread: 0.41 ms a query in place of 0.53, and queries in this order take half of the time.
"""

import numpy as np

from index.faiss_untyped import faiss
from index.protocol import Vectors
from index.rows import Rows

WORTH_IT_FROM = 20_000
"""So many vectors no longer fit into a cache anyway."""

_VECTORS_PER_GROUP = 2_000
_MOST_GROUPS = 512  # finer ones take longer to find than they save
_LEARNED_PER_GROUP = 64
_ROUNDS = 4
_BLOCK = 50_000
_SEED = 1


def side_by_side(vectors: Vectors, rows: Rows) -> Rows:
    """These rows of `vectors`, shape (n, dim), in that order; as they come where they are few."""
    count, dim = len(rows), vectors.shape[1]
    if count < WORTH_IT_FROM:
        return rows
    groups = max(1, min(_MOST_GROUPS, count // _VECTORS_PER_GROUP))
    learned = rows[np.linspace(0, count - 1, groups * _LEARNED_PER_GROUP).astype(np.int64)]
    means = faiss.Kmeans(
        dim,
        groups,
        niter=_ROUNDS,
        min_points_per_centroid=1,
        max_points_per_centroid=_LEARNED_PER_GROUP,
        seed=_SEED,
    )
    means.train(vectors[learned])
    nearest = np.empty(count, dtype=np.int64)
    for start in range(0, count, _BLOCK):
        here = slice(start, start + _BLOCK)
        nearest[here] = means.index.search(vectors[rows[here]], 1)[1][:, 0]
    # groups that are near each other as well: along the line on which they differ most
    centred = means.centroids - means.centroids.mean(axis=0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    return rows[np.argsort(along.argsort().argsort()[nearest], kind="stable")]
