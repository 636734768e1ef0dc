"""usearch: HNSW of half-precision vectors, as it comes but for how widely it searches."""

import numpy as np
from usearch.index import Index

from benchmarks.contestants.protocol import BREADTHS, Given, Plain, Rows
from index.protocol import Vectors

_HALF = 2


class Usearch(Plain):
    """Its own defaults: connectivity 16, expansion of 128 as it is built."""

    name = "usearch (hnsw, f16)"
    breadths = BREADTHS

    def __init__(self, given: Given[Vectors]) -> None:
        vectors = given.corpus
        self._index = Index(ndim=vectors.shape[1], metric="ip", dtype="f16")
        self._index.add(np.arange(len(vectors), dtype=np.uint64), np.asarray(vectors), threads=0)

    def look(self, breadth: int) -> None:
        """See `Contestant.look`."""
        self._index.expansion_search = breadth  # type: ignore[misc]  # a setter apart from its getter

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        return np.asarray(self._index.search(query[0], k, threads=1).keys, dtype=np.int64)

    def bytes_read(self, query: Vectors, k: int) -> float | None:
        """See `Contestant.bytes_read`."""
        found = self._index.search(query[0], k, threads=1)
        return float(found.computed_distances * query.shape[1] * _HALF)
