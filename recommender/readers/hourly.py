"""What happened to each article in each hour, for whoever looks for trends."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from recommender.readers.event import microseconds
from recommender.readers.events import EventLog
from recommender.readers.queries import in_parts
from recommender.readers.tally import HOUR


@dataclass(frozen=True, slots=True)
class Hourly:
    """Counts, a row for each article and hour in which something counted.

    Attributes:
        article_ids: of the n different articles, in their order.
        article: shape (rows,), int64: place in `article_ids`.
        hour: shape (rows,), int64: hours since 1970 in UTC.
        views, clicks, shown: shape (rows,), int64; `shown` by impressions.
    """

    article_ids: tuple[str, ...]
    article: NDArray[np.int64]
    hour: NDArray[np.int64]
    views: NDArray[np.int64]
    clicks: NDArray[np.int64]
    shown: NDArray[np.int64]


def hourly(log: EventLog, *, since: datetime, until: datetime) -> Hourly:
    """The hours from the one that `since` lies in to the one that `until` lies in, both whole.

    Args:
        log: of the events.
        since: aware.
        until: aware.
    """
    with log.database.reading_plainly() as connection:
        rows = connection.execute(
            "SELECT article, hour, views, clicks, shown"
            " FROM hours WHERE hour >= ? AND hour <= ? ORDER BY hour, article",
            (microseconds(since) // HOUR, microseconds(until) // HOUR),
        ).fetchall()
        counts = np.array(rows, dtype=np.int64).reshape(-1, 5).T
        numbers = np.unique(counts[0])
        query = "SELECT number, id FROM article_numbers WHERE number IN ({})"
        names = dict(in_parts(connection, query, numbers.tolist()))
    ids = [names[number] for number in numbers.tolist()]
    order = sorted(range(len(ids)), key=ids.__getitem__)
    place = np.empty(len(ids), dtype=np.int64)
    place[order] = np.arange(len(ids))
    return Hourly(
        tuple(ids[one] for one in order),
        place[np.searchsorted(numbers, counts[0])],
        hour=counts[1],
        views=counts[2],
        clicks=counts[3],
        shown=counts[4],
    )
