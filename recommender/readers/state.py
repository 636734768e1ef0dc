"""What the log remembers about itself."""

from dataclasses import dataclass
from sqlite3 import Connection

from recommender.readers.keeping import Keeping

NEVER = -(2**62)
"""Before any time, and still a number that SQLite takes."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How far the log has come.

    Attributes:
        newest: time of the latest event, in microseconds; `NEVER` where there is none.
        edge: number of the first hour that the totals count.
    """

    newest: int = NEVER
    edge: int = NEVER


def read_clock(connection: Connection) -> Clock:
    """As of the connection's state."""
    query = "SELECT name, value FROM state WHERE name IN ('newest', 'edge')"
    found = dict(connection.execute(query).fetchall())
    return Clock(found.get("newest", NEVER), found.get("edge", NEVER))


def write_clock(connection: Connection, clock: Clock) -> None:
    """Remembers it."""
    connection.executemany(
        "INSERT OR REPLACE INTO state VALUES (?, ?)",
        [("newest", clock.newest), ("edge", clock.edge)],
    )


def counted_with(connection: Connection) -> tuple[float, float] | None:
    """Half-life and window, in seconds, that the counts were made with; None where not yet."""
    found = connection.execute(
        "SELECT (SELECT value FROM state WHERE name = 'half_life'),"
        " (SELECT value FROM state WHERE name = 'window')"
    ).fetchone()
    return None if found[0] is None else (float(found[0]), float(found[1]))


def write_counted_with(connection: Connection, keeping: Keeping) -> None:
    """Remembers what the counts are made with."""
    connection.executemany(
        "INSERT OR REPLACE INTO state VALUES (?, ?)",
        list(zip(("half_life", "window"), counting_of(keeping), strict=True)),
    )


def counting_of(keeping: Keeping) -> tuple[float, float]:
    """As `counted_with` tells it; nothing is counted for longer than it is kept."""
    window = min(keeping.window, keeping.retention)
    return keeping.half_life.total_seconds(), window.total_seconds()
