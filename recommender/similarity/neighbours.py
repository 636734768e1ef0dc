"""Every article's candidates with their signals, made offline and read where slots are filled."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from index.faiss_index import FaissIndex
from index.graph import knn_graph
from index.graph_update import Before
from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.similarity.expansion import (
    Expansion,
    density_of,
    expanded_vectors,
    expansion_of,
    first_expansion,
    first_nearness,
    nearness,
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

BACKGROUND = 50
"""The larger a corpus and the narrower its subjects, the nearer is even the fiftieth neighbour: a
score says something about a pair only beside that. With it a curve that was fitted on other sets
holds for a set of the same kind; without it does not (benchmarks/relevance)."""

_BLOCK = 512  # articles whose pairs are compared at once: some 75,000 sparse products, 150 MB
_EXPANSION = ("neighbours", "weights", "density")

Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The candidates of each article of a snapshot.

    Attributes:
        positions: shape (n, c), int32 row numbers, ascending, padded with -1 at the end; c is
            more than were asked for where some are always kept.
        signals: shape (n, len(TEXT_SIGNALS), c), float16, 0 where padded. One article's lie
            together: a slot that is filled touches one page of the file.
        expansion: of each article.
        background: shape (len(TEXT_SIGNALS),), float32: the mean signals of each article with its
            `BACKGROUND`th nearest, or the last where there are fewer: as near as that are articles
            of this corpus that have nothing to do with each other.
        nearest: shape (n, m), int32: the nearest by vector alone, as `knn_graph` returns them, so
            that the next rebuild goes on from there; None where they were read to be served.
    """

    positions: npt.NDArray[np.int32]
    signals: npt.NDArray[np.float16]
    expansion: Expansion
    background: npt.NDArray[np.float32]
    nearest: npt.NDArray[np.int32] | None = None


def nearest_by_vector(
    texts: Texts, count: int, *, before: Before | None = None, searched: FaissIndex | None = None
) -> npt.NDArray[np.int32]:
    """What `find_neighbours` keeps `count` of: see `knn_graph`."""
    # as many as the background needs, however few are kept
    return knn_graph(texts.vectors, max(count, BACKGROUND), before=before, searched=searched)


