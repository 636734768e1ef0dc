"""Qdrant's local mode: its client alone, which compares all vectors by numpy."""

import numpy as np
from qdrant_client import QdrantClient
from qdrant_client.models import Distance, VectorParams

from benchmarks.contestants.protocol import Exhaustive, Given, Rows
from index.protocol import Vectors


class Qdrant(Exhaustive):
    """A collection in memory, without payloads."""

    name = "Qdrant, local mode (exact)"

    def __init__(self, given: Given[Vectors]) -> None:
        super().__init__(given.corpus)
        size, dim = given.corpus.shape
        self._client = QdrantClient(":memory:")
        kept = VectorParams(size=dim, distance=Distance.COSINE)
        self._client.create_collection("vectors", vectors_config=kept)
        self._client.upload_collection("vectors", np.asarray(given.corpus), ids=range(size))

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found = self._client.query_points("vectors", query[0], limit=k, with_payload=False)
        return np.array([one.id for one in found.points], dtype=np.int64)

    def close(self) -> None:
        """See `Contestant.close`."""
        self._client.close()
