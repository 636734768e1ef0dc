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
        readers: shape (rows,), int64: whose latest view or click of the article lies in this hour.
        views, clicks, shown: shape (rows,), int64; `shown` by impressions.
        read_times: shape (rows,), int64: how many there are.
        read_seconds: shape (rows,), float64: their sum.
    """

    article_ids: tuple[str, ...]
    article: NDArray[np.int64]
    hour: NDArray[np.int64]
    readers: NDArray[np.int64]
    views: NDArray[np.int64]
    clicks: NDArray[np.int64]
    shown: NDArray[np.int64]
    read_times: NDArray[np.int64]
    read_seconds: NDArray[np.float64]


def hourly(log: EventLog, *, since: datetime, until: datetime) -> Hourly:
    """The hours from the one that `since` lies in to the one that `until` lies in, both whole.

    Args:
        log: of the events.
        since: aware.
        until: aware.
    """
    with log.database.reading_plainly() as connection:
        rows = connection.execute(
            "SELECT article, hour, readers, views, clicks, shown, read_times, read_seconds"
            " FROM hours WHERE hour >= ? AND hour <= ? ORDER BY hour, article",
            (microseconds(since) // HOUR, microseconds(until) // HOUR),
        ).fetchall()
        # as float64, which holds all of these numbers as they are
        table = np.array(rows, dtype=np.float64).reshape(-1, 8)
        counts = table[:, :7].astype(np.int64).T
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
        readers=counts[2],
        views=counts[3],
        clicks=counts[4],
        shown=counts[5],
        read_times=counts[6],
        read_seconds=table[:, 7],
    )
