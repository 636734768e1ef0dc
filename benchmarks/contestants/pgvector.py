"""pgvector: HNSW in a PostgreSQL server of its own, as it comes but for how widely it searches."""

import numpy as np

from benchmarks.contestants.postgres import Postgres
from benchmarks.contestants.protocol import BREADTHS, Given, Rows, Untold
from index.protocol import Vectors

_WIDEST = 1000  # it takes no more


class Pgvector(Untold):
    """Its own defaults: M 16, 64 looked at as it is built."""

    name = "pgvector (hnsw)"
    breadths = tuple(one for one in BREADTHS if one <= _WIDEST)

    def __init__(self, given: Given[Vectors]) -> None:
        self._server = Postgres()
        self._connection = self._server.connection
        self.pids = self._server.pids
        self._connection.execute("CREATE EXTENSION vector")
        self._connection.execute(
            f"CREATE TABLE near (row integer, vector vector({given.corpus.shape[1]}))"
        )
        with self._connection.cursor().copy("COPY near FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(_binary(given.corpus))
        self._connection.execute("CREATE INDEX ON near USING hnsw (vector vector_ip_ops)")

    def look(self, breadth: int) -> None:
        """See `Contestant.look`."""
        self._connection.execute(f"SET hnsw.ef_search = {breadth}")

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found = self._connection.execute(
            "SELECT row FROM near ORDER BY vector <#> %s::vector LIMIT %s", (_text(query[0]), k)
        )
        return np.array([row for (row,) in found], dtype=np.int64)

    def bytes_on_disk(self) -> int:
        """See `Contestant.bytes_on_disk`."""
        return self._server.bytes_on_disk()

    def close(self) -> None:
        """See `Contestant.close`."""
        self._server.close()


def _text(vector: Vectors) -> str:
    return f"[{','.join(map(str, vector.tolist()))}]"


def _binary(vectors: Vectors) -> bytes:
    """As COPY takes them, big-endian: rows of a number and a vector, each behind its length."""
    size, dim = vectors.shape
    row = np.dtype(
        [
            ("columns", ">i2"),
            *[("number_bytes", ">i4"), ("number", ">i4")],
            *[("vector_bytes", ">i4"), ("dim", ">i2"), ("unused", ">i2"), ("vector", ">f4", dim)],
        ]
    )
    rows = np.zeros(size, dtype=row)
    rows["columns"], rows["number_bytes"], rows["number"] = 2, 4, np.arange(size)
    rows["vector_bytes"], rows["dim"], rows["vector"] = 4 + 4 * dim, dim, vectors
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff"
