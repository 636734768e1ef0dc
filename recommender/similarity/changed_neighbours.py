"""Candidates after a few articles came and went: only pairs that are new are compared.

What stays as it was until the next whole rebuild: the neighbours whose vectors expand an earlier
article, its density, and the background.
"""

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from index.protocol import Vectors
from recommender.articles.renumbered import Renumbered
from recommender.similarity.cores import on_cores
from recommender.similarity.expansion import (
    FIRST_NEIGHBOURS,
    NEIGHBOURS,
    Expansion,
    add_neighbours,
    density_of,
    expansion_of,
    first_nearness,
    nearness,
    unexpanded,
)
from recommender.similarity.neighbours import Neighbours, joined
from recommender.similarity.pairs import (
    TEXT_SIGNALS,
    PairSignals,
    PlainSignals,
    Texts,
    plain_signals,
    stacked,
)

_BLOCK = 512  # articles whose candidates are compared at once
_ROWS = 1 << 14  # whose lists are looked at at once
_LAST = np.iinfo(np.int32).max

_Candidates = npt.NDArray[np.int32]
_Positions = npt.NDArray[np.int64]
_Scores = npt.NDArray[np.float32]


def changed_neighbours(
    before: Neighbours,
    order: Renumbered,
    texts: Texts,
    count: int,
    *,
    nearest: _Candidates,
    earlier: _Candidates,
    lexical: _Candidates,
    always: _Candidates,
) -> Neighbours:
    """The `count` nearest others of each article of now with all signals of those pairs.

    Args:
        before: those of before.
        order: of both.
        texts: of all articles of now.
        count: at least 1.
        nearest: shape (n, m): by vector, of now.
        earlier: the same of before.
        lexical: shape (len(order.fresh), l), padded with -1: those that share words with what came.
        always: shape (n, a), padded with -1: these are kept, however unlike.
    """
    fresh = order.fresh
    candidates = joined(joined(nearest[fresh], lexical), always[fresh])
    known = _Expanded(texts.vectors, _carried(before.expansion, order))
    _expand(known, texts, fresh, candidates)
    kept = order.positions(before.positions)
    lost = (kept < 0) & (before.positions >= 0)
    kept = order.rows(kept, np.full((len(fresh), kept.shape[1]), -1, dtype=np.int32))
    short = np.zeros(len(order), dtype=np.bool_)
    short[order.now[lost.any(axis=1) & (order.now >= 0)]] = True
    left, right = _entering(
        order, kept, candidates, nearest=nearest, earlier=earlier, always=always
    )
    rows = _Rows(before, order, kept, short=short, count=count, always=always)
    rows.put(fresh, left, right, _signals(known, texts, left, right))
    return Neighbours(
        *rows.made(), expansion=known.expansion, background=before.background, nearest=nearest
    )


class _Expanded:
    """The expansions of all articles, and the vectors that they make."""

    def __init__(self, vectors: Vectors, expansion: Expansion) -> None:
        self._vectors = vectors
        self.expansion = expansion

    def at(self, positions: _Positions) -> Vectors:
        """Shape (len(positions), dim)."""
        near = self._vectors[np.maximum(self.expansion.neighbours[positions], 0)]
        weights = self.expansion.weights[positions]
        return add_neighbours(self._vectors[positions], near, weights)

    def cosines(self, left: _Positions, right: _Positions) -> _Scores:
        """Of pairs; shape (len(left),)."""
        rows, of = np.unique(np.concatenate([left, right]), return_inverse=True)
        made = self.at(rows)
        found: _Scores = np.einsum("ij,ij->i", made[of[: len(left)]], made[of[len(left) :]])
        return found


def _carried(expansion: Expansion, order: Renumbered) -> Expansion:
    none = unexpanded(len(order.fresh))
    neighbours = order.rows(order.positions(expansion.neighbours), none.neighbours)
    weights = order.rows(expansion.weights, none.weights)
    weights[neighbours < 0] = 0
    return Expansion(neighbours, weights, order.rows(expansion.density, none.density))


def _expand(known: _Expanded, texts: Texts, fresh: _Positions, candidates: _Candidates) -> None:
    """What came, in two rounds as at a whole rebuild, by the densities that are known."""
    made, there = known.expansion, candidates >= 0
    plain = PlainSignals(*(np.zeros(candidates.shape, dtype=np.float32) for _ in range(4)))

    def compare(here: slice) -> None:
        row, column = np.nonzero(there[here])
        other = candidates[here][row, column]
        part = plain_signals(texts, fresh[here][row], texts, other)
        for one in fields(PlainSignals):
            getattr(plain, one.name)[here][row, column] = getattr(part, one.name)

    on_cores(compare, len(fresh), _BLOCK)
    near = first_nearness(plain.dense, plain.lexical, plain.title)
    for neighbours in (FIRST_NEIGHBOURS, NEIGHBOURS):
        near = np.where(there, near, np.float32(-np.inf))
        density = density_of(near)
        made.density[fresh] = density
        part = expansion_of(near, candidates, density, made.density, count=neighbours)
        made.neighbours[fresh], made.weights[fresh] = part.neighbours, part.weights
        if neighbours == NEIGHBOURS:
            return
        cosines = np.zeros(candidates.shape, dtype=np.float32)

        def weigh(here: slice, into: _Scores = cosines) -> None:
            row, column = np.nonzero(there[here])
            other = candidates[here][row, column].astype(np.int64)
            into[here][row, column] = known.cosines(fresh[here][row], other)

        on_cores(weigh, len(fresh), _BLOCK)
        near = nearness(cosines, plain.lexical)


