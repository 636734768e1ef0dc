"""Pairs that no list of candidates had before, once a few articles came and went."""

import numpy as np
import numpy.typing as npt

from recommender.articles.renumbered import Renumbered
from recommender.similarity.compared import are_among

_ROWS = 1 << 14  # whose lists are looked at at once

_Candidates = npt.NDArray[np.int32]
_Positions = npt.NDArray[np.int64]


def entering(
    order: Renumbered,
    kept: _Candidates,
    candidates: _Candidates,
    *,
    nearest: _Candidates,
    earlier: _Candidates,
    always: _Candidates,
) -> tuple[_Positions, _Positions]:
    """Whose list each pair belongs into, and who enters; ascending, each pair once.

    Args:
        order: of what was and what came.
        kept: shape (n, c): the lists of before, padded with -1; nothing of what came.
        candidates: shape (len(order.fresh), d), padded: of what came.
        nearest: shape (n, m): by vector, of now.
        earlier: the same of before.
        always: shape (n, a), padded: these belong in, however unlike.
    """
    fresh, total = order.fresh, len(order)
    row, column = np.nonzero(candidates >= 0)
    other = candidates[row, column].astype(np.int64)
    # both ways: who is near to what came may want it in turn
    pairs = [(fresh[row], other), (other, fresh[row])]
    was = order.rows(
        order.positions(earlier), np.full((len(fresh), earlier.shape[1]), -1, dtype=np.int32)
    )
    for start in range(0, total, _ROWS):
        here = slice(start, start + _ROWS)
        changed = np.flatnonzero((was[here] != nearest[here]).any(axis=1)) + start
        pairs.append(_new_in(nearest[changed], was[changed], changed))
        read = np.flatnonzero((always[here] >= 0).any(axis=1)) + start
        pairs.append(_new_in(always[read], kept[read], read))
    left, right = (np.concatenate(side) for side in zip(*pairs, strict=True))
    keys = np.unique(left * total + right)
    left, right = keys // total, keys % total
    there = np.zeros(len(keys), dtype=np.bool_)
    for start in range(0, len(keys), _ROWS):
        here = slice(start, start + _ROWS)
        there[here] = (kept[left[here]] == right[here, None]).any(axis=1)
    return left[~there], right[~there]


def _new_in(
    lists: _Candidates, before: _Candidates, rows: _Positions
) -> tuple[_Positions, _Positions]:
    """Pairs of the `rows` with what stands in their lists and did not before."""
    line, place = np.nonzero(~are_among(lists, before) & (lists >= 0))
    return rows[line], lists[line, place].astype(np.int64)
