"""Many short byte strings in two arrays, so that a million of them can be memory-mapped."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.grown import Grown


@dataclass(frozen=True)
class Packed:
    """n byte strings in order.

    Attributes:
        text: all of them one after the other, uint8.
        ends: shape (n + 1,), int64: where each begins and ends in `text`.
    """

    text: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, position: int) -> bytes:
        text, ends = self._views
        return bytes(text[ends[position] : ends[position + 1]])

    def several(self, positions: Iterable[int]) -> list[bytes]:
        """Those at `positions`."""
        text, ends = self._views
        return [bytes(text[ends[one] : ends[one + 1]]) for one in positions]

    @cached_property
    def _views(self) -> tuple[memoryview, memoryview]:
        # of these a string is taken in a fifth of the time
        return self.text.data, self.ends.data


def pack(strings: Iterable[bytes]) -> Packed:
    """`strings` in their order."""
    kept = list(strings)
    ends = np.zeros(len(kept) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, kept), np.int64, len(kept)), out=ends[1:])
    return Packed(np.frombuffer(b"".join(kept), dtype=np.uint8), ends)


class PackedMaker:
    """Byte strings, one batch after the other."""

    def __init__(self) -> None:
        self._text, self._sizes = Grown(np.uint8), Grown(np.int64)

    def add(self, strings: Packed) -> None:
        """The next ones."""
        self._text.add(strings.text)
        self._sizes.add(np.diff(strings.ends))

    def made(self) -> Packed:
        """All of them; afterwards there are none."""
        ends = np.cumsum(np.concatenate([np.zeros(1, np.int64), self._sizes.made()]))
        return Packed(self._text.made(), ends)


def write_packed(packed: Packed, draft: Draft, name: str) -> None:
    """As the parts `name`.text and `name`.ends of a snapshot."""
    np.save(draft.path(f"{name}.text.npy"), packed.text)
    np.save(draft.path(f"{name}.ends.npy"), packed.ends)


def read_packed(snapshot: Snapshot, name: str) -> Packed:
    """What `write_packed` wrote, memory-mapped."""
    return Packed(
        read_array(snapshot, f"{name}.text"),
        read_array(snapshot, f"{name}.ends"),
    )
