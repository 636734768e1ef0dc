"""From an article's id to its position in a snapshot, and back, without a dictionary in memory."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xxhash

from index.ascending import located
from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.packed import Packed, pack, read_packed, write_packed
from recommender.articles.renumbered import Renumbered

_BITS = 64  # of a hash
_OFF = 16


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The ids of n articles, in the order of their positions.

    Attributes:
        ids: n ids, UTF-8.
        hashes: shape (n,), uint64, ascending: XXH3 of the ids.
        positions: shape (n,), int32: the position of the article behind each hash.
    """

    ids: Packed
    hashes: npt.NDArray[np.uint64]
    positions: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.hashes)

    def at(self, position: int) -> str:
        """The id of the article at `position`."""
        return self.ids[position].decode()

    def position(self, article_id: str) -> int | None:
        """Where the article stands; None where there is none of this id."""
        count = len(self.hashes)
        if not count:
            return None
        encoded = article_id.encode()
        wanted = xxhash.xxh3_64_intdigest(encoded)
        hashes = self.hashes.data  # whose numbers are Python's: half the time of numpy's
        place = _first_of(hashes, wanted)
        while place < count and hashes[place] == wanted:
            position: int = self.positions.item(place)
            if self.ids[position] == encoded:
                return position
            place += 1  # two ids of one hash stand beside each other
        return None

    def places(self, ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """Of many ids at once: the position of each; -1 where there is no article of that id."""
        encoded = [one.encode() for one in ids]
        place, there = located(_hashes(encoded), self.hashes)
        found = np.full(len(ids), -1, dtype=np.int64)
        found[there] = self.positions[place[there]]
        for one in np.flatnonzero(there).tolist():
            if self.ids[found[one]] != encoded[one]:  # another id of the same hash
                position = self.position(ids[one])
                found[one] = -1 if position is None else position
        return found


def _first_of(hashes: memoryview, wanted: int) -> int:
    """As `bisect_left`, which would touch memory from one end to the other."""
    # hashes lie as evenly as chance has them: a few times the root of their number off, at most
    count = len(hashes)
    about, off = wanted * count >> _BITS, _OFF + 2 * math.isqrt(count)
    low, high = max(about - off, 0), min(about + off, count)
    if (low and hashes[low - 1] >= wanted) or (high < count and hashes[high] < wanted):
        return bisect_left(hashes, wanted)
    return bisect_left(hashes, wanted, low, high)


def identifiers(ids: Sequence[str]) -> Identifiers:
    """The lookup of `ids`, whose order is their positions."""
    encoded = [one.encode() for one in ids]
    return _by_hash(pack(encoded), _hashes(encoded))


def merged_identifiers(kept: Identifiers, fresh: Identifiers, order: Renumbered) -> Identifiers:
    """The lookup of what is left of both."""
    return _by_hash(
        order.packed(kept.ids, fresh.ids), order.rows(_in_order(kept), _in_order(fresh))
    )


def _by_hash(ids: Packed, hashes: npt.NDArray[np.uint64]) -> Identifiers:
    order = np.argsort(hashes, kind="stable")
    return Identifiers(ids, hashes[order], order.astype(np.int32))


def _in_order(made: Identifiers) -> npt.NDArray[np.uint64]:
    """The hashes by position."""
    hashes = np.empty(len(made), dtype=np.uint64)
    hashes[made.positions] = made.hashes
    return hashes


def _hashes(encoded: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    return np.fromiter(map(xxhash.xxh3_64_intdigest, encoded), np.uint64, len(encoded))


def write_identifiers(made: Identifiers, draft: Draft, name: str = "ids") -> None:
    """As the parts `name`.* of a snapshot."""
    write_packed(made.ids, draft, name)
    np.save(draft.path(f"{name}.hashes.npy"), made.hashes)
    np.save(draft.path(f"{name}.positions.npy"), made.positions)


def read_identifiers(snapshot: Snapshot, name: str = "ids") -> Identifiers:
    """What `write_identifiers` wrote, memory-mapped."""
    return Identifiers(
        read_packed(snapshot, name),
        read_array(snapshot, f"{name}.hashes"),
        read_array(snapshot, f"{name}.positions"),
    )
