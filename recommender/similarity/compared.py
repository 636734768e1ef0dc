"""All candidates of all articles compared, and the best kept: a block at a time, on all cores."""

from dataclasses import fields

import numpy as np
import numpy.typing as npt

from index.protocol import Vectors
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


def compared(
    texts: Texts,
    positions: _Candidates,
    count: int,
    *,
    background: int,
    always: _Candidates | None,
    progress: Progress | None,
) -> tuple[_Candidates, npt.NDArray[np.float16], Expansion, _Scores]:
    """The `count` best candidates of each article; memory: 24 bytes a candidate, and vectors.

    Args:
        texts: of the whole corpus.
        positions: shape (n, c), ascending, padded with -1 at the end.
        count: at least 1.
        background: the rank whose pairs are what has nothing in common.
        always: shape (n, m), padded with -1: among `positions`, and kept however unlike.
        progress: told of articles done.

    Returns:
        positions, signals, expansion and background of `Neighbours`.
    """
    pairs = _Pairs(texts, positions)
    on_cores(pairs.compare, len(positions), _BLOCK, progress)
    pairs.expand(FIRST_NEIGHBOURS)
    on_cores(pairs.weigh, len(positions), _BLOCK)
    expansion = pairs.expand(NEIGHBOURS)
    best = _Best(pairs, count, background, always)
    on_cores(best.take, len(positions), _BLOCK)
    return *best.kept(), expansion, best.background()


class _Pairs:
    """What is known of each article and each of its candidates so far.

    Attributes:
        positions: of the candidates.
        plain: what both have in common by themselves.
        near: as near as they are by what is known, -inf where padded.
        density: shape (n,), of `near`.
    """

    def __init__(self, texts: Texts, positions: _Candidates) -> None:
        self._texts = texts
        self._vectors: Vectors = texts.vectors
        self.positions = positions
        self.plain = PlainSignals(*(np.zeros(positions.shape, dtype=np.float32) for _ in range(4)))
        self.near: _Scores = np.empty(positions.shape, dtype=np.float32)
        self.density: _Scores = np.empty(len(positions), dtype=np.float32)

    def compare(self, here: slice) -> None:
        """The plain signals, and what they say."""
        row, column, other = _listed(self.positions[here])
        part = plain_signals(self._texts, row + here.start, self._texts, other)
        for one in fields(PlainSignals):
            getattr(self.plain, one.name)[here][row, column] = getattr(part, one.name)
        own = self.plain.at(here)
        self._weighed(here, first_nearness(own.dense, own.lexical, own.title))

    def expand(self, count: int) -> Expansion:
        """Adds to each vector those of its `count` nearest."""
        made = unexpanded(len(self.near))

        def expand(here: slice) -> None:
            own = self.density[here]
            part = expansion_of(
                self.near[here], self.positions[here], own, self.density, count=count
            )
            made.neighbours[here], made.weights[here] = part.neighbours, part.weights

        on_cores(expand, len(self.near), _BLOCK)
        made.density[:] = self.density
        self._vectors = expanded_vectors(self._texts.vectors, made)
        return made

    def expanded(self, here: slice) -> _Scores:
        """Cosines of the vectors that were expanded last; 0 where padded."""
        row, column, other = _listed(self.positions[here])
        found = np.zeros(self.positions[here].shape, dtype=np.float32)
        found[row, column] = paired_cosine(self._vectors, row + here.start, self._vectors, other)
        return found

    def weigh(self, here: slice) -> None:
        """How near they are with expanded vectors."""
        self._weighed(here, nearness(self.expanded(here), self.plain.lexical[here]))

    def _weighed(self, here: slice, near: _Scores) -> None:
        self.near[here] = np.where(self.positions[here] >= 0, near, np.float32(-np.inf))
        self.density[here] = density_of(self.near[here])


class _Best:
    """Candidates that are kept, in the order of their positions."""

    def __init__(
        self, pairs: _Pairs, count: int, background: int, always: _Candidates | None
    ) -> None:
        self._pairs = pairs
        self._count, self._rank, self._always = count, background, always
        candidates = pairs.positions.shape[1]
        most = min(candidates, count + (0 if always is None else always.shape[1]))
        shape = (len(pairs.positions), most)
        self._positions: _Candidates = np.full(shape, -1, dtype=np.int32)
        self._signals = np.zeros((shape[0], len(TEXT_SIGNALS), most), dtype=np.float16)
        self._least = min(count, candidates)
        # of each article's pair at the rank of the background, all 0 where it has no candidate
        self._far: _Scores = np.zeros((len(TEXT_SIGNALS), shape[0]), dtype=np.float32)

    def take(self, here: slice) -> None:
        """Keeps the best of these articles."""
        pairs, positions = self._pairs, self._pairs.positions[here]
        there = positions >= 0
        expanded, plain = pairs.expanded(here), pairs.plain.at(here)
        near = nearness(expanded, plain.lexical)
        both = (pairs.density[here, None] + pairs.density[positions]) / np.float32(2)
        signals = stacked(expanded, plain, both)
        # ties by position: same corpus, same answer
        ranks = np.lexsort((positions, -np.where(there, near, np.float32(-np.inf))), axis=1)
        counts = there.sum(axis=1)
        rows = np.flatnonzero(counts)
        columns = ranks[rows, np.minimum(counts[rows], self._rank) - 1]
        self._far[:, here.start + rows] = signals[:, rows, columns]
        chosen = np.zeros(positions.shape, dtype=np.bool_)
        np.put_along_axis(chosen, ranks[:, : self._count], values=True, axis=1)
        if self._always is not None:
            chosen |= _are_among(positions, self._always[here])
        chosen &= there
        best = np.argsort(np.where(chosen, positions, _LAST), axis=1, kind="stable")
        best = best[:, : self._positions.shape[1]]
        kept = np.take_along_axis(chosen, best, axis=1)
        self._positions[here] = np.where(kept, np.take_along_axis(positions, best, axis=1), -1)
        found = np.take_along_axis(signals, best[None], axis=2)
        self._signals[here] = np.where(kept, found, 0).swapaxes(0, 1)

    def kept(self) -> tuple[_Candidates, npt.NDArray[np.float16]]:
        """Positions and signals, see `Neighbours`, no wider than they need to be."""
        used = int((self._positions >= 0).sum(axis=1).max(initial=0))
        width = max(self._least, used)
        return (
            np.ascontiguousarray(self._positions[:, :width]),
            np.ascontiguousarray(self._signals[:, :, :width]),
        )

    def background(self) -> _Scores:
        """See `Neighbours.background`; zeros where no article has another one."""
        rows = np.flatnonzero((self._pairs.positions >= 0).any(axis=1))
        if not len(rows):
            return np.zeros(len(TEXT_SIGNALS), dtype=np.float32)
        found: _Scores = self._far[:, rows].mean(axis=1)
        return found


def _are_among(positions: _Candidates, wanted: _Candidates) -> npt.NDArray[np.bool_]:
    """Which of each row's positions stand in the same row of `wanted`; shape of `positions`."""
    row = np.arange(len(positions), dtype=np.int64)[:, None] << 32
    keys = (row + wanted)[wanted >= 0]
    return np.isin(row + positions, keys) & (positions >= 0)


def _listed(positions: _Candidates) -> tuple[Positions, Positions, Positions]:
    """Row, column and position of each candidate."""
    row, column = np.nonzero(positions >= 0)
    return row, column, positions[row, column]
