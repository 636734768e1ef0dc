"""Which articles of a corpus may be copies of each other: those that share rare shingles."""

import numpy as np
import numpy.typing as npt

from recommender.similarity.sketches import Positions, Sketches

Pairs = tuple[Positions, Positions]
"""Positions of the one and of the other of each pair; those given back have the lower one first."""

LEAST_SHARED = 4
"""Shingles of a sample; two that are called copies share more."""

_FEW = 8  # of so many articles with the same shingle, every two become a pair
_PART = 1 << 21  # shingles joined at once: at most some 300 MB, where all have copies

_Keys = npt.NDArray[np.uint64]
_HALF = np.uint64(32)


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
    parts = len(sketches.hashes) // _PART + 1
    owner = np.repeat(np.arange(len(sketches), dtype=np.uint32), np.diff(sketches.ends))
    found: list[tuple[_Keys, npt.NDArray[np.int64]]] = []
    boilerplate: list[npt.NDArray[np.uint32]] = []
    for part in range(parts):
        own = slice(None) if parts == 1 else sketches.hashes % np.uint32(parts) == part
        keys = (sketches.hashes[own].astype(np.uint64) << _HALF) | owner[own]
        keys.sort()
        sharing, too_common = _sharing(keys, most)
        boilerplate.append(too_common)
        pairs = np.sort(_pairs(sharing))
        first = _starts(pairs)
        found.append((pairs[first], np.diff(first, append=len(pairs))))
    often = _often([pairs for pairs, _ in found], [times for _, times in found])
    return split(_distinct(often, _equal(sketches))), np.sort(np.concatenate(boilerplate))


def split(pairs: _Keys) -> Pairs:
    """Pairs that were written as one number each."""
    return (pairs >> _HALF).astype(np.int64), (pairs & np.uint64(2**32 - 1)).astype(np.int64)


def merged(left: Positions, right: Positions) -> _Keys:
    """Each pair as one number, the lower position first; no pair twice, none with itself."""
    low, high = np.minimum(left, right), np.maximum(left, right)
    return _distinct(((low.astype(np.uint64) << _HALF) | high.astype(np.uint64))[low != high])


def _sharing(keys: _Keys, most: int) -> tuple[_Keys, npt.NDArray[np.uint32]]:
    """Those of the ascending `keys` whose shingle stands in 2 to `most` articles; the rest."""
    shingle = keys >> _HALF
    first = _starts(shingle)
    articles = np.diff(first, append=len(keys))
    kept = np.repeat((articles > 1) & (articles <= most), articles)
    return keys[kept], shingle[first[articles > most]].astype(np.uint32)


def _pairs(keys: _Keys) -> _Keys:
    """Pairs of the articles of each shingle, once for every shingle that they share."""
    shingle, article = keys >> _HALF, keys & np.uint64(2**32 - 1)
    first = _starts(shingle)
    articles = np.diff(first, append=len(keys))
    few = np.repeat(articles <= _FEW, articles)
    pairs = []
    for further in range(1, _FEW):
        same = shingle[further:] == shingle[:-further]
        if further > 1:
            same &= few[further:]
        pairs.append((article[:-further][same] << _HALF) | article[further:][same])
    return np.concatenate(pairs)


def _often(keys: list[_Keys], counts: list[npt.NDArray[np.int64]]) -> _Keys:
    """Keys whose counts add up to enough."""
    every, times = np.concatenate(keys), np.concatenate(counts)
    order = np.argsort(every)
    every, before = every[order], np.concatenate([[0], np.cumsum(times[order])])
    first = _starts(every)
    sums = np.diff(before[np.append(first, len(every))])
    often: _Keys = every[first[sums >= LEAST_SHARED]]
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


def _starts(ascending: _Keys) -> npt.NDArray[np.int64]:
    """Where another value begins."""
    return np.flatnonzero(np.diff(ascending, prepend=~ascending[:1]))
