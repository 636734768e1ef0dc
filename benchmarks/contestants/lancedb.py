"""LanceDB: an inverted file of product-quantised vectors on the disk, exact vectors beside it."""

from typing import cast

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.query import LanceVectorQueryBuilder

from benchmarks.contestants.protocol import LISTS, Given, Rows, Untold
from index.protocol import Vectors

_REFINED = 10  # times k: without exact vectors a product quantiser reaches no recall that counts
_FEWEST = 256  # vectors that a product quantiser is learned from


class LanceDb(Untold):
    """The index that `create_index` makes by itself; few vectors are compared one by one."""

    def __init__(self, given: Given[Vectors]) -> None:
        size, dim = given.corpus.shape
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.asarray(given.corpus).ravel()), dim)
        table = pa.table({"id": np.arange(size, dtype=np.int64), "vector": vectors})
        self._table = lancedb.connect(given.folder).create_table("vectors", table)
        if size >= _FEWEST:
            self._table.create_index(metric="cosine")
            self.breadths = LISTS
        self.name = "LanceDB (ivf, pq)" if self.breadths else "LanceDB (exact)"
        self._lists = LISTS[0]

    def look(self, breadth: int) -> None:
        """See `Contestant.look`."""
        self._lists = breadth

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        asked = cast("LanceVectorQueryBuilder", self._table.search(query[0]))
        asked = asked.distance_type("cosine")
        asked = asked.nprobes(self._lists).refine_factor(_REFINED)
        # without the distance it warns of each search
        found = asked.limit(k).select(["id", "_distance"]).to_arrow()
        return np.asarray(found["id"].to_numpy(), dtype=np.int64)
