"""Counts that are kept beside the events, so that nobody has to read these again.

A reader counts for an article once, in the hour of their latest view or click that counts; one of
nobody in particular counts by itself. Every hour has the number of such readers and their
weight at its end; the totals add up the hours of the window. Weights decay forward, after Cormode
et al., Forward Decay, ICDE 2009: an event weighs 2 ** (at / half_life) whatever time it is, so
nothing is ever scaled anew; the totals keep the logarithm of the sum.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import exp2, inf, log2
from sqlite3 import Connection
from typing import Final

from recommender.readers.event_layout import VIEW
from recommender.readers.keeping import Keeping
from recommender.readers.queries import in_parts, write_rows
from recommender.readers.state import NEVER

HOUR: Final = 3_600_000_000
"""In microseconds."""

_READERS, _WEIGHT, _VIEWS, _CLICKS, _SHOWN, _TIMES, _SECONDS = range(7)
_LOST = 1 / 16
"""A sum that shrinks to this share has lost too many digits."""

_ADD_HOURS = """
    INSERT INTO hours VALUES {}
    ON CONFLICT (hour, article) DO UPDATE SET
        readers = readers + excluded.readers,
        weight = iif(readers + excluded.readers > 0, max(0.0, weight + excluded.weight), 0.0),
        views = views + excluded.views,
        clicks = clicks + excluded.clicks,
        shown = shown + excluded.shown,
        read_times = read_times + excluded.read_times,
        read_seconds = read_seconds + excluded.read_seconds
"""


class Tally:
    """Changes to the counts, gathered and then written at once."""

    def __init__(self, keeping: Keeping) -> None:
        """Nothing changes yet."""
        self._half_life = half_life_of(keeping)
        self._hours: dict[tuple[int, int], list[float]] = {}
        self._totals: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def read(self, article: int, kind: int, at: int, before: int) -> None:
        """A view or a click that counts.

        Args:
            article: its number.
            kind: VIEW or CLICK.
            at: when, in microseconds.
            before: the reader's latest one of the article until now; `NEVER` of a new reader.
        """
        row = self._row(article, at // HOUR)
        row[_VIEWS if kind == VIEW else _CLICKS] += 1
        if at > before:
            row[_READERS] += 1
            row[_WEIGHT] += exp2((at % HOUR - HOUR) / self._half_life)
            self._totals[article].append((at, 1))
            if before != NEVER:
                self.leave(article, before)

    def unread(self, article: int, kind: int, at: int) -> None:
        """Takes back a view or a click, though not its reader."""
        self._row(article, at // HOUR)[_VIEWS if kind == VIEW else _CLICKS] -= 1

    def leave(self, article: int, at: int) -> None:
        """Takes back a reader whose latest view or click was at that time."""
        row = self._row(article, at // HOUR)
        row[_READERS] -= 1
        row[_WEIGHT] -= exp2((at % HOUR - HOUR) / self._half_life)
        self._totals[article].append((at, -1))

    def show(self, articles: Iterable[int | None], at: int, times: int = 1) -> None:
        """An impression showed them; None is no article."""
        for article in articles:
            if article is not None:
                self._row(article, at // HOUR)[_SHOWN] += times

    def spend(self, article: int, at: int, seconds: float, times: int = 1) -> None:
        """It was read for so long."""
        row = self._row(article, at // HOUR)
        row[_TIMES] += times
        row[_SECONDS] += seconds

    def write(self, connection: Connection, edge: int) -> None:
        """Adds the changes to what the file has; its totals count the hours from `edge` on."""
        if not self._hours:
            return
        rows = [(hour, article, *row) for (hour, article), row in self._hours.items()]
        write_rows(connection, _ADD_HOURS, rows)
        begin = edge * HOUR
        terms = {
            article: inside
            for article, changes in self._totals.items()
            if (
                inside := [
                    (at / self._half_life, sign, sign) for at, sign in changes if at >= begin
                ]
            )
        }
        _change_totals(connection, terms, self._half_life, edge)

    def _row(self, article: int, hour: int) -> list[float]:
        row = self._hours.get((hour, article))
        if row is None:
            row = self._hours[hour, article] = [0, 0.0, 0, 0, 0, 0, 0.0]
        return row


def expire(connection: Connection, begin: int, end: int, keeping: Keeping) -> None:
    """Takes the hours from `begin` up to, not including, `end` out of the totals."""
    half_life = half_life_of(keeping)
    gone: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    for hour, article, readers, weight in connection.execute(
        "SELECT hour, article, readers, weight FROM hours"
        " WHERE hour >= ? AND hour < ? AND readers > 0",
        (begin, end),
    ):
        gone[article].append((_log_weight(weight, hour, half_life), -1, -readers))
    _change_totals(connection, gone, half_life, end)


def half_life_of(keeping: Keeping) -> float:
    """In microseconds."""
    return keeping.half_life.total_seconds() * 1e6


def _log_weight(weight: float, hour: int, half_life: float) -> float:
    """Of an hour's weight, forward from 1970."""
    return log2(weight) + (hour + 1) * HOUR / half_life if weight > 0 else -inf


def _change_totals(
    connection: Connection,
    changes: Mapping[int, Sequence[tuple[float, int, int]]],
    half_life: float,
    edge: int,
) -> None:
    """Adds to the totals of each article terms of a log weight, its sign, and its readers."""
    known = {
        article: (readers, log)
        for article, readers, log in in_parts(
            connection,
            "SELECT article, readers, log_weight FROM totals WHERE article IN ({})",
            changes,
        )
    }
    written, gone = [], []
    for article, terms in changes.items():
        readers, log = known.get(article, (0, -inf))
        readers += sum(count for _, _, count in terms)
        if readers <= 0:
            gone.append((article,))
            continue
        greatest = max(log, *(one for one, _, _ in terms))
        if greatest == -inf:
            written.append((article, readers, greatest))
            continue
        rest = exp2(log - greatest) + sum(sign * exp2(one - greatest) for one, sign, _ in terms)
        if rest > _LOST:
            log = greatest + log2(rest)
        else:
            log = _summed(connection, article, half_life, edge)
        written.append((article, readers, log))
    if written:
        write_rows(connection, "INSERT OR REPLACE INTO totals VALUES {}", written)
    if gone:
        connection.executemany("DELETE FROM totals WHERE article = ?", gone)


def _summed(connection: Connection, article: int, half_life: float, edge: int) -> float:
    """The log weight of an article's hours from `edge` on."""
    logs = [
        _log_weight(weight, hour, half_life)
        for hour, weight in connection.execute(
            "SELECT hour, weight FROM hours WHERE hour >= ? AND article = ? AND readers > 0",
            (edge, article),
        )
    ]
    return log_sum(logs)


def log_sum(logs: Iterable[float]) -> float:
    """The logarithm to the base 2 of the sum of what these are the logarithms of."""
    terms = list(logs)
    greatest = max(terms, default=-inf)
    if greatest == -inf:
        return -inf
    return greatest + log2(sum(exp2(one - greatest) for one in terms))
