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


def counted_with(connection: Connection) -> dict[str, float]:
    """What the counts were made with, as `counting_of` tells it; nothing where not yet."""
    query = "SELECT name, value FROM state WHERE name IN ('half_life', 'window', 'salt_period')"
    return dict(connection.execute(query).fetchall())


def write_counted_with(connection: Connection, keeping: Keeping) -> None:
    """Remembers what the counts are made with."""
    connection.executemany(
        "INSERT OR REPLACE INTO state VALUES (?, ?)",
        list(counting_of(keeping).items()),
    )


def counting_of(keeping: Keeping) -> dict[str, float]:
    """All that the counts depend on, in seconds; the keys of pairs have the salt's period in them.

    Nothing is counted for longer than it is kept. A salt for ever is -1, none is 0.
    """
    period = -1.0 if keeping.salt_period is None else keeping.salt_period.total_seconds()
    return {
        "half_life": keeping.half_life.total_seconds(),
        "window": min(keeping.window, keeping.retention).total_seconds(),
        "salt_period": period if keeping.hashed else 0.0,
    }