def find_neighbours(
    texts: Texts,
    count: int,
    *,
    nearest: npt.NDArray[np.int32] | None = None,
    lexical: npt.NDArray[np.int32] | None = None,
    always: npt.NDArray[np.int32] | None = None,
    progress: Progress | None = None,
) -> Neighbours:
    """The `count` nearest others of each article with all signals of those pairs.

    Args:
        texts: of the whole corpus.
        count: at least 1; fewer are kept where there are fewer.
        nearest: those of `nearest_by_vector`; None to find them.
        lexical: shape (n, l), positions padded with -1: those that share words, which join the
            nearest by vector before the best of both are kept.
        always: shape (n, m), positions padded with -1: these are kept besides, however unlike.
        progress: told of articles done.
    """
    if nearest is None:
        nearest = nearest_by_vector(texts, count)
    positions = nearest
    if lexical is not None:
        positions = joined(positions, lexical)
    if always is not None:
        positions = joined(positions, always)
    there = positions >= 0
    plain = _plain(texts, positions, progress)
    near = _padded(first_nearness(plain.dense, plain.lexical, plain.title), there)
    expanded = _expanded(texts, first_expansion(near, positions), positions)
    near = _padded(nearness(expanded, plain.lexical), there)
    density = density_of(near)
    expansion = expansion_of(near, positions, density, density)
    expanded = _expanded(texts, expansion, positions)
    near = _padded(nearness(expanded, plain.lexical), there)
    # ties by position: same corpus, same answer
    best = np.lexsort((positions, -near), axis=1)
    background = _background(
        best, there, positions, expanded=expanded, plain=plain, density=density
    )
    chosen = np.zeros(positions.shape, dtype=np.bool_)
    np.put_along_axis(chosen, best[:, :count], values=True, axis=1)
    if always is not None:
        chosen |= _are_among(positions, always)
    chosen &= there
    last = np.where(chosen, positions, np.iinfo(np.int32).max)
    width = max(min(count, positions.shape[1]), int(chosen.sum(axis=1).max(initial=0)))
    best = np.argsort(last, axis=1, kind="stable")[:, :width]

    def kept(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.take_along_axis(values, best, axis=1)

    positions = np.where(
        np.take_along_axis(chosen, best, axis=1), np.take_along_axis(positions, best, axis=1), -1
    ).astype(np.int32)
    both = (density[:, None] + density[positions]) / np.float32(2)
    pairs = PlainSignals(*(kept(getattr(plain, one.name)) for one in fields(PlainSignals)))
    found = stacked(kept(expanded), pairs, both.astype(np.float32))
    signals = found.swapaxes(0, 1).astype(np.float16)
    signals.swapaxes(1, 2)[positions < 0] = 0
    return Neighbours(positions, signals, expansion, background, nearest)


def joined(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Each row's positions of both, none twice, in ascending order; padded with -1 at the end."""
    both = np.concatenate([one, other], axis=1)
    both = np.sort(np.where(both < 0, np.iinfo(np.int32).max, both), axis=1)
    both[:, 1:][both[:, 1:] == both[:, :-1]] = np.iinfo(np.int32).max
    both = np.sort(both, axis=1)
    both[both == np.iinfo(np.int32).max] = -1
    widest = int((both >= 0).sum(axis=1).max(initial=1))
    return both[:, :widest]


def _are_among(
    positions: npt.NDArray[np.int32], wanted: npt.NDArray[np.int32]
) -> npt.NDArray[np.bool_]:
    """Which of each row's positions stand in the same row of `wanted`; shape of `positions`."""
    row = np.arange(len(positions), dtype=np.int64)[:, None] * (len(positions) + 1)
    keys = (row + wanted)[wanted >= 0]
    return np.isin(row + positions, keys) & (positions >= 0)


def _background(
    ranks: npt.NDArray[np.intp],
    there: npt.NDArray[np.bool_],
    positions: npt.NDArray[np.int32],
    *,
    expanded: npt.NDArray[np.float32],
    plain: PlainSignals,
    density: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """See `Neighbours.background`; zeros where no article has another one."""
    counts = there.sum(axis=1)
    rows = np.flatnonzero(counts)
    if not len(rows):
        return np.zeros(len(TEXT_SIGNALS), dtype=np.float32)
    columns = ranks[rows, np.minimum(counts[rows], BACKGROUND) - 1]
    pairs = PlainSignals(*(getattr(plain, one.name)[rows, columns] for one in fields(PlainSignals)))
    both = (density[rows] + density[positions[rows, columns]]) / np.float32(2)
    found: npt.NDArray[np.float32] = stacked(expanded[rows, columns], pairs, both).mean(axis=1)
    return found


def write_neighbours(neighbours: Neighbours, draft: Draft) -> None:
    """As parts of a snapshot."""
    np.save(draft.path("neighbours.positions.npy"), neighbours.positions)
    np.save(draft.path("neighbours.signals.npy"), neighbours.signals)
    np.save(draft.path("neighbours.background.npy"), neighbours.background)
    if neighbours.nearest is not None:
        np.save(draft.path("neighbours.nearest.npy"), neighbours.nearest)
    for name in _EXPANSION:
        np.save(draft.path(f"expansion.{name}.npy"), getattr(neighbours.expansion, name))


def read_nearest(snapshot: Snapshot) -> npt.NDArray[np.int32]:
    """`Neighbours.nearest`, memory-mapped.

    Raises:
        FileNotFoundError: a snapshot of before they were kept.
    """
    return read_array(snapshot, "neighbours.nearest")


def read_neighbours(snapshot: Snapshot) -> Neighbours:
    """What `write_neighbours` wrote but `nearest`, memory-mapped."""
    return Neighbours(
        positions=read_array(snapshot, "neighbours.positions"),
        signals=read_array(snapshot, "neighbours.signals"),
        expansion=Expansion(*(read_array(snapshot, f"expansion.{name}") for name in _EXPANSION)),
        background=read_array(snapshot, "neighbours.background"),
    )


def _plain(
    texts: Texts, positions: npt.NDArray[np.int32], progress: Progress | None
) -> PlainSignals:
    """Of all pairs; arrays of the shape of `positions`."""
    found = PlainSignals(*(np.zeros(positions.shape, dtype=np.float32) for _ in range(4)))
    total = len(positions)
    for start in range(0, total, _BLOCK):
        block = slice(start, min(start + _BLOCK, total))
        row, column, other = _pairs(positions[block])
        part = plain_signals(texts, row + start, texts, other)
        for one in fields(PlainSignals):
            getattr(found, one.name)[block][row, column] = getattr(part, one.name)
        if progress is not None:
            progress(block.stop, total)
    return found


def _expanded(
    texts: Texts, expansion: Expansion, positions: npt.NDArray[np.int32]
) -> npt.NDArray[np.float32]:
    vectors = expanded_vectors(texts.vectors, expansion)
    found = np.zeros(positions.shape, dtype=np.float32)
    for start in range(0, len(positions), _BLOCK):
        block = slice(start, start + _BLOCK)
        row, column, other = _pairs(positions[block])
        found[block][row, column] = paired_cosine(vectors, row + start, vectors, other)
    return found


def _pairs(positions: npt.NDArray[np.int32]) -> tuple[Positions, Positions, Positions]:
    row, column = np.nonzero(positions >= 0)
    return row, column, positions[row, column]


def _padded(near: npt.NDArray[np.float32], there: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    return np.where(there, near, np.float32(-np.inf))
