"""What is read now: unique readers, weighted by how recently they read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, union_all

from recommender.errors import InputError
from recommender.readers.events import EventLog, events, microseconds

_LONG_AGO = -(2**62)  # before any time, and still a number that SQLite takes


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

    A reader counts once for an article, with the age of their latest event; an event without a
    reader counts as a reader of its own. Views and clicks count alike.

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
    begin = max(now - window // timedelta(microseconds=1), _LONG_AGO)
    article_ids, times = _latest(log, begin, now)
    # in order of time, so that equal readerships add up to equal scores to the last bit
    order = np.argsort(times, kind="stable")
    weights = np.exp2((times - now) / (half_life / timedelta(microseconds=1)))

    numbers = {identifier: number for number, identifier in enumerate(sorted(set(article_ids)))}
    codes = np.fromiter(map(numbers.__getitem__, article_ids), np.int64, len(article_ids))
    scores: NDArray[np.float64] = np.asarray(
        np.bincount(codes[order], weights[order], len(numbers)), dtype=np.float64
    )
    readers = np.bincount(codes, minlength=len(numbers)).astype(np.int64)

    # they are numbered by id, and the sort keeps that order among equal scores
    ranked = np.argsort(-scores, kind="stable")
    distinct = list(numbers)
    return Popularity(tuple(distinct[number] for number in ranked), scores[ranked], readers[ranked])


def _latest(log: EventLog, after: int, until: int) -> tuple[list[str], NDArray[np.int64]]:
    """The article and the time of each reader's latest event of it, in (after, until]."""
    inside = (events.c.at > after, events.c.at <= until)
    known = (
        select(events.c.article_id, func.max(events.c.at).label("at"))
        .where(*inside, events.c.reader != "")
        .group_by(events.c.article_id, events.c.reader)
    )
    unknown = select(events.c.article_id, events.c.at).where(*inside, events.c.reader == "")
    with log.database.reading() as connection:
        rows = connection.execute(union_all(known, unknown)).all()
    times = np.fromiter((time for _, time in rows), np.int64, len(rows))
    return [identifier for identifier, _ in rows], times
