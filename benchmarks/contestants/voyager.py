"""voyager: HNSW of float32 vectors, a descendant of hnswlib, as it comes but for its breadth."""

import numpy as np
from voyager import Index, Space  # type: ignore[import-untyped]  # ships no types

from benchmarks.contestants.protocol import BREADTHS, Given, Rows, Untold
from index.protocol import Vectors


class Voyager(Untold):
    """Its own defaults: M 12, 200 looked at as it is built."""

    name = "voyager (hnsw, f32)"
    breadths = BREADTHS

    def __init__(self, given: Given[Vectors]) -> None:
        self._index = Index(Space.Cosine, num_dimensions=given.corpus.shape[1])
        self._index.add_items(np.array(given.corpus))  # what is read-only it refuses
        self._breadth = self.breadths[0]

    def look(self, breadth: int) -> None:
        """See `Contestant.look`."""
        self._breadth = breadth

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found, _ = self._index.query(query[0], k, query_ef=max(k, self._breadth))
        return np.asarray(found, dtype=np.int64)
