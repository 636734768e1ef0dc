"""The numbers that articles go by within one event log."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from sqlite3 import Connection

from recommender.readers.queries import in_parts, write_rows

_MOST = 500_000
"""Kept in memory; beyond, all are asked for again."""


class ArticleNumbers:
    """Finds and gives numbers; only one thread at a time may use it, in its transaction."""

    def __init__(self) -> None:
        """Knows none yet."""
        self._known: dict[str, int] = {}
        self._fresh: dict[str, int] = {}

    def of(self, connection: Connection, ids: AbstractSet[str]) -> Mapping[str, int]:
        """The number of each id, "" aside; an id that has none is given one."""
        if len(self._known) > _MOST:
            self._known.clear()
        found = {one: number for one in ids if (number := self._known.get(one))}
        new = [(one,) for one in ids if one and one not in found]
        if new:
            write_rows(connection, "INSERT OR IGNORE INTO article_numbers (id) VALUES {}", new)
            query = "SELECT id, number FROM article_numbers WHERE id IN ({})"
            self._fresh.update(in_parts(connection, query, [one for (one,) in new]))
            found.update(self._fresh)
        return found

    def committed(self) -> None:
        """The transaction is on disk: what it gave holds."""
        self._known.update(self._fresh)
        self._fresh.clear()

    def undone(self) -> None:
        """The transaction is no more: what it gave does not hold."""
        self._fresh.clear()
