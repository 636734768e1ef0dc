"""When a reader last counted for an article, and how much each reader does in an hour."""

from collections.abc import Iterable
from sqlite3 import Connection

from recommender.readers.event_layout import VIEW
from recommender.readers.pseudonyms import number_of
from recommender.readers.queries import in_parts, write_rows
from recommender.readers.state import NEVER
from recommender.readers.tally import HOUR

_HASH_BITS = 53
_HASH = (1 << _HASH_BITS) - 1
_READER_BITS = 42  # of the 63 of a key, so that hours have 21: enough until the year 2209
_READER = (1 << _READER_BITS) - 1
_PERIODS = 1 << 10
_SPREAD = 0x9E3779B97F4A7C15  # odd, so that articles' numbers are spread over all bits


def pair_key(article: int, reader: int | str, period: int) -> int:
    """Stands for a reader and an article in `pairs`.

    The salt's period is in front: what comes in one period lies together in the file.
    """
    number = reader if isinstance(reader, int) else number_of(reader)
    return (period % _PERIODS) << _HASH_BITS | (number ^ article * _SPREAD) & _HASH


def rate_key(reader: int | str, at: int) -> int:
    """Stands for a reader and an hour in `rates`, the hour in front."""
    number = reader if isinstance(reader, int) else number_of(reader)
    return (at // HOUR) << _READER_BITS | number & _READER


class Pairs:
    """Those that a batch needs, as they stand in the file until they are written."""

    def __init__(self, keys: Iterable[int | None]) -> None:
        """Will need these."""
        self._wanted = {key for key in keys if key is not None}
        self._found: dict[int, tuple[int, int]] = {}
        self._changed: set[int] = set()

    def load(self, connection: Connection) -> None:
        """Reads those that are wanted."""
        query = "SELECT key, view_at, click_at FROM pairs WHERE key IN ({})"
        for key, view_at, click_at in in_parts(connection, query, sorted(self._wanted)):
            self._found[key] = view_at, click_at

    def meet(self, key: int, kind: int, at: int, within: int) -> int | None:
        """A view or a click comes that may count.

        Returns:
            The reader's latest one of the article before, `NEVER` where there was none; None
            where the same was done less than `within` microseconds away, so that it is a repeat.
        """
        found = self._found.get(key)
        if found is None:
            self._found[key] = (at, NEVER) if kind == VIEW else (NEVER, at)
            self._changed.add(key)
            return NEVER
        view_at, click_at = found
        same = view_at if kind == VIEW else click_at
        if -within < at - same < within:
            return None
        if at > same:
            self._found[key] = (at, click_at) if kind == VIEW else (view_at, at)
            self._changed.add(key)
        return max(found)

    def write(self, connection: Connection) -> None:
        """What changed."""
        if self._changed:
            write_rows(
                connection,
                "INSERT OR REPLACE INTO pairs VALUES {}",
                # in the order of the keys: the file is written in one go
                [(key, *self._found[key]) for key in sorted(self._changed)],
            )


class Rates:
    """Views and clicks of readers by the hour; as `Pairs`."""

    def __init__(self, keys: Iterable[int | None]) -> None:
        """Will need these."""
        self._counts = {key: 0 for key in keys if key is not None}

    def load(self, connection: Connection) -> None:
        """Reads those that are wanted."""
        query = "SELECT key, count FROM rates WHERE key IN ({})"
        self._counts.update(in_parts(connection, query, sorted(self._counts)))

    def add(self, key: int) -> int:
        """Counts one more, and tells how many that makes."""
        self._counts[key] += 1
        return self._counts[key]

    def write(self, connection: Connection) -> None:
        """What changed."""
        if self._counts:
            rows = sorted(self._counts.items())
            write_rows(connection, "INSERT OR REPLACE INTO rates VALUES {}", rows)


def oldest_rate(newest: int) -> int:
    """Keys below this belong to hours that nobody asks about any more."""
    return (newest // HOUR - 2) << _READER_BITS
