"""What readers did, kept: the event log."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from sqlite3 import Connection
from typing import Self

import orjson

from recommender.articles.database import Database
from recommender.closing import Closing
from recommender.readers.event import (
    ASIDES,
    EVENT_TYPES,
    Appended,
    Aside,
    Event,
    EventType,
    microseconds,
    moment,
)
from recommender.readers.event_layout import LAYOUT
from recommender.readers.keeping import Keeping
from recommender.readers.numbers import ArticleNumbers
from recommender.readers.pairs import oldest_rate
from recommender.readers.pseudonyms import Pseudonyms
from recommender.readers.recounting import erase, recount
from recommender.readers.state import NEVER, counted_with, counting_of, read_clock
from recommender.readers.storing import DAY, KEPT, KNOWN, add_quality, store
from recommender.readers.tally import HOUR

__all__ = ["Event", "EventLog", "EventType", "Quality", "microseconds"]

SALTS = "salts"
"""The folder beside the log with the salts of readers' names."""

_DEFAULT = Keeping()
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Quality:
    """Events of one day, type and fate.

    Attributes:
        day: UTC.
        type: what they are.
        aside: why they do not count; None of those that do.
        count: how many.
    """

    day: date
    type: EventType
    aside: Aside | None
    count: int


class EventLog(Closing):
    """An open log. Threads may share it, and processes may open the same file.

    It is a file of its own, so that reading articles takes no notice of readers' clicks.
    """

    def __init__(self, database: Database, keeping: Keeping, pseudonyms: Pseudonyms) -> None:
        self.database = database
        self.keeping = keeping
        self._pseudonyms = pseudonyms
        self._numbers = ArticleNumbers()
        self._appending = threading.Lock()

    @classmethod
    def open(cls, path: Path, keeping: Keeping = _DEFAULT) -> Self:
        """Opens the file, makes it where there is none, and brings an older one up to date.

        Where it was counted with another window, half-life or period of the salts, or with names
        that shall be hashed now, it is counted anew.

        Raises:
            CatalogError: not an event log, damaged, or newer than this program. Every other
                method raises it too where the file cannot be read or written.
        """
        pseudonyms = Pseudonyms(
            path.parent / SALTS, hashed=keeping.hashed, period=keeping.salt_period
        )
        log = cls(Database.open(path, LAYOUT), keeping, pseudonyms)
        try:
            log._count()
        except BaseException:
            log.close()
            raise
        return log

    def close(self) -> None:
        """Lets go of the file; the log is of no use afterwards."""
        self.database.close()

    def __len__(self) -> int:
        """How many events it holds, those that do not count among them."""
        with self.database.reading_plainly() as connection:
            query = "SELECT coalesce(sum(count), 0) FROM quality"
            return int(connection.execute(query).fetchone()[0])

    def append(self, batch: Sequence[Event]) -> Appended:
        """Keeps all of them or, where it raises, none; they are on disk when it returns."""
        return told(self.outcomes(batch))

    def outcomes(self, batch: Sequence[Event]) -> list[int]:
        """As `append`; of each event what `told` takes."""
        if not batch:
            return []
        with self._appending:
            try:
                with self.database.writing_plainly() as connection:
                    found = store(connection, batch, self.keeping, self._numbers, self._pseudonyms)
            except BaseException:
                self._numbers.undone()
                raise
            self._numbers.committed()
        return found

    def derived_id(self, event: Event, occurrence: int) -> str:
        """An id made of what the event says, the same whenever it comes again.

        Args:
            event: without an id.
            occurrence: tells events apart that say the same, from 0.
        """
        said = orjson.dumps(
            [
                event.type,
                event.article_id,
                event.reader,
                microseconds(event.at),
                event.impression_id,
                event.shown,
                event.position,
                event.seconds,
                # only where there is one: what came before there were any has the id it had
                *([] if event.trial is None else [event.trial]),
                occurrence,
            ]
        )
        # with the salt: whoever reads the log must not find out readers by trying names
        key = b""
        if self.keeping.hashed:
            key = self._pseudonyms.salt(self._pseudonyms.period(microseconds(event.at)))
        return f"derived:{blake2b(said, digest_size=16, key=key).hexdigest()}"

    def quality(self) -> list[Quality]:
        """How many events came and why some of them do not count, by day and type."""
        with self.database.reading_plainly() as connection:
            rows = connection.execute(
                "SELECT day, type, aside, count FROM quality WHERE count > 0"
            ).fetchall()
        return [
            Quality(
                moment(day * DAY).date(),
                EVENT_TYPES[kind],
                ASIDES[aside - 1] if aside else None,
                count,
            )
            for day, kind, aside, count in rows
        ]

    def by_article(self) -> dict[str, int]:
        """How many events are about each article, those that do not count among them."""
        with self.database.reading_plainly() as connection:
            rows = connection.execute(
                "SELECT article_numbers.id, events FROM article_numbers JOIN"
                " (SELECT article, count(*) AS events FROM events GROUP BY article)"
                " ON article = article_numbers.number"
            ).fetchall()
        return {article_id: int(events) for article_id, events in rows}

    def oldest(self, now: datetime) -> datetime:
        """Events of an earlier time than this are not kept."""
        return now - self.keeping.retention

    def newest(self) -> datetime | None:
        """Time of the latest event, in UTC; None where there is none."""
        with self.database.reading_plainly() as connection:
            newest = read_clock(connection).newest
        return None if newest == NEVER else moment(newest)

    def prune(self) -> int:
        """Deletes what is older than the retention, from the newest event back, and its salts.

        Returns:
            How many events.
        """
        with self.database.writing_plainly() as connection:
            newest = read_clock(connection).newest
            before = newest - self.keeping.retention // _MICROSECOND
            gone = connection.execute(
                "SELECT at / ?, type, aside, -count(*) FROM events WHERE at < ? GROUP BY 1, 2, 3",
                (DAY, before),
            ).fetchall()
            for statement, value in (
                ("DELETE FROM ids WHERE id IN (SELECT id FROM events WHERE at < ?)", before),
                ("DELETE FROM events WHERE at < ?", before),
                ("DELETE FROM hours WHERE hour < ?", before // HOUR),
                ("DELETE FROM rates WHERE key < ?", oldest_rate(newest)),
            ):
                connection.execute(statement, (max(value, NEVER),))
            if gone:
                add_quality(connection, {(day, kind, one): count for day, kind, one, count in gone})
                _forget_pairs(connection, before)
        self._pseudonyms.forget(before)
        return -sum(int(row[-1]) for row in gone)

    def erase(self, reader: str) -> int:
        """Deletes all that is known of a reader, and what it counted; returns how many events.

        Of salted names that goes back as far as there are salts: what is older is of nobody.
        Overwritten, not only released: the file does not say it any more.
        """
        with self._appending:
            with self.database.writing_plainly() as connection:
                connection.execute("PRAGMA secure_delete = ON")
                names = self._pseudonyms.every(reader)
                count = erase(connection, names, self.keeping, self._pseudonyms)
            self.database.checkpoint()
        return count

    def span(self) -> tuple[datetime, datetime] | None:
        """Times of the earliest and the latest event; None of an empty log."""
        # two queries: of a lone minimum or maximum SQLite reads one entry, of both the whole index
        with self.database.reading_plainly() as connection:
            first = connection.execute("SELECT min(at) FROM events").fetchone()[0]
            last = connection.execute("SELECT max(at) FROM events").fetchone()[0]
        return None if first is None or last is None else (moment(first), moment(last))

    def data_version(self) -> int:
        """Differs after any commit to the file, by this object or anybody else, from before."""
        return self.database.data_version()

    def _count(self) -> None:
        with self.database.reading_plainly() as connection:
            if counted_with(connection) == counting_of(self.keeping):
                return
        with self.database.writing_plainly() as connection:
            # asked again under the lock: another process may have been faster
            if counted_with(connection) != counting_of(self.keeping):
                recount(connection, self.keeping, self._pseudonyms)


def told(outcomes: Sequence[int]) -> Appended:
    """What `outcomes` say, added up."""
    aside: dict[Aside, int] = {}
    kept = known = 0
    for one in outcomes:
        if one == KEPT:
            kept += 1
        elif one == KNOWN:
            known += 1
        else:
            reason = ASIDES[one - 1]
            aside[reason] = aside.get(reason, 0) + 1
    return Appended(kept, known, aside)


def _forget_pairs(connection: Connection, before: int) -> None:
    connection.execute("DELETE FROM pairs WHERE max(view_at, click_at) < ?", (before,))
