"""txtai with vectors that are given: FAISS behind its interface, as it comes but for breadth."""

import numpy as np
from txtai import Embeddings

from benchmarks.contestants.protocol import LISTS, Given, Rows, Untold
from index.protocol import Vectors


class Txtai(Untold):
    """Embeddings without a database; flat up to 5,000 vectors, an inverted file above."""

    def __init__(self, given: Given[Vectors]) -> None:
        self._index = Embeddings(
            {"method": "external", "transform": _given, "backend": "faiss", "faiss": {}}
        )
        self._index.index((row, one, None) for row, one in enumerate(given.corpus))
        made = self._index.config["build"]["settings"]["components"]
        self.name = f"txtai (faiss, {made})"
        self.breadths = LISTS if "IVF" in made else ()

    def look(self, breadth: int) -> None:
        """See `Contestant.look`."""
        self._index.config["faiss"]["nprobe"] = breadth

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        return np.array([row for row, _ in self._index.search(query[0], k)], dtype=np.int64)

    def close(self) -> None:
        """See `Contestant.close`."""
        self._index.close()


def _given(vectors: list[Vectors]) -> Vectors:
    return np.asarray(vectors, dtype=np.float32)
