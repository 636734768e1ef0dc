"""Which articles of a corpus may be copies of each other: those that share rare shingles."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from recommender.similarity.sketches import Positions, Sketches

Pairs = tuple[Positions, Positions]
"""Positions of the one and of the other of each pair; those given back have the lower one first."""

LEAST_SHARED = 4
"""Shingles of a sample; two that are called copies share more."""

_FEW = 8  # of so many articles with the same shingle, every two become a pair
_PART = 1 << 23  # shingles, and pairs, that are sorted at once: some 300 MB
_BLOCK = 1 << 16  # articles whose shingles are looked through at once

_Keys = npt.NDArray[np.uint64]
_HALF = np.uint64(32)


@dataclass(frozen=True, slots=True)
class _Sharing:
    """Where shingles stand that several articles have, shingle after shingle.

    Pairs are made of it when they are counted: a catalog of copies has many more of them.

    Attributes:
        articles: shape (m,), uint32, ascending for each shingle.
        partners: shape (m,), uint8: with how many of the next ones each makes a pair.
    """

    articles: npt.NDArray[np.uint32]
    partners: npt.NDArray[np.uint8]

    def pairs(self, first: int, last: int) -> _Keys:
        """Those whose lower article is from `first` to below `last`, once for each shingle."""
        at = np.flatnonzero((self.articles >= first) & (self.articles < last))
        found = []
        for further in range(1, _FEW):
            at = at[self.partners[at] >= further]
            low, high = self.articles[at], self.articles[at + further]
            found.append((low.astype(np.uint64) << _HALF) | high)
        return np.concatenate(found)


def boilerplate_above(count: int) -> int:
    """A shingle in more articles than this, of `count`, is no text of theirs: square root, 50."""
    return max(50, int(count**0.5))


def likely_copies(sketches: Sketches, most: int) -> tuple[Pairs, npt.NDArray[np.uint32]]:
    """Pairs that share enough shingles to be worth a comparison, or all their words.

    Where more than a few articles share a shingle, each is paired with the next one only: of
    many copies not every two become a pair, but they hang together.

    Args:
        sketches: of the articles.
        most: see `boilerplate_above`.

    Returns:
        The pairs, each once; and the shingles, ascending, that are boilerplate and did not count.
    """
    parts = 1 << (len(sketches.hashes) // _PART).bit_length()
    sharing, boilerplate = [], []
    for part in range(parts):
        shared, too_common = _shared(_part_of(sketches, part, parts), most)
        sharing.append(shared)
        boilerplate.append(too_common)
    ends = _ranges(sharing, len(sketches))
    often = [_often([one.pairs(*here) for one in sharing]) for here in pairwise(ends)]
    return split(_distinct(*often, _equal(sketches))), np.sort(np.concatenate(boilerplate))


def split(pairs: _Keys) -> Pairs:
    """Pairs that were written as one number each."""
    return (pairs >> _HALF).astype(np.int64), (pairs & np.uint64(2**32 - 1)).astype(np.int64)


def merged(left: Positions, right: Positions) -> _Keys:
    """Each pair as one number, the lower position first; no pair twice, none with itself."""
    low, high = np.minimum(left, right), np.maximum(left, right)
    return _distinct(((low.astype(np.uint64) << _HALF) | high.astype(np.uint64))[low != high])


def _part_of(sketches: Sketches, part: int, parts: int) -> _Keys:
    """One of a power of two parts of all shingles, ascending, with the articles they stand in."""
    found = []
    for start in range(0, len(sketches), _BLOCK):
        ends = sketches.ends[start : start + _BLOCK + 1]
        hashes = sketches.hashes[ends[0] : ends[-1]]
        own = hashes & np.uint32(parts - 1) == part
        article = np.repeat(np.arange(start, start + len(ends) - 1, dtype=np.uint32), np.diff(ends))
        found.append((hashes[own].astype(np.uint64) << _HALF) | article[own])
    keys = np.concatenate([np.empty(0, dtype=np.uint64), *found])
    keys.sort()
    return keys


def _shared(keys: _Keys, most: int) -> tuple[_Sharing, npt.NDArray[np.uint32]]:
    """The shingles of `_part_of` that stand in 2 to `most` articles; those that do in more."""
    first = _starts((keys >> _HALF).astype(np.uint32))
    articles = np.diff(first, append=len(keys))
    too_common = (keys[first[articles > most]] >> _HALF).astype(np.uint32)
    telling = (articles > 1) & (articles <= most)
    kept = np.repeat(telling, articles)
    sizes = articles[telling]
    behind = np.repeat(np.cumsum(sizes), sizes) - np.arange(1, sizes.sum() + 1)
    behind = np.minimum(behind, np.repeat(np.where(sizes <= _FEW, _FEW, 1), sizes))
    return _Sharing(keys[kept].astype(np.uint32), behind.astype(np.uint8)), too_common


def _ranges(sharing: list[_Sharing], count: int) -> list[int]:
    """Ends of ranges of articles, the lower ones of not many more than `_PART` pairs each."""
    pairs = np.zeros(count, dtype=np.int64)
    for one in sharing:
        pairs += np.bincount(one.articles, one.partners, minlength=count).astype(np.int64)
    before = np.cumsum(pairs)
    wanted = np.arange(_PART, before.max(initial=0), _PART)
    ends: list[int] = np.unique([0, *np.searchsorted(before, wanted), count]).tolist()
    return ends


def _often(pairs: list[_Keys]) -> _Keys:
    """Those that are there often enough."""
    keys = np.concatenate(pairs)
    keys.sort()
    first = _starts(keys)
    often: _Keys = keys[first[np.diff(first, append=len(keys)) >= LEAST_SHARED]]
    return often


def _equal(sketches: Sketches) -> _Keys:
    """Each article with the first of the same title and body."""
    known = np.flatnonzero(sketches.digests)
    _, first, group = np.unique(sketches.digests[known], return_index=True, return_inverse=True)
    return merged(known[first][group], known)


def _distinct(*keys: _Keys) -> _Keys:
    """All of `keys`, ascending, each once."""
    every = np.sort(np.concatenate(keys))  # numpy's own unique hashes, which takes longer
    return every[_starts(every)]


def _starts(ascending: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.int64]:
    """Where another value begins."""
    begins = np.ones(len(ascending), dtype=np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=begins[1:])
    return np.flatnonzero(begins)
