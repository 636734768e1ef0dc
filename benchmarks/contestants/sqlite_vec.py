"""sqlite-vec: a table in memory whose vectors are all compared."""

import apsw
import numpy as np
import sqlite_vec

from benchmarks.contestants.protocol import Exhaustive, Given, Rows
from index.protocol import Vectors


class SqliteVec(Exhaustive):
    """A vec0 table; by apsw, as the sqlite3 of many Pythons loads no extension."""

    name = "sqlite-vec (exact)"

    def __init__(self, given: Given[Vectors]) -> None:
        super().__init__(given.corpus)
        self._connection = apsw.Connection(":memory:")
        self._connection.enable_load_extension(True)
        self._connection.load_extension(sqlite_vec.loadable_path())
        self._connection.execute(
            f"CREATE VIRTUAL TABLE near "
            f"USING vec0(vector float[{given.corpus.shape[1]}] distance_metric=cosine)"
        )
        with self._connection:
            self._connection.executemany(
                "INSERT INTO near(rowid, vector) VALUES (?, ?)",
                ((row, one.tobytes()) for row, one in enumerate(given.corpus)),
            )

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found = self._connection.execute(
            "SELECT rowid FROM near WHERE vector MATCH ? AND k = ? ORDER BY distance",
            (query.tobytes(), k),
        )
        return np.array([row for (row,) in found], dtype=np.int64)

    def close(self) -> None:
        """See `Contestant.close`."""
        self._connection.close()
