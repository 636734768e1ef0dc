"""Copies after a few articles came and went: only what may be a copy of those is looked at."""

import numpy as np
import numpy.typing as npt

from index.ascending import among
from recommender.articles.renumbered import Renumbered
from recommender.similarity.duplicates import Copies, copies_among
from recommender.similarity.likely_copies import LEAST_SHARED, boilerplate_above
from recommender.similarity.sketches import Sketches

_BLOCK = 1 << 24  # shingles looked at at once
_TABLE_BITS = 24


def changed_copies(before: Copies, sketches: Sketches, order: Renumbered) -> Copies:
    """The copies among all articles of now.

    What is boilerplate stays so, and becomes so at the next whole rebuild.

    Args:
        before: those of before.
        sketches: of all articles of now.
        order: of both.
    """
    groups = order.rows(order.positions(before.groups), order.fresh.astype(np.int32))
    canonical = order.rows(order.positions(before.canonical), order.fresh.astype(np.int32))
    seen = np.zeros(len(order), dtype=np.bool_)
    seen[order.fresh] = True
    seen[groups < 0] = True  # the first of the group went
    seen[canonical < 0] = True
    seen |= _alike(sketches, order.fresh, before.boilerplate)
    old = np.flatnonzero(order.now >= 0)
    # a group is looked at as a whole
    touched = np.unique(before.groups[old[seen[order.now[old]]]])
    seen[order.now[old[among(before.groups[old], touched)]]] = True
    rows = np.flatnonzero(seen)
    found = copies_among(
        sketches.take(rows).without(before.boilerplate), boilerplate_above(len(order))
    )
    # rows ascend, so the lowest among them is the lowest of all
    groups[rows], canonical[rows] = rows[found.groups], rows[found.canonical]
    return Copies(groups, canonical, before.boilerplate)


def _alike(
    sketches: Sketches, fresh: npt.NDArray[np.int64], boilerplate: npt.NDArray[np.uint32]
) -> npt.NDArray[np.bool_]:
    """Articles with enough shingles that stand in fresh ones too, or with the words of one."""
    came = sketches.take(fresh)
    shingles = np.setdiff1d(came.hashes, boilerplate)
    table = np.zeros(1 << _TABLE_BITS, dtype=np.bool_)
    beside = np.uint32(32 - _TABLE_BITS)
    table[shingles >> beside] = True
    shared = np.zeros(len(sketches), dtype=np.int64)
    for start in range(0, len(sketches.hashes), _BLOCK):
        block = sketches.hashes[start : start + _BLOCK]
        # most are none of theirs, which the table tells in a fraction of the time
        likely = np.flatnonzero(table[block >> beside])
        there = start + likely[among(block[likely], shingles)]
        owners = np.searchsorted(sketches.ends, there, side="right") - 1
        shared += np.bincount(owners, minlength=len(sketches))
    equal = among(sketches.digests, np.unique(came.digests)) & (sketches.digests != 0)
    found: npt.NDArray[np.bool_] = (shared >= LEAST_SHARED) | equal
    return found
