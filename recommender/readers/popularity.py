"""What is read now: unique readers, weighted by how recently they read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp2
from sqlite3 import Connection

import numpy as np
from numpy.typing import NDArray

from recommender.errors import InputError
from recommender.readers.events import EventLog, microseconds
from recommender.readers.queries import in_parts
from recommender.readers.settling import edge_of
from recommender.readers.state import NEVER, read_clock
from recommender.readers.tally import HOUR

_MICROSECOND = timedelta(microseconds=1)
_DECIMALS = 9
"""Of the logarithm of a score: sums of the same readers in another order are the same score."""


@dataclass(frozen=True, slots=True)
class PopularWindow:
    """What counts as read.

    Attributes:
        window: views and clicks older than this do not count.
        half_life: a reader of this age counts half.
    """

    window: timedelta
    half_life: timedelta


@dataclass(frozen=True, slots=True)
class Popularity:
    """Articles with a reader in the window, most popular first, ties by id.

    Attributes:
        article_ids: n of them.
        scores: shape (n,), float64, in [0, `readers`].
        readers: shape (n,), int64: distinct readers in the window.
    """

    article_ids: tuple[str, ...]
    scores: NDArray[np.float64]
    readers: NDArray[np.int64]


def popularity(
    log: EventLog, *, at: datetime, window: timedelta, half_life: timedelta
) -> Popularity:
    """Sums, for each article, 0.5 ** (age / half_life) over its distinct readers.

    A reader counts once for an article, with the age of their latest view or click of it that
    counts; one of nobody in particular counts as a reader of its own. Readers are told apart as
    far as the log does: over the period of a salt.

    As of now, that is at or after the latest event, this takes the same time however long the log
    is, and the window begins with the hour that its begin lies in. With another half-life than
    the log is kept with, readers have the age of the middle of their hour. As of an earlier time
    the events are read again, and all is to the microsecond.

    Args:
        log: of the events.
        at: now, aware; later events do not exist yet.
        window: events at `at - window` or before are left out.
        half_life: after which a reader counts half.

    Raises:
        InputError: `at` without a zone; `window` or `half_life` not positive.
    """
    if at.tzinfo is None:
        raise InputError(f"Popularity needs a time with a zone; {at.isoformat()} has none.")
    for name, span in (("window", window), ("half_life", half_life)):
        if span <= timedelta(0):
            raise InputError(f"{name} must be longer than nothing; it is {span}.")
    now = microseconds(at)
    length = half_life / _MICROSECOND
    begin = max(now - window // _MICROSECOND, NEVER)
    with log.database.reading_plainly() as connection:
        clock = read_clock(connection)
        if now < clock.newest:
            return _by_events(connection, begin, now, length)
        weighed = half_life == log.keeping.half_life
        if weighed and window == log.keeping.window:
            return _by_totals(connection, clock.edge, edge_of(log.keeping, now), now, length)
        return _by_hours(connection, begin // HOUR, now, length, weighed=weighed)


def _by_totals(
    connection: Connection, counted: int, edge: int, now: int, half_life: float
) -> Popularity:
    """Out of the sums from the hour `counted` on, less the hours before `edge`."""
    rows = connection.execute(
        "SELECT id, article, readers, log_weight FROM totals"
        " JOIN article_numbers ON number = article"
    ).fetchall()
    ids = [row[0] for row in rows]
    readers = np.array([row[2] for row in rows], dtype=np.int64)
    scores = np.exp2(np.array([row[3] for row in rows], dtype=np.float64) - now / half_life)
    if edge > counted:
        places = {row[1]: place for place, row in enumerate(rows)}
        gone = connection.execute(
            "SELECT hour, article, readers, weight FROM hours"
            " WHERE hour >= ? AND hour < ? AND readers > 0",
            (counted, edge),
        )
        for hour, article, count, weight in gone:
            place = places[article]
            readers[place] -= count
            scores[place] -= weight * exp2(((hour + 1) * HOUR - now) / half_life)
    return _ranked(ids, scores, readers)


def _by_hours(
    connection: Connection, edge: int, now: int, half_life: float, *, weighed: bool
) -> Popularity:
    """Out of the hours from `edge` on; whether their weights are of this half-life."""
    rows = connection.execute(
        "SELECT article, hour, readers, weight FROM hours WHERE hour >= ? AND readers > 0", (edge,)
    ).fetchall()
    # as float64, which holds all of these numbers as they are
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    articles, codes = np.unique(table[:, 0].astype(np.int64), return_inverse=True)
    if weighed:
        weights = table[:, 3] * np.exp2(((table[:, 1] + 1) * HOUR - now) / half_life)
    else:
        # at least 0: in the hour of now the middle may be still to come
        ages = np.maximum(now - (table[:, 1] + 0.5) * HOUR, 0)
        weights = table[:, 2] * np.exp2(-ages / half_life)
    scores = np.bincount(codes, weights, len(articles)).astype(np.float64)
    readers = np.bincount(codes, table[:, 2], len(articles))
    query = "SELECT number, id FROM article_numbers WHERE number IN ({})"
    ids = dict(in_parts(connection, query, articles.tolist()))
    return _ranked([ids[one] for one in articles.tolist()], scores, readers.astype(np.int64))


def _by_events(connection: Connection, after: int, until: int, half_life: float) -> Popularity:
    """Out of the latest event of each reader and article in (after, until]."""
    inside = "FROM events WHERE at > ? AND at <= ? AND aside = 0 AND type IN (1, 2)"
    rows = connection.execute(
        f"SELECT id, at FROM (SELECT article, max(at) AS at {inside} AND reader NOT NULL"  # noqa: S608
        f" GROUP BY article, reader UNION ALL SELECT article, at {inside} AND reader IS NULL)"
        " JOIN article_numbers ON number = article",
        (after, until) * 2,
    ).fetchall()
    ids = sorted({row[0] for row in rows})
    numbers = {name: number for number, name in enumerate(ids)}
    codes = np.array([numbers[row[0]] for row in rows], dtype=np.int64)
    times = np.array([row[1] for row in rows], dtype=np.int64)
    weights = np.exp2((times - until) / half_life)
    scores = np.bincount(codes, weights, len(ids)).astype(np.float64)
    return _ranked(ids, scores, np.bincount(codes, minlength=len(ids)).astype(np.int64))


def _ranked(
    ids: Sequence[str], scores: NDArray[np.float64], readers: NDArray[np.int64]
) -> Popularity:
    """Without articles that nobody reads; scores to the digits that sums in any order share."""
    exact = np.maximum(scores, np.finfo(np.float64).tiny)
    rounded = np.minimum(np.exp2(np.round(np.log2(exact), _DECIMALS)), readers)
    by_id = sorted(np.flatnonzero(readers > 0).tolist(), key=ids.__getitem__)
    order = sorted(by_id, key=lambda place: -rounded[place])
    return Popularity(tuple(ids[one] for one in order), rounded[order], readers[order])
