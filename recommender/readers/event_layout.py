"""The tables of the event log, and how their layout came to be."""

import sqlite3
from typing import Final

from sqlalchemy import Connection

from recommender.articles.database import Layout

# numbers of types and reasons as they stand in the file
TYPE_NUMBERS: Final = {"impression": 0, "view": 1, "click": 2, "read_time": 3}
IMPRESSION, VIEW, CLICK, READ_TIME = range(4)


def _first(connection: Connection) -> None:
    for statement in (
        """
        CREATE TABLE events (
            number INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            article_id TEXT NOT NULL,
            reader TEXT NOT NULL,
            type TEXT NOT NULL CHECK (type IN ('view', 'click'))
        )
        """,
        "CREATE INDEX events_by_time ON events (at, article_id, reader)",
    ):
        connection.exec_driver_sql(statement)


def _second(connection: Connection) -> None:
    """Impressions and read times, ids, reasons not to count, and counts kept beside the events."""
    for statement in (
        "ALTER TABLE events RENAME TO old_events",
        "DROP INDEX events_by_time",
        # articles go by number within this file: a log has millions of rows for each thousand ids
        "CREATE TABLE article_numbers (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
        # times are microseconds since 1970 in UTC; `id` and `impression` are digests; `aside` is 0
        # or the number of the reason, from 1; `reader` is a hash, a name, or NULL, so of no type;
        # `shown` holds little-endian int32 numbers of articles
        """
        CREATE TABLE events (
            number INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            type INTEGER NOT NULL CHECK (type BETWEEN 0 AND 3),
            article INTEGER,
            reader,
            aside INTEGER NOT NULL DEFAULT 0,
            id BLOB,
            impression BLOB,
            shown BLOB,
            position INTEGER,
            seconds REAL
        )
        """,
        "INSERT INTO article_numbers (id) SELECT DISTINCT article_id FROM old_events",
        """
        INSERT INTO events (at, type, article, reader)
        SELECT at, CASE type WHEN 'view' THEN 1 ELSE 2 END, article_numbers.number,
            nullif(reader, '')
        FROM old_events JOIN article_numbers ON article_numbers.id = article_id
        ORDER BY old_events.number
        """,
        "DROP TABLE old_events",
        "CREATE INDEX events_by_time ON events (at)",
        "CREATE UNIQUE INDEX events_by_id ON events (id) WHERE id IS NOT NULL",
        "CREATE INDEX impressions ON events (impression) WHERE type = 0 AND impression NOT NULL",
        # when a reader last counted for an article, by what; the key is a hash of both
        """
        CREATE TABLE pairs (
            key INTEGER PRIMARY KEY, view_at INTEGER NOT NULL, click_at INTEGER NOT NULL
        )
        """,
        # views and clicks of a reader in an hour; the hour stands in the key's upper bits
        "CREATE TABLE rates (key INTEGER PRIMARY KEY, count INTEGER NOT NULL)",
        # `readers` whose latest view or click of the article lies in this hour; `weight` is theirs
        # at the end of the hour
        """
        CREATE TABLE hours (
            hour INTEGER NOT NULL,
            article INTEGER NOT NULL,
            readers INTEGER NOT NULL,
            weight REAL NOT NULL,
            views INTEGER NOT NULL,
            clicks INTEGER NOT NULL,
            shown INTEGER NOT NULL,
            read_times INTEGER NOT NULL,
            read_seconds REAL NOT NULL,
            PRIMARY KEY (hour, article)
        ) WITHOUT ROWID
        """,
        # the sums of `hours` in the window; `log_weight` is the logarithm to the base 2 of the
        # weights forward from 1970
        """
        CREATE TABLE totals (
            article INTEGER PRIMARY KEY, readers INTEGER NOT NULL, log_weight REAL NOT NULL
        )
        """,
        # how many events of a type came of a UTC day, and which of them do not count
        """
        CREATE TABLE quality (
            day INTEGER NOT NULL, type INTEGER NOT NULL, aside INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (day, type, aside)
        ) WITHOUT ROWID
        """,
        "CREATE TABLE state (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    ):
        connection.exec_driver_sql(statement)


def _third(connection: Connection) -> None:
    """The experiment that an impression was part of: a JSON list of its name, arm and teams."""
    connection.exec_driver_sql("ALTER TABLE events ADD COLUMN trial TEXT")


def _fourth(connection: Connection) -> None:
    """Digests of ids as numbers, of 8 bytes instead of 16, and in a table that has nothing else.

    So events are written one behind the other. And keys of rates that do not run over.
    """
    driven = connection.connection.driver_connection
    assert isinstance(driven, sqlite3.Connection)  # noqa: S101 - SQLite is what it is opened with
    driven.create_function("as_number", 1, _as_number, deterministic=True)
    # without the indices meanwhile: they would be brought up to date row by row
    connection.exec_driver_sql("DROP INDEX events_by_id")
    connection.exec_driver_sql("DROP INDEX impressions")
    connection.exec_driver_sql(
        "UPDATE events SET id = as_number(id), impression = as_number(impression)"
    )
    connection.exec_driver_sql("CREATE TABLE ids (id INTEGER PRIMARY KEY)")
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO ids SELECT id FROM events WHERE id IS NOT NULL ORDER BY id"
    )
    connection.exec_driver_sql(
        "CREATE INDEX impressions ON events (impression) WHERE type = 0 AND impression NOT NULL"
    )
    # they are of the last two hours: a reader may do somewhat more in this one
    connection.exec_driver_sql("DELETE FROM rates")


def _as_number(digest: bytes | None) -> int | None:
    return None if digest is None else int.from_bytes(digest[:8], "big", signed=True)


LAYOUT = Layout(
    name="the event log",
    application_id=0x52416576,
    migrations=(_first, _second, _third, _fourth),
    # an answer to a beacon promises that the event is kept, and nobody has it a second time
    synchronous="FULL",
    way_out="Restore it from a backup, or move it away; a new one begins empty.",
)