def _entering(
    order: Renumbered,
    kept: _Candidates,
    candidates: _Candidates,
    *,
    nearest: _Candidates,
    earlier: _Candidates,
    always: _Candidates,
) -> tuple[_Positions, _Positions]:
    """Pairs that no list has yet: whose list each belongs into, and who; ascending, each once."""
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
    line, place = np.nonzero(_not_among(lists, before))
    return rows[line], lists[line, place].astype(np.int64)


def _not_among(lists: _Candidates, before: _Candidates) -> npt.NDArray[np.bool_]:
    """Which entries of each row do not stand in the same row of `before`; False where padded."""
    row = np.arange(len(lists), dtype=np.int64)[:, None] << 32
    found: npt.NDArray[np.bool_] = ~np.isin(row + lists, (row + before)[before >= 0])
    return found & (lists >= 0)


def _signals(known: _Expanded, texts: Texts, left: _Positions, right: _Positions) -> PairSignals:
    made = np.empty((len(TEXT_SIGNALS), len(left)), dtype=np.float32)
    density = known.expansion.density

    def compare(here: slice) -> None:
        one, other = left[here], right[here]
        both = (density[one] + density[other]) / np.float32(2)
        made[:, here] = stacked(
            known.cosines(one, other), plain_signals(texts, one, texts, other), both
        )

    on_cores(compare, len(left), _BLOCK * 100)
    return made


class _Rows:
    """Positions and signals of all articles, see `Neighbours`."""

    def __init__(
        self,
        before: Neighbours,
        order: Renumbered,
        kept: _Candidates,
        *,
        short: npt.NDArray[np.bool_],
        count: int,
        always: _Candidates,
    ) -> None:
        self._before, self._order, self._kept = before, order, kept
        self._short, self._count, self._always = short, count, always
        self._parts: list[tuple[_Positions, _Candidates, npt.NDArray[np.float16]]] = []

    def put(
        self, fresh: _Positions, left: _Positions, right: _Positions, signals: PairSignals
    ) -> None:
        """Chooses anew for whom something entered, or who lost one."""
        touched = np.union1d(np.union1d(left, np.flatnonzero(self._short)), fresh)
        first = np.searchsorted(left, touched)
        sizes = np.searchsorted(left, touched, side="right") - first
        was = np.full(len(self._order), -1, dtype=np.int64)
        was[self._order.now[self._order.now >= 0]] = np.flatnonzero(self._order.now >= 0)
        for start in range(0, len(touched), _BLOCK):
            here = slice(start, start + _BLOCK)
            rows, width = touched[here], int(sizes[here].max())
            old = self._kept[rows]
            positions = np.full((len(rows), old.shape[1] + width), -1, dtype=np.int32)
            values = np.zeros((len(rows), len(TEXT_SIGNALS), positions.shape[1]), dtype=np.float16)
            positions[:, : old.shape[1]] = old
            values[:, :, : old.shape[1]] = self._before.signals[np.maximum(was[rows], 0)]
            many = sizes[here]
            line = np.repeat(np.arange(len(rows)), many)
            entry = np.arange(len(line)) - np.repeat(np.cumsum(many) - many, many)
            place = np.repeat(first[here], many) + entry
            positions[line, old.shape[1] + entry] = right[place]
            values[line, :, old.shape[1] + entry] = signals[:, place].T
            self._parts.append((rows, *self._best(rows, positions, values)))

    def _best(
        self, rows: _Positions, positions: _Candidates, values: npt.NDArray[np.float16]
    ) -> tuple[_Candidates, npt.NDArray[np.float16]]:
        there = positions >= 0
        expanded = values[:, TEXT_SIGNALS.index("expanded")].astype(np.float32)
        lexical = values[:, TEXT_SIGNALS.index("lexical")].astype(np.float32)
        near = np.where(there, nearness(expanded, lexical), np.float32(-np.inf))
        ranks = np.lexsort((positions, -near), axis=1)
        chosen = np.zeros(positions.shape, dtype=np.bool_)
        np.put_along_axis(chosen, ranks[:, : self._count], values=True, axis=1)
        chosen |= ~_not_among(positions, self._always[rows])
        chosen &= there
        best = np.argsort(np.where(chosen, positions, _LAST), axis=1, kind="stable")
        kept = np.take_along_axis(chosen, best, axis=1)
        found = np.where(kept, np.take_along_axis(positions, best, axis=1), -1)
        width = int(kept.sum(axis=1).max(initial=0))
        signals = np.take_along_axis(values, best[:, None], axis=2)
        signals[~np.broadcast_to(kept[:, None], signals.shape)] = 0
        return found[:, :width], signals[:, :, :width]

    def made(self) -> tuple[_Candidates, npt.NDArray[np.float16]]:
        """All of them, those that nothing entered as they were."""
        before, order = self._before.signals, self._order
        width = max([self._kept.shape[1], *(part[1].shape[1] for part in self._parts)])
        positions = _widened(self._kept, width)
        none = np.zeros((len(order.fresh), *before.shape[1:]), dtype=np.float16)
        signals = _widened(order.rows(before, none), width, 0)
        for rows, found, values in self._parts:
            positions[rows], signals[rows] = _widened(found, width), _widened(values, width, 0)
        used = int((positions >= 0).any(axis=0).sum())  # padding stands at the end
        return positions[:, :used], signals[:, :, :used]


def _widened(array: Any, width: int, fill: int = -1) -> Any:
    """Padded behind up to `width`."""
    behind = [(0, 0)] * (array.ndim - 1) + [(0, width - array.shape[-1])]
    return np.pad(array, behind, constant_values=fill) if width > array.shape[-1] else array
