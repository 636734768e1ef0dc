"""All vectors compared, by numpy."""

import numpy as np

from benchmarks.contestants.protocol import Exhaustive, Given, Rows
from index.exact import ExactIndex
from index.protocol import Vectors


class Exact(Exhaustive):
    """The oracle of the product's tests."""

    name = "exact search (numpy)"

    def __init__(self, given: Given[Vectors]) -> None:
        super().__init__(given.corpus)
        rows = np.arange(len(given.corpus), dtype=np.int64)
        self._index = ExactIndex(rows, np.array(given.corpus))

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found: Rows = self._index.search(query, k).ids[0]
        return found
