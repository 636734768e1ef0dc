"""What a contestant is, and what it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.protocol import Vectors

Rows = NDArray[np.int64]
"""Rows of the corpus, counted from 0."""

Corpus = TypeVar("Corpus")
Query_contra = TypeVar("Query_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Given(Generic[Corpus]):
    """What a contestant is made of.

    Attributes:
        corpus: all that it is to find: vectors, shape (n, dim), unit rows, memory-mapped; or texts.
        folder: empty, of its own, for one that keeps something on the disk.
        recall: that it will be asked for, in (0, 1]; most cannot be told.
    """

    corpus: Corpus
    folder: Path
    recall: float


class Contestant(Protocol[Query_contra]):
    """Something that finds what is near; made of a `Given`, on all cores.

    Attributes:
        name: as the report calls it, with what is particular to how it was made.
        breadths: how widely it can be told to look, ascending; empty where it cannot.
        tuned: the one that it has found itself as it was built; None where it does not.
        pids: of processes other than this one that work for it.
    """

    name: str
    breadths: Sequence[int]
    tuned: int | None
    pids: Sequence[int]

    def look(self, breadth: int) -> None:
        """Looks so widely from now on; one of `breadths`, or `tuned`."""

    def search(self, query: Query_contra, k: int) -> Rows:
        """The `k` nearest, best first, fewer where there are none: shape (at most k,)."""

    def bytes_read(self, query: Query_contra, k: int) -> float | None:
        """Bytes of the corpus that the search had to read; None where the library does not tell."""

    def bytes_on_disk(self) -> int:
        """Of what it keeps outside of the folder that it was given."""

    def close(self) -> None:
        """Ends what it started."""


class Plain:
    """What most of them have in common: one process, one breadth, and no word of what was read."""

    breadths: Sequence[int] = ()
    tuned: int | None = None
    pids: Sequence[int] = ()

    def look(self, breadth: int) -> None:
        """See `Contestant.look`."""
        raise ValueError(f"{type(self).__name__} has no breadth {breadth}")

    def bytes_on_disk(self) -> int:
        """See `Contestant.bytes_on_disk`."""
        return 0

    def close(self) -> None:
        """See `Contestant.close`."""


class Exhaustive(Plain):
    """Compares all vectors, of which it keeps float32 copies."""

    def __init__(self, vectors: Vectors) -> None:
        self._bytes = vectors.nbytes

    def bytes_read(self, _: Vectors, __: int) -> float | None:
        """See `Contestant.bytes_read`."""
        return float(self._bytes)


class Untold(Plain):
    """Its library does not tell what a search has read."""

    def bytes_read(self, _: object, __: int) -> float | None:
        """See `Contestant.bytes_read`."""
        return None


BREADTHS = tuple(dict.fromkeys(int(10 * 1.25**step) for step in range(27)))
"""10 to some 3,300, each a quarter wider than the one before."""

LISTS = tuple(dict.fromkeys(int(1.5**step) for step in range(18)))
"""1 to some 1,000 lists of an inverted file."""
