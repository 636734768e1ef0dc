"""What was shown and what of it was clicked, out of the event log."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from sqlite3 import Connection
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson

from recommender.readers.event import Trial, microseconds, moment
from recommender.readers.event_layout import CLICK, IMPRESSION
from recommender.readers.events import EventLog
from recommender.readers.packing import unpacked

_ALWAYS: Final = (-(2**63), 2**63 - 1)


@dataclass(frozen=True, slots=True)
class ShownList:
    """One list that somebody was shown.

    Attributes:
        at: when, aware.
        page: the article that it stood beside; "" where the log does not say.
        shown: n article ids.
        places: shape (n,), from 0.
        clicked: indices into `shown`, of what was clicked, each once.
        clicks: how many there were; of several on one article each counts.
        reader: equal for the lists of one reader; None where unknown.
        trial: the experiment that it was part of; None where there was none.
        propensities: shape (n,), in (0, 1]: how likely whoever chose the list was to show each of
            them in a list of that page; None where nobody wrote it down.
    """

    at: datetime
    page: str
    shown: tuple[str, ...]
    places: tuple[int, ...]
    clicked: tuple[int, ...]
    clicks: int
    reader: Hashable | None = None
    trial: Trial | None = None
    propensities: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class ShownLists:
    """The lists of a time.

    Attributes:
        lists: in the order of time.
        without_id: impressions that no click can name, and that are left out therefore.
    """

    lists: list[ShownList]
    without_id: int


@dataclass(slots=True)
class _Clicked:
    places: dict[int, None] = field(default_factory=dict)
    count: int = 0


def read_shown(
    log: EventLog,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    trials_only: bool = False,
) -> ShownLists:
    """Impressions that count, with the clicks on them that count, whenever these came.

    Of several impressions of one id the first is taken.

    Args:
        log: of the events.
        since: aware; None from the beginning.
        until: aware, no part of it; None to the end.
        trials_only: only impressions that were part of an experiment.
    """
    begin = _ALWAYS[0] if since is None else microseconds(since)
    end = _ALWAYS[1] if until is None else microseconds(until)
    with log.database.reading_plainly() as connection:
        names = dict(connection.execute("SELECT number, id FROM article_numbers"))
        without_id = 0
        rows: dict[int, _Row] = {}
        for found in _impressions(connection, begin, end, trials_only=trials_only):
            if found[0] is None:
                without_id += 1
            else:
                rows.setdefault(found[0], found[1:])
        clicked = _clicks(connection, begin, rows)
    lists = [_list(row, clicked.get(one), names) for one, row in rows.items()]
    return ShownLists(lists, without_id)


def unit_numbers(lists: Sequence[ShownList]) -> npt.NDArray[np.int64]:
    """A number for each list, from 0: equal for those of one reader, its own where unknown."""
    numbers: dict[object, int] = {}
    keys = (place if one.reader is None else (one.reader,) for place, one in enumerate(lists))
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


_Row = tuple[int, int | None, int | str | None, bytes | None, int | None, str | None]
"""Time, article, reader, shown, position, trial."""


def _impressions(
    connection: Connection, begin: int, end: int, *, trials_only: bool
) -> Iterator[tuple[int | None, *_Row]]:
    only = "AND trial NOT NULL" if trials_only else ""
    yield from connection.execute(
        "SELECT impression, at, article, reader, shown, position, trial"  # noqa: S608 - our own words
        f" FROM events WHERE at >= ? AND at < ? AND type = ? AND aside = 0 {only}"
        " ORDER BY at, number",
        (begin, end, IMPRESSION),
    )


def _clicks(connection: Connection, begin: int, rows: dict[int, _Row]) -> dict[int, _Clicked]:
    found: dict[int, _Clicked] = {}
    for impression, article in connection.execute(
        "SELECT impression, article FROM events"
        " WHERE at >= ? AND type = ? AND aside = 0 AND impression NOT NULL",
        (begin, CLICK),
    ):
        row = rows.get(impression)
        numbers = _numbers(row) if row is not None else ()
        # an impression that says other things under the same id, for example
        if article in numbers:
            one = found.setdefault(impression, _Clicked())
            one.places[numbers.index(article)] = None
            one.count += 1
    return found


def _numbers(row: _Row) -> Sequence[int | None]:
    return unpacked(row[3]) if row[3] else (row[1],)


def _list(row: _Row, clicked: _Clicked | None, names: dict[int, str]) -> ShownList:
    at, article, reader, shown, position, trial = row
    numbers = _numbers(row)
    alone = shown is None and position is not None
    return ShownList(
        at=moment(at),
        page=names[article] if shown and article is not None else "",
        shown=tuple([names[one] for one in numbers if one is not None]),
        places=(position - 1,) if alone and position is not None else tuple(range(len(numbers))),
        clicked=tuple(clicked.places) if clicked else (),
        clicks=clicked.count if clicked else 0,
        reader=reader,
        trial=None if trial is None else _read(trial),
    )


def _read(trial: str) -> Trial:
    name, arm, teams = orjson.loads(trial)
    return Trial(name, arm, tuple(teams))
