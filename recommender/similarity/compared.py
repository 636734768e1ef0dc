"""All candidates of all articles compared, and the best kept: a block at a time, on all cores."""

from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.protocol import Vectors
from recommender.similarity.aside import Aside
from recommender.similarity.cores import Progress, on_cores
from recommender.similarity.expansion import (
    FIRST_NEIGHBOURS,
    NEIGHBOURS,
    Expansion,
    density_of,
    expanded_vectors,
    expansion_of,
    first_nearness,
    nearness,
    unexpanded,
)
from recommender.similarity.pairs import (
    TEXT_SIGNALS,
    PlainSignals,
    Positions,
    Texts,
    paired_cosine,
    plain_signals,
    stacked,
)

_BLOCK = 512  # articles whose pairs are compared at once: some 75,000 sparse products, 150 MB
_LAST = np.iinfo(np.int32).max

_Scores = npt.NDArray[np.float32]
_Candidates = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Compared:
    """What is kept; see `Neighbours`."""

    positions: _Candidates
    signals: npt.NDArray[np.float16]
    expansion: Expansion
    first: Expansion
    background: _Scores


def compared(
    texts: Texts,
    positions: _Candidates,
    count: int,
    *,
    background: int,
    always: _Candidates | None,
    progress: Progress | None,
    folder: Path | None,
) -> Compared:
    """The `count` best candidates of each article.

    Takes in memory 4 bytes for each candidate that is kept, and in the end 12 more; on the disk
    the vectors once more, 20 bytes for each candidate, and 12 for each that is kept.

    Args:
        texts: of the whole corpus.
        positions: shape (n, c), ascending, padded with -1 at the end.
        count: at least 1.
        background: the rank whose pairs are what has nothing in common.
        always: shape (n, m), padded with -1: among `positions`, and kept however unlike.
        progress: told of articles done.
        folder: on the disk to use; None: the one for temporary files.
    """
    with closing(_Pairs(texts, positions, folder)) as pairs:
        on_cores(pairs.compare, len(positions), _BLOCK, progress)
        first = pairs.expand(FIRST_NEIGHBOURS)
        on_cores(pairs.weigh, len(positions), _BLOCK)
        expansion = pairs.expand(NEIGHBOURS)
        with closing(_Best(pairs, count, background, always, folder)) as best:
            on_cores(best.take, len(positions), _BLOCK)
            pairs.forget_expanded()
            return Compared(*best.kept(), expansion, first, best.background())


class _Pairs:
    """What is known of each article and each of its candidates so far.

    Attributes:
        positions: of the candidates.
        density: shape (n,), mean nearness to the nearest.
    """

    def __init__(self, texts: Texts, positions: _Candidates, folder: Path | None) -> None:
        self._texts, self._folder = texts, folder
        self._vectors: Vectors = texts.vectors
        self.positions = positions
        row = positions.shape[1:]
        self._plain = [Aside(folder, row, np.float32) for _ in fields(PlainSignals)]
        self._near = Aside(folder, row, np.float32)
        self.density: _Scores = np.empty(len(positions), dtype=np.float32)

    def close(self) -> None:
        """Forgets what lies on the disk."""
        for one in (*self._plain, self._near):
            one.close()

    def compare(self, here: slice) -> None:
        """The plain signals, and what they say."""
        row, column, other = _listed(self.positions[here])
        part = plain_signals(self._texts, row + here.start, self._texts, other)
        own = PlainSignals(*(np.zeros(self.positions[here].shape, np.float32) for _ in self._plain))
        for one, kept in zip(fields(PlainSignals), self._plain, strict=True):
            getattr(own, one.name)[row, column] = getattr(part, one.name)
            kept[here] = getattr(own, one.name)
        self._weighed(here, first_nearness(own.dense, own.lexical, own.title))

    def plain(self, here: slice) -> PlainSignals:
        """What both have in common by themselves."""
        return PlainSignals(*(kept[here] for kept in self._plain))

    def expand(self, count: int) -> Expansion:
        """Adds to each vector those of its `count` nearest."""
        made = unexpanded(len(self.density))

        def expand(here: slice) -> None:
            own = self.density[here]
            near = self._near[here]
            part = expansion_of(near, self.positions[here], own, self.density, count=count)
            made.neighbours[here], made.weights[here] = part.neighbours, part.weights

        on_cores(expand, len(self.density), _BLOCK)
        made.density[:] = self.density
        self.forget_expanded()
        self._vectors = expanded_vectors(self._texts.vectors, made, self._folder)
        return made

    def forget_expanded(self) -> None:
        """Frees the vectors that were expanded last."""
        self._vectors = self._texts.vectors

    def expanded(self, here: slice) -> _Scores:
        """Cosines of the vectors that were expanded last; 0 where padded."""
        row, column, other = _listed(self.positions[here])
        found = np.zeros(self.positions[here].shape, dtype=np.float32)
        found[row, column] = paired_cosine(self._vectors, row + here.start, self._vectors, other)
        return found

    def weigh(self, here: slice) -> None:
        """How near they are with expanded vectors."""
        self._weighed(here, nearness(self.expanded(here), self.plain(here).lexical))

    def _weighed(self, here: slice, near: _Scores) -> None:
        near = np.where(self.positions[here] >= 0, near, np.float32(-np.inf))
        self._near[here] = near
        self.density[here] = density_of(near)


