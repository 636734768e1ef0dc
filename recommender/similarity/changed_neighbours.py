"""Candidates after a few articles came and went: only pairs that are new are compared.

An article that what came is among the very nearest of, or whose nearest went, is expanded anew as
at a whole rebuild; for whom that changes something in turn finds out at the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from index.ascending import among
from index.protocol import Vectors
from recommender.articles.renumbered import Renumbered
from recommender.similarity.compared import best_of, ranked
from recommender.similarity.cores import on_cores
from recommender.similarity.entering import entering
from recommender.similarity.expansion import (
    FIRST_NEIGHBOURS,
    NEAREST,
    Expansion,
    add_neighbours,
    density_of,
    expansion_of,
    first_nearness,
    nearness,
    unexpanded,
)
from recommender.similarity.neighbours import GoingOn, Neighbours, joined
from recommender.similarity.pairs import (
    TEXT_SIGNALS,
    PlainSignals,
    Texts,
    plain_signals,
)

_BLOCK = 512  # articles whose candidates are looked at at once
_PAIRS = 1 << 16  # compared at once

_PLAIN = tuple(TEXT_SIGNALS.index(one.name) for one in fields(PlainSignals))
_EXPANDED, _DENSITY = TEXT_SIGNALS.index("expanded"), TEXT_SIGNALS.index("density")

_Candidates = npt.NDArray[np.int32]
_Positions = npt.NDArray[np.int64]
_Scores = npt.NDArray[np.float32]
_Signals = npt.NDArray[np.float16]


def changed_neighbours(
    before: Neighbours,
    going_on: GoingOn,
    order: Renumbered,
    texts: Texts,
    *,
    count: int,
    nearest: _Candidates,
    lexical: _Candidates,
    always: _Candidates,
) -> Neighbours:
    """The `count` nearest others of each article of now with all signals of those pairs.

    The background stays as it was.

    Args:
        before: those of before.
        going_on: what was kept with them.
        order: of both.
        texts: of all articles of now.
        count: at least 1; as it was before.
        nearest: shape (n, m): by vector, of now.
        lexical: shape (len(order.fresh), l), padded with -1: those that share words with what came.
        always: shape (n, a), padded with -1: these are kept, however unlike.
    """
    candidates = joined(joined(nearest[order.fresh], lexical), always[order.fresh])
    none = np.full((len(order.fresh), before.positions.shape[1]), -1, dtype=np.int32)
    kept = order.rows(order.positions(before.positions), none)
    pairs = entering(
        order, kept, candidates, nearest=nearest, earlier=going_on.nearest, always=always
    )
    lists = _Lists(before, order, kept, pairs, _plain(texts, *pairs))
    first = _Expanded(texts.vectors, _carried(going_on.first, order))
    known = _Expanded(texts.vectors, _carried(before.expansion, order))
    anew = _expand_first(lists, first, known)
    _expand(lists, anew, first, known)
    positions, signals = _best(lists, anew, known, count, always)
    return Neighbours(
        positions,
        signals,
        known.expansion,
        before.background,
        GoingOn(nearest, first.expansion),
    )


class _Expanded:
    """The expansions of all articles, and the vectors that they make."""

    def __init__(self, vectors: Vectors, expansion: Expansion) -> None:
        self._vectors = vectors
        self.expansion = expansion

    def cosines(self, left: _Positions, right: _Positions) -> _Scores:
        """Of pairs; shape (len(left),)."""
        found = np.empty(len(left), dtype=np.float32)
        for start in range(0, len(left), _PAIRS):
            here = slice(start, start + _PAIRS)
            both = np.concatenate([left[here], right[here]])
            rows, of = np.unique(both, return_inverse=True)
            made, count = self._at(rows), len(left[here])
            found[here] = np.vecdot(made[of[:count]], made[of[count:]])
        return found

    def of_lists(self, rows: _Positions, positions: _Candidates) -> _Scores:
        """Of each of the rows with its candidates; 0 where padded."""
        line, column = np.nonzero(positions >= 0)
        found = np.zeros(positions.shape, dtype=np.float32)
        other = positions[line, column].astype(np.int64)
        found[line, column] = self.cosines(rows[line], other)
        return found

    def put(self, rows: _Positions, made: Expansion) -> None:
        """That of some articles."""
        self.expansion.neighbours[rows] = made.neighbours
        self.expansion.weights[rows] = made.weights
        self.expansion.density[rows] = made.density

    def _at(self, rows: _Positions) -> Vectors:
        near = self._vectors[np.maximum(self.expansion.neighbours[rows], 0)]
        return add_neighbours(self._vectors[rows], near, self.expansion.weights[rows])


@dataclass(frozen=True, slots=True)
class _Block:
    """Some articles with all their candidates.

    Attributes:
        rows: shape (b,), their positions.
        positions: shape (b, c), padded with -1 anywhere.
        values: shape (b, len(TEXT_SIGNALS), c), float32: the signals of those of before; of those
            that enter the plain ones.
        enters: shape (b, c): which of them enter.
    """

    rows: _Positions
    positions: _Candidates
    values: _Scores
    enters: npt.NDArray[np.bool_]

    def near(self, scores: _Scores) -> _Scores:
        """`scores`, -inf where padded."""
        found: _Scores = np.where(self.positions >= 0, scores, np.float32(-np.inf))
        return found


class _Lists:
    """The candidates of before and those that enter, of the articles that this changes.

    Attributes:
        touched: ascending: what came, and who has a candidate more or less.
        kept: shape (n, c): those of before, -1 in the place of what went.
        signals: shape (n, len(TEXT_SIGNALS), c): theirs.
    """

    def __init__(
        self,
        before: Neighbours,
        order: Renumbered,
        kept: _Candidates,
        pairs: tuple[_Positions, _Positions],
        plain: _Scores,
    ) -> None:
        left, self._right = pairs
        none = np.zeros((len(order.fresh), *before.signals.shape[1:]), dtype=np.float16)
        self.kept, self.signals = kept, order.rows(before.signals, none)
        self._plain = plain
        gone = np.zeros(len(before.positions), dtype=np.bool_)
        for start in range(0, len(gone), _BLOCK):
            here = slice(start, start + _BLOCK)
            was = before.positions[here]
            gone[here] = ((order.now[was] < 0) & (was >= 0)).any(axis=1)
        lost = order.now[gone & (order.now >= 0)]
        self.touched = np.union1d(np.union1d(left, lost), order.fresh)
        self._first = np.searchsorted(left, self.touched)
        self._many = np.searchsorted(left, self.touched, side="right") - self._first

    def blocks(self, rows: _Positions) -> Iterator[_Block]:
        """Of some of the touched, ascending; a `_Block` after the other."""
        places = np.searchsorted(self.touched, rows)
        for start in range(0, len(rows), _BLOCK):
            yield self._block(places[start : start + _BLOCK])

    def _block(self, places: _Positions) -> _Block:
        rows, many = self.touched[places], self._many[places]
        old = self.kept[rows]
        width = old.shape[1]
        positions = np.full((len(rows), width + int(many.max())), -1, dtype=np.int32)
        values = np.zeros((len(rows), len(TEXT_SIGNALS), positions.shape[1]), dtype=np.float32)
        positions[:, :width], values[:, :, :width] = old, self.signals[rows]
        line = np.repeat(np.arange(len(rows)), many)
        entry = np.arange(len(line)) - np.repeat(np.cumsum(many) - many, many)
        pair = np.repeat(self._first[places], many) + entry
        positions[line, width + entry] = self._right[pair]
        values[line[:, None], _PLAIN, width + entry[:, None]] = self._plain[:, pair].T
        enters = positions >= 0
        enters[:, :width] = False
        return _Block(rows, positions, values, enters)


def _carried(expansion: Expansion, order: Renumbered) -> Expansion:
    none = unexpanded(len(order.fresh))
    neighbours = order.rows(order.positions(expansion.neighbours), none.neighbours)
    weights = order.rows(expansion.weights, none.weights)
    weights[neighbours < 0] = 0
    return Expansion(neighbours, weights, order.rows(expansion.density, none.density))


def _plain(texts: Texts, left: _Positions, right: _Positions) -> _Scores:
    """The plain signals of pairs; shape (4, len(left))."""
    made = np.empty((len(_PLAIN), len(left)), dtype=np.float32)

    def compare(here: slice) -> None:
        part = plain_signals(texts, left[here], texts, right[here])
        for row, one in enumerate(fields(PlainSignals)):
            made[row, here] = getattr(part, one.name)

    on_cores(compare, len(left), _PAIRS)
    return made


def _expand_first(lists: _Lists, first: _Expanded, known: _Expanded) -> _Positions:
    """The first round, of those that are expanded anew: these are given back."""
    anew = []
    made = []
    lexical, dense, title = (TEXT_SIGNALS.index(one) for one in ("lexical", "dense", "title"))
    for block in lists.blocks(lists.touched):
        values = block.values
        near = block.near(first_nearness(values[:, dense], values[:, lexical], values[:, title]))
        wanted = min(NEAREST, near.shape[1])
        best = np.argpartition(-near, wanted - 1, axis=1)[:, :wanted]
        some = np.take_along_axis(block.enters, best, axis=1).any(axis=1)
        for one in (first.expansion, known.expansion):  # whose neighbour went
            some |= (one.neighbours[block.rows, :FIRST_NEIGHBOURS] < 0).any(axis=1)
        density = density_of(near[some])
        first.expansion.density[block.rows[some]] = density
        anew.append(block.rows[some])
        made.append((near[some], block.positions[some], density))
    for rows, (near, positions, density) in zip(anew, made, strict=True):
        first.put(
            rows,
            expansion_of(near, positions, density, first.expansion.density, count=FIRST_NEIGHBOURS),
        )
    return np.concatenate([np.empty(0, dtype=np.int64), *anew])


def _expand(lists: _Lists, anew: _Positions, first: _Expanded, known: _Expanded) -> None:
    """The second round, of those that are expanded anew."""
    lexical = TEXT_SIGNALS.index("lexical")
    found = []
    for block in lists.blocks(anew):
        cosines = first.of_lists(block.rows, block.positions)
        near = block.near(nearness(cosines, block.values[:, lexical]))
        density = density_of(near)
        known.expansion.density[block.rows] = density
        found.append((block.rows, near, block.positions, density))
    for rows, near, positions, density in found:
        known.put(rows, expansion_of(near, positions, density, known.expansion.density))


def _best(
    lists: _Lists, anew: _Positions, known: _Expanded, count: int, always: _Candidates
) -> tuple[_Candidates, _Signals]:
    """All lists, those that nothing changed as they were."""
    density, lexical = known.expansion.density, TEXT_SIGNALS.index("lexical")
    width = lists.kept.shape[1]
    made = []
    mirrored = []
    for block in lists.blocks(lists.touched):
        values, rows, positions = block.values, block.rows, block.positions
        compared = block.enters | (among(rows, anew)[:, None] & (positions >= 0))
        line, column = np.nonzero(compared)
        other = positions[line, column].astype(np.int64)
        cosines = known.cosines(rows[line], other)
        values[line, _EXPANDED, column] = cosines
        values[line, _DENSITY, column] = (density[rows[line]] + density[other]) / 2
        near = block.near(nearness(values[:, _EXPANDED], values[:, lexical]))
        best, there = best_of(positions, ranked(positions, near), count, always[rows])
        most = int(there.sum(axis=1).max(initial=0))
        best, there = best[:, :most], there[:, :most]
        found = np.where(there, np.take_along_axis(positions, best, axis=1), -1)
        signals = np.take_along_axis(values, best[:, None], axis=2)
        made.append((rows, found, np.where(there[:, None], signals, 0).astype(np.float16)))
        old = ~block.enters[line, column]
        mirrored.append(((other[old], rows[line[old]]), cosines[old]))
        width = max(width, found.shape[1])
    every = _widened(lists.kept, width, -1)
    signals_of_all = _widened(lists.signals, width, 0)
    for rows, found, kept in made:
        every[rows], signals_of_all[rows] = _widened(found, width, -1), _widened(kept, width, 0)
    for pairs, cosines in mirrored:
        _mirror(every, signals_of_all, pairs, cosines, density)
    used = int((every >= 0).any(axis=0).sum())  # padding stands at the end
    return every[:, :used], signals_of_all[:, :, :used]


def _mirror(
    positions: _Candidates,
    signals: _Signals,
    pairs: tuple[_Positions, _Positions],
    cosines: _Scores,
    density: _Scores,
) -> None:
    """What was found out of pairs, also where the other one asks."""
    left, right = pairs
    same = positions[left] == right[:, None]
    line = np.flatnonzero(same.any(axis=1))
    column = same[line].argmax(axis=1)
    rows = left[line]
    signals[rows, _EXPANDED, column] = cosines[line]
    signals[rows, _DENSITY, column] = (density[rows] + density[right[line]]) / 2


def _widened(array: Any, width: int, fill: int) -> Any:
    """Padded behind up to `width`."""
    behind = [(0, 0)] * (array.ndim - 1) + [(0, width - array.shape[-1])]
    return np.pad(array, behind, constant_values=fill) if width > array.shape[-1] else array
