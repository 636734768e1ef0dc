"""What articles are to each other by their vectors alone: the index, and each one's nearest."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.ascending import located
from index.faiss_index import FaissIndex
from index.graph_update import Before
from index.protocol import Ids, Vectors
from recommender.jobs.steps import Steps
from recommender.similarity.neighbours import nearest_by_vector

_BLOCK = 8192
_INDEX = "placed.faiss"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What has to be known of the snapshot before, of n articles.

    Attributes:
        rows: shape (n,), ascending, the catalog's.
        vectors: shape (n, dim): of a text that changed it is another one.
        stories: shape (n,): by number.
        nearest: shape (n, m): positions of the nearest by vector.
    """

    rows: npt.NDArray[np.int64]
    vectors: Vectors
    stories: npt.NDArray[np.int32]
    nearest: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ByVector:
    """What n vectors tell.

    Attributes:
        index: of them, by row of the catalog; on the disk.
        nearest: shape (n, m): positions of the nearest others.
        previous: shape (n,): the position of each in the snapshot before, -1 where it or its
            text is new; None where there is no such snapshot.
    """

    index: FaissIndex
    nearest: npt.NDArray[np.int32]
    previous: npt.NDArray[np.int64] | None


def by_vector(
    rows: Ids,
    vectors: Vectors,
    count: int,
    *,
    indexed: Callable[[Ids, Vectors], FaissIndex],
    before: Earlier | None,
    folder: Path,
    steps: Steps,
) -> ByVector:
    """Indexes vectors and finds the `count` nearest, or more, of each.

    Args:
        rows: shape (n,), ascending, the catalog's.
        vectors: shape (n, dim).
        count: at least 1.
        indexed: makes the index.
        before: the snapshot before, whose nearest are brought up to date; None finds all anew.
        folder: on the disk to use; nothing is left in it.
        steps: told of both.
    """
    path = folder / _INDEX
    index = steps.timed("index", lambda: on_disk(indexed(rows, vectors), path))
    previous = None if before is None else _previous(rows, vectors, before)
    kept = None if before is None or previous is None else _went_on(before, previous)
    nearest = steps.timed(
        "graph", lambda: nearest_by_vector(vectors, count, before=kept, searched=index)
    )
    index = FaissIndex.load(path)  # what was read of the file to find them need not stay at hand
    path.unlink()
    return ByVector(index, nearest, previous)


def on_disk(index: FaissIndex, path: Path) -> FaissIndex:
    """The same one, which then takes no memory that the system cannot take back."""
    index.save(path)
    return FaissIndex.load(path)


def _previous(rows: Ids, vectors: Vectors, before: Earlier) -> npt.NDArray[np.int64]:
    place, same = located(rows, before.rows)
    for start in range(0, len(rows), _BLOCK):
        here = slice(start, start + _BLOCK)
        same[here] &= (before.vectors[place[here]] == vectors[here]).all(axis=1)
    return np.where(same, place, -1)


def _went_on(before: Earlier, previous: npt.NDArray[np.int64]) -> Before:
    now = np.full(len(before.rows), -1, dtype=np.int64)
    there = np.flatnonzero(previous >= 0)
    now[previous[there]] = there
    return Before(before.nearest, now)
