"""Which articles the same people read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.readers.event import microseconds
from recommender.readers.events import EventLog

LEAST_READERS = 3
"""Of fewer nobody can say that it was no chance, and somebody might be recognised."""

_Counts = TypeVar("_Counts", NDArray[Any], float)

SHRINKAGE = 10.0
"""Readers: evidence of a few of them counts for little."""

_MOST_READ = 200  # articles; who reads more reads everything, and is perhaps no person


@dataclass(frozen=True, slots=True)
class ReadTogether:
    """Pairs of articles with readers in common, each pair in both directions.

    Attributes:
        article_ids: of the n different articles.
        left, right: shape (pairs,), int64: places in `article_ids`.
        readers: shape (pairs,), int32: how many people read both, at least LEAST_READERS.
        strength: shape (pairs,), float32 in (0, 1): the cosine of the two sets of readers, shrunk
            towards 0 where they are few (Linden et al. 2003, "Item-to-item collaborative
            filtering"; shrinkage as in Bell and Koren 2007): what everybody reads goes with
            nothing in particular.
    """

    article_ids: tuple[str, ...]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    readers: NDArray[np.int32]
    strength: NDArray[np.float32]


def read_together(log: EventLog, *, since: datetime, until: datetime) -> ReadTogether:
    """The pairs of the views and clicks that count, after `since` and up to `until` (aware).

    A reader is recognised over the period of a salt, so nobody's reading is followed for longer.
    """
    with log.database.reading_plainly() as connection:
        rows = connection.execute(
            "SELECT DISTINCT reader, article FROM events WHERE at > ? AND at <= ?"
            " AND aside = 0 AND type IN (1, 2) AND reader NOT NULL",
            (microseconds(since), microseconds(until)),
        ).fetchall()
        names = dict(connection.execute("SELECT number, id FROM article_numbers").fetchall())
    numbers = sorted({article for _, article in rows})
    place = {number: one for one, number in enumerate(numbers)}
    people: dict[object, int] = {}
    person = np.array([people.setdefault(who, len(people)) for who, _ in rows], dtype=np.int64)
    article = np.array([place[one] for _, one in rows], dtype=np.int64)
    known = np.bincount(person, minlength=len(people))[person] <= _MOST_READ if rows else person > 0
    read = sparse.csr_array(
        (np.ones(int(known.sum()), dtype=np.int32), (person[known], article[known])),
        shape=(len(people), len(numbers)),
    )
    both = sparse.coo_array(read.T @ read)
    alone = np.bincount(article[known], minlength=len(numbers))
    left, right = (one.astype(np.int64) for one in both.coords)
    kept = (left != right) & (both.data >= LEAST_READERS)
    left, right, readers = left[kept], right[kept], both.data[kept]
    strength = cosine(readers, alone[left], alone[right])
    return ReadTogether(
        article_ids=tuple(names[number] for number in numbers),
        left=left,
        right=right,
        readers=readers.astype(np.int32),
        strength=strength.astype(np.float32),
    )


def cosine(both: _Counts, one: _Counts, other: _Counts, *, shrinkage: float = SHRINKAGE) -> _Counts:
    """Of two sets of readers, by the sizes of what they share and of each, shrunk towards 0."""
    found: _Counts = both / (np.sqrt(one * other) + shrinkage)
    return found
