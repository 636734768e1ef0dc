"""What the product searches with, tuned as it is built."""

from typing import Any

import numpy as np

from benchmarks.contestants.protocol import BREADTHS, Given, Plain, Rows
from index.faiss_index import FaissIndex
from index.faiss_untyped import faiss
from index.protocol import Vectors

_FLOAT = 4


class Ours(Plain):
    """FaissIndex of the kind that its size rule chooses; others tell it how widely to look."""

    def __init__(self, given: Given[Vectors]) -> None:
        vectors = np.asarray(given.corpus)
        ids = np.arange(len(vectors), dtype=np.int64)
        self._index = FaissIndex.build(ids, vectors, recall=given.recall, threads=1)
        self.name = f"FaissIndex ({self._index.kind})"
        self.tuned = self._index.breadth
        self.breadths = () if self.tuned is None else BREADTHS

    def look(self, breadth: int) -> None:
        """See `Contestant.look`; the product itself keeps to what `build` has found."""
        approximate = self._approximate()
        if self._index.kind == "ivf":
            approximate.nprobe = breadth
        else:
            approximate.hnsw.efSearch = breadth

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found: Rows = self._index.search(query, k).ids[0]
        return found[found >= 0]

    def bytes_read(self, query: Vectors, k: int) -> float | None:
        """See `Contestant.bytes_read`: all vectors, or the codes that the graph's walk compares."""
        approximate = self._approximate()
        if approximate is None:
            return float(len(self._index) * self._index.dim * _FLOAT)
        if self._index.kind == "ivf":
            return None
        faiss.cvar.hnsw_stats.reset()
        self.search(query, k)
        size = faiss.downcast_index(approximate.storage).code_size
        return float(faiss.cvar.hnsw_stats.ndis * size)

    def _approximate(self) -> Any:
        return self._index._approximate  # noqa: SLF001  # the product needs no door to it
