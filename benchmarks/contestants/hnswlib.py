"""hnswlib: HNSW of float32 vectors, as it comes but for how widely it searches."""

import hnswlib
import numpy as np

from benchmarks.contestants.protocol import BREADTHS, Given, Rows, Untold
from index.protocol import Vectors


class Hnswlib(Untold):
    """Its own defaults: M 16, 200 looked at as it is built; compiled for this very machine."""

    name = "hnswlib (hnsw, f32)"
    breadths = BREADTHS

    def __init__(self, given: Given[Vectors]) -> None:
        size, dim = given.corpus.shape
        self._index = hnswlib.Index("ip", dim)
        self._index.init_index(size)
        self._index.add_items(np.asarray(given.corpus))

    def look(self, breadth: int) -> None:
        """See `Contestant.look`."""
        self._index.set_ef(breadth)

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found, _ = self._index.knn_query(query, k, num_threads=1)
        return np.asarray(found[0], dtype=np.int64)
