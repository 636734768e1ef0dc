"""Where the articles of a snapshot stand in the next one, with others put in between."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from index.ascending import among
from recommender.articles.packed import Packed

_Array = TypeVar("_Array", bound=npt.NDArray[Any])

_BLOCK = 1 << 16  # rows whose positions are looked up at once


@dataclass(frozen=True, slots=True)
class Renumbered:
    """Of n articles before and m that come: the order of what is left of both.

    Attributes:
        now: shape (n,), int64, ascending where it is not -1: the position now, -1 of what went.
        fresh: shape (m,), int64, ascending: the positions of what came.
    """

    now: npt.NDArray[np.int64]
    fresh: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls,
        before: npt.NDArray[np.int64],
        gone: npt.NDArray[np.int64],
        fresh: npt.NDArray[np.int64],
    ) -> "Renumbered":
        """By what articles are ordered by, in snapshots too: their rows in the catalog.

        Args:
            before: shape (n,), ascending.
            gone: ascending; those that are not in `before` are none.
            fresh: shape (m,), ascending; one that is in `before` is gone as well.
        """
        left = ~among(before, gone)
        rows = np.concatenate([before[left], fresh])
        place = np.argsort(np.argsort(rows, kind="stable"), kind="stable")
        now = np.full(len(before), -1, dtype=np.int64)
        now[left] = place[: len(place) - len(fresh)]
        return cls(now, place[len(place) - len(fresh) :])

    def __len__(self) -> int:
        """How many there are now."""
        return int(np.count_nonzero(self.now >= 0)) + len(self.fresh)

    def rows(self, kept: _Array, fresh: _Array) -> _Array:
        """Arrays with a row for each article before, and for each that comes, as one of now."""
        made: Any = np.empty((len(self), *kept.shape[1:]), dtype=kept.dtype)
        for before, now in self._runs():
            made[now] = kept[before]
        made[self.fresh] = fresh
        return made  # type: ignore[no-any-return]  # numpy's shapes are lost on the way

    def positions(self, before: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Positions before, of any shape and padded with -1, as those of now; -1 of what went."""
        now = np.append(self.now, -1).astype(np.int32)  # -1 finds the last
        made = np.empty(before.shape, dtype=np.int32)
        for start in range(0, len(before), _BLOCK):
            here = slice(start, start + _BLOCK)
            made[here] = now[before[here]]
        return made

    def ragged(
        self,
        kept: tuple[_Array, npt.NDArray[np.integer]],
        fresh: tuple[_Array, npt.NDArray[np.integer]],
    ) -> tuple[_Array, npt.NDArray[np.int64]]:
        """As `rows`, where each article has any number of entries.

        Args:
            kept: all entries, and shape (n + 1,): where each article's begin and end.
            fresh: the same of those that come.
        """
        entries, ends = kept
        sizes = self.rows(np.diff(ends), np.diff(fresh[1]))
        now_ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes, dtype=np.int64)])
        made: Any = np.empty(int(now_ends[-1]), dtype=entries.dtype)
        for before, now in self._runs():
            begin, end = now_ends[now.start], now_ends[now.stop]
            made[begin:end] = entries[int(ends[before.start]) : int(ends[before.stop])]
        for row, place in enumerate(self.fresh.tolist()):
            part = fresh[0][int(fresh[1][row]) : int(fresh[1][row + 1])]
            made[now_ends[place] : now_ends[place + 1]] = part
        return made, now_ends

    def packed(self, kept: Packed, fresh: Packed) -> Packed:
        """As `rows`, of strings."""
        return Packed(*self.ragged((kept.text, kept.ends), (fresh.text, fresh.ends)))

    def _runs(self) -> Iterator[tuple[slice, slice]]:
        """Neighbours before that are neighbours now: where they stood, and where they stand."""
        left = np.flatnonzero(self.now >= 0)
        there = self.now[left]
        ends = np.flatnonzero((np.diff(left) != 1) | (np.diff(there) != 1)) + 1
        for start, end in zip([0, *ends.tolist()], [*ends.tolist(), len(left)], strict=True):
            if end > start:
                first, now = int(left[start]), int(there[start])
                count = end - start
                yield slice(first, first + count), slice(now, now + count)
