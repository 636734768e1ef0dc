"""Chroma in process: HNSW, as it comes but for how widely it searches."""

import chromadb
import numpy as np
from chromadb.config import Settings

from benchmarks.contestants.protocol import BREADTHS, Given, Rows, Untold
from index.protocol import Vectors


class Chroma(Untold):
    """A collection in memory, without documents or an embedder; nothing is reported home."""

    name = "Chroma (hnsw)"
    breadths = BREADTHS

    def __init__(self, given: Given[Vectors]) -> None:
        client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False, allow_reset=True))
        client.reset()  # all clients of a process share what they keep
        self._collection = client.create_collection(
            "vectors", embedding_function=None, configuration={"hnsw": {"space": "ip"}}
        )
        at_once = client.get_max_batch_size()
        for start in range(0, len(given.corpus), at_once):
            some = np.asarray(given.corpus[start : start + at_once])
            ids = [str(row) for row in range(start, start + len(some))]
            self._collection.add(ids=ids, embeddings=some)

    def look(self, breadth: int) -> None:
        """See `Contestant.look`."""
        self._collection.modify(configuration={"hnsw": {"ef_search": breadth}})

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found = self._collection.query(query_embeddings=query, n_results=k, include=[])
        return np.array([int(one) for one in found["ids"][0]], dtype=np.int64)
