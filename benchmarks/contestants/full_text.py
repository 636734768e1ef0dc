"""PostgreSQL's full text search: it has no more-like-this, so words are chosen here."""

import numpy as np

from benchmarks.contestants.postgres import Postgres
from benchmarks.contestants.protocol import Given, Rows, Untold

_TERMS = 25  # as many as Lucene's more-like-this takes, and those that it takes

_FREQUENCIES = """
    CREATE TABLE frequencies AS
    SELECT word AS lexeme, ln((SELECT count(*) FROM near)::float / ndoc) AS idf
    FROM ts_stat('SELECT words FROM near')
"""
_LIKE = """
    WITH strongest AS (
        SELECT lexeme FROM near, unnest(words) AS own JOIN frequencies USING (lexeme)
        WHERE row = %(row)s ORDER BY cardinality(positions) * idf DESC LIMIT %(terms)s
    ),
    asked AS MATERIALIZED (
        SELECT string_agg(quote_literal(lexeme), ' | ')::tsquery AS any FROM strongest
    )
    SELECT row FROM near, asked WHERE words @@ asked.any AND row <> %(row)s
    ORDER BY ts_rank(words, asked.any) DESC LIMIT %(k)s
"""


class FullText(Untold):
    """English lexemes in a GIN index, ordered by `ts_rank`."""

    name = "PostgreSQL full text (ts_rank)"

    def __init__(self, given: Given[list[str]]) -> None:
        self._server = Postgres()
        self._connection = self._server.connection
        self.pids = self._server.pids
        self._connection.execute("CREATE TABLE read (row integer, body text)")
        with self._connection.cursor().copy("COPY read FROM STDIN") as copy:
            for numbered in enumerate(given.corpus):
                copy.write_row(numbered)
        self._connection.execute(
            "CREATE TABLE near AS SELECT row, to_tsvector('english', body) AS words FROM read"
        )
        self._connection.execute("DROP TABLE read")
        self._connection.execute("ALTER TABLE near ADD PRIMARY KEY (row)")
        self._connection.execute("CREATE INDEX ON near USING gin (words)")
        self._connection.execute(_FREQUENCIES)
        self._connection.execute("ALTER TABLE frequencies ADD PRIMARY KEY (lexeme)")
        for table in ("near", "frequencies"):
            self._connection.execute(f"VACUUM ANALYZE {table}")

    def search(self, query: int, k: int) -> Rows:
        """See `Contestant.search`."""
        found = self._connection.execute(_LIKE, {"row": query, "k": k, "terms": _TERMS})
        return np.array([row for (row,) in found], dtype=np.int64)

    def bytes_on_disk(self) -> int:
        """See `Contestant.bytes_on_disk`."""
        return self._server.bytes_on_disk()

    def close(self) -> None:
        """See `Contestant.close`."""
        self._server.close()
