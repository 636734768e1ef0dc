"""What readers did, kept: the event log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, func, insert, select

from recommender.articles.database import Database, Layout
from recommender.errors import InputError

EventType: TypeAlias = Literal["view", "click"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A reader saw an article, or clicked a recommendation of it.

    Attributes:
        type: what happened.
        article_id: to which article.
        reader: who, under whatever name the publisher has for them; "" where unknown.
        at: when, aware.
    """

    type: EventType
    article_id: str
    reader: str = ""
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise InputError(f"An event's time needs a zone; {self.at.isoformat()} has none.")


events = Table(
    "events",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("at", Integer),  # microseconds since 1970 in UTC
    Column("article_id", Text),
    Column("reader", Text),
    Column("type", Text),
)


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
        # holds all that popularity asks for, so that a window is read without the table
        "CREATE INDEX events_by_time ON events (at, article_id, reader)",
    ):
        connection.exec_driver_sql(statement)


LAYOUT = Layout(
    name="the event log",
    application_id=0x52416576,
    migrations=(_first,),
    # an answer to a beacon promises that the event is kept, and nobody has it a second time
    synchronous="FULL",
    way_out="Restore it from a backup, or move it away; a new one begins empty.",
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(time: datetime) -> int:
    """Since 1970 in UTC."""
    return (time - _EPOCH) // _MICROSECOND


class EventLog:
    """An open log. Threads may share it, and processes may open the same file.

    It is a file of its own, so that reading articles takes no notice of readers' clicks.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens the file, makes it where there is none, and brings an older one up to date.

        Raises:
            CatalogError: not an event log, damaged, or newer than this program. Every other
                method raises it too where the file cannot be read or written.
        """
        return cls(Database.open(path, LAYOUT))

    def close(self) -> None:
        """Lets go of the file; the log is of no use afterwards."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __len__(self) -> int:
        """How many events it holds."""
        with self.database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(events)).scalar_one())

    def append(self, batch: Sequence[Event]) -> int:
        """Keeps all of them or, where it raises, none; they are on disk when it returns.

        Returns:
            How many.
        """
        if batch:
            rows = [
                {
                    "at": microseconds(event.at),
                    "article_id": event.article_id,
                    "reader": event.reader,
                    "type": event.type,
                }
                for event in batch
            ]
            with self.database.writing() as connection:
                connection.execute(insert(events), rows)
        return len(batch)

    def span(self) -> tuple[datetime, datetime] | None:
        """Times of the earliest and the latest event; None of an empty log."""
        # two queries: of a lone minimum or maximum SQLite reads one entry, of both the whole index
        with self.database.reading() as connection:
            first = connection.execute(select(func.min(events.c.at))).scalar()
            last = connection.execute(select(func.max(events.c.at))).scalar()
        if first is None or last is None:
            return None
        return _EPOCH + first * _MICROSECOND, _EPOCH + last * _MICROSECOND

    def data_version(self) -> int:
        """Differs after any commit to the file, by this object or anybody else, from before."""
        return self.database.data_version()
