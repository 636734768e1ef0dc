"""scikit-learn's brute force: its trees take no cosine, and are slower in so many dimensions."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from benchmarks.contestants.protocol import Exhaustive, Given, Rows
from index.protocol import Vectors


class ScikitLearn(Exhaustive):
    """NearestNeighbors by cosine."""

    name = "scikit-learn NearestNeighbors"

    def __init__(self, given: Given[Vectors]) -> None:
        super().__init__(given.corpus)
        made = NearestNeighbors(metric="cosine", algorithm="brute", n_jobs=1)
        self._index = made.fit(np.array(given.corpus))

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found: Rows = self._index.kneighbors(query, k, return_distance=False)[0]
        return found