class _Best:
    """Candidates that are kept, in the order of their positions."""

    def __init__(
        self,
        pairs: _Pairs,
        count: int,
        background: int,
        always: _Candidates | None,
        folder: Path | None,
    ) -> None:
        self._pairs = pairs
        self._count, self._rank, self._always = count, background, always
        candidates = pairs.positions.shape[1]
        most = min(candidates, count + (0 if always is None else always.shape[1]))
        shape = (len(pairs.positions), most)
        self._positions: _Candidates = np.full(shape, -1, dtype=np.int32)
        self._signals = Aside(folder, (len(TEXT_SIGNALS), most), np.float16)
        self._least = min(count, candidates)
        # of each article's pair at the rank of the background, all 0 where it has no candidate
        self._far: _Scores = np.zeros((len(TEXT_SIGNALS), shape[0]), dtype=np.float32)

    def close(self) -> None:
        """Forgets what lies on the disk."""
        self._signals.close()

    def take(self, here: slice) -> None:
        """Keeps the best of these articles."""
        pairs, positions = self._pairs, self._pairs.positions[here]
        there = positions >= 0
        expanded, plain = pairs.expanded(here), pairs.plain(here)
        near = nearness(expanded, plain.lexical)
        both = (pairs.density[here, None] + pairs.density[positions]) / np.float32(2)
        signals = stacked(expanded, plain, both)
        ranks = ranked(positions, near)
        counts = there.sum(axis=1)
        rows = np.flatnonzero(counts)
        columns = ranks[rows, np.minimum(counts[rows], self._rank) - 1]
        self._far[:, here.start + rows] = signals[:, rows, columns]
        always = None if self._always is None else self._always[here]
        most = self._positions.shape[1]
        best, kept = best_of(positions, ranks, self._count, always)
        best, kept = best[:, :most], kept[:, :most]
        self._positions[here] = np.where(kept, np.take_along_axis(positions, best, axis=1), -1)
        found = np.take_along_axis(signals, best[None], axis=2)
        self._signals[here] = np.where(kept, found, 0).swapaxes(0, 1)

    def kept(self) -> tuple[_Candidates, npt.NDArray[np.float16]]:
        """Positions and signals, see `Neighbours`, no wider than they need to be."""
        count = len(self._positions)
        last = self._positions[:, self._least :].max(axis=0, initial=-1)
        width = self._least + int(np.sum(last >= 0))  # padding stands at the end
        signals = np.empty((count, len(TEXT_SIGNALS), width), dtype=np.float16)
        for start in range(0, count, _BLOCK):
            here = slice(start, min(start + _BLOCK, count))
            signals[here] = self._signals[here][:, :, :width]
        return np.ascontiguousarray(self._positions[:, :width]), signals

    def background(self) -> _Scores:
        """See `Neighbours.background`; zeros where no article has another one."""
        # padding stands at the end
        rows = np.flatnonzero((self._pairs.positions[:, :1] >= 0).any(axis=1))
        if not len(rows):
            return np.zeros(len(TEXT_SIGNALS), dtype=np.float32)
        found: _Scores = self._far[:, rows].mean(axis=1)
        return found


def ranked(positions: _Candidates, near: _Scores) -> npt.NDArray[np.int64]:
    """Columns of each row, the nearest first, ties by position; padding last. All of one shape."""
    # ties by position: same corpus, same answer
    return np.lexsort((positions, -np.where(positions >= 0, near, np.float32(-np.inf))), axis=1)


def best_of(
    positions: _Candidates,
    ranks: npt.NDArray[np.int64],
    count: int,
    always: _Candidates | None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Columns of the candidates to keep, in the order of their positions, then of the others.

    Args:
        positions: shape (n, c), padded with -1.
        ranks: as `ranked` gives them.
        count: the first so many are kept.
        always: shape (n, m), padded with -1: and these.

    Returns:
        The columns, and which of those are kept; both of shape (n, c).
    """
    chosen = np.zeros(positions.shape, dtype=np.bool_)
    np.put_along_axis(chosen, ranks[:, :count], values=True, axis=1)
    if always is not None:
        chosen |= are_among(positions, always)
    chosen &= positions >= 0
    best = np.argsort(np.where(chosen, positions, _LAST), axis=1, kind="stable")
    return best, np.take_along_axis(chosen, best, axis=1)


def are_among(positions: _Candidates, wanted: _Candidates) -> npt.NDArray[np.bool_]:
    """Which of each row's positions stand in the same row of `wanted`; shape of `positions`."""
    row = np.arange(len(positions), dtype=np.int64)[:, None] << 32
    keys = (row + wanted)[wanted >= 0]
    return np.isin(row + positions, keys) & (positions >= 0)


def _listed(positions: _Candidates) -> tuple[Positions, Positions, Positions]:
    """Row, column and position of each candidate."""
    row, column = np.nonzero(positions >= 0)
    return row, column, positions[row, column]
