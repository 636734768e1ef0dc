"""Every article's candidates with their signals, made offline and read where slots are filled."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.faiss_index import FaissIndex
from index.graph import knn_graph
from index.graph_update import Before
from index.protocol import Vectors
from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.row_file import RowFile
from recommender.similarity.compared import compared
from recommender.similarity.cores import Progress
from recommender.similarity.expansion import Expansion
from recommender.similarity.pairs import Texts

BACKGROUND = 50
"""The larger a corpus and the narrower its subjects, the nearer is even the fiftieth neighbour: a
score says something about a pair only beside that. With it a curve that was fitted on other sets
holds for a set of the same kind; without it does not (benchmarks/relevance)."""

_BLOCK = 1 << 14  # rows that are joined at once
_FEW = 64  # articles that are asked for at once; to score all of them, files are mapped
_LAST = np.iinfo(np.int32).max
_EXPANSION = ("neighbours", "weights", "density")


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
        going_on: what only the next rebuild needs; None where they were read to be served.
        files: of positions and signals, out of which a few are read; None where there are none.
    """

    positions: npt.NDArray[np.int32]
    signals: npt.NDArray[np.float16]
    expansion: Expansion
    background: npt.NDArray[np.float32]
    going_on: "GoingOn | None" = None
    files: tuple[RowFile, RowFile] | None = None

    def of(self, article: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float16]]:
        """The positions and signals of one article: (c,), (len(TEXT_SIGNALS), c)."""
        if self.files is None:
            return self.positions[article], self.signals[article]
        positions, signals = self.files
        return positions.at(article), signals.at(article)

    def of_each(
        self, articles: npt.NDArray[np.integer]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float16]]:
        """Those of several: (a, c), (a, len(TEXT_SIGNALS), c)."""
        if self.files is None or len(articles) > _FEW:
            return self.positions[articles], self.signals[articles]
        positions, signals = self.files
        return positions.of(articles), signals.of(articles)


@dataclass(frozen=True, slots=True)
class GoingOn:
    """What the next rebuild goes on from.

    Attributes:
        nearest: shape (n, m), int32: the nearest by vector alone, as `knn_graph` returns them.
        first: the expansions of the first round, see `compared`.
    """

    nearest: npt.NDArray[np.int32]
    first: Expansion


def nearest_by_vector(
    vectors: Vectors,
    count: int,
    *,
    before: Before | None = None,
    searched: FaissIndex | None = None,
) -> npt.NDArray[np.int32]:
    """What `find_neighbours` keeps `count` of: see `knn_graph`."""
    # as many as the background needs, however few are kept
    return knn_graph(vectors, max(count, BACKGROUND), before=before, searched=searched)


def find_neighbours(
    texts: Texts,
    count: int,
    *,
    nearest: npt.NDArray[np.int32] | None = None,
    lexical: npt.NDArray[np.int32] | None = None,
    always: npt.NDArray[np.int32] | None = None,
    progress: Progress | None = None,
    folder: Path | None = None,
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
        folder: on the disk to use; None: the one for temporary files.
    """
    if nearest is None:
        nearest = nearest_by_vector(texts.vectors, count)
    positions = nearest
    if lexical is not None:
        positions = joined(positions, lexical)
    if always is not None:
        positions = joined(positions, always)
    made = compared(
        texts,
        positions,
        count,
        background=BACKGROUND,
        always=always,
        progress=progress,
        folder=folder,
    )
    return Neighbours(
        made.positions,
        made.signals,
        made.expansion,
        made.background,
        GoingOn(nearest, made.first),
    )


def joined(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Each row's positions of both, none twice, in ascending order; padded with -1 at the end."""
    found = np.empty((len(one), one.shape[1] + other.shape[1]), dtype=np.int32)
    widest = 1
    for start in range(0, len(one), _BLOCK):
        here = slice(start, start + _BLOCK)
        both = np.concatenate([one[here], other[here]], axis=1)
        both = np.sort(np.where(both < 0, _LAST, both), axis=1)
        both[:, 1:][both[:, 1:] == both[:, :-1]] = _LAST
        both = np.sort(both, axis=1)
        found[here] = np.where(both == _LAST, -1, both)
        widest = max(widest, int((both != _LAST).sum(axis=1).max()))
    return found[:, :widest]


def write_neighbours(neighbours: Neighbours, draft: Draft) -> None:
    """As parts of a snapshot."""
    np.save(draft.path("neighbours.positions.npy"), neighbours.positions)
    np.save(draft.path("neighbours.signals.npy"), neighbours.signals)
    np.save(draft.path("neighbours.background.npy"), neighbours.background)
    _write_expansion(neighbours.expansion, draft, "expansion")
    if neighbours.going_on is not None:
        np.save(draft.path("neighbours.nearest.npy"), neighbours.going_on.nearest)
        _write_expansion(neighbours.going_on.first, draft, "expansion.first")


def _write_expansion(made: Expansion, draft: Draft, name: str) -> None:
    for part in _EXPANSION:
        np.save(draft.path(f"{name}.{part}.npy"), getattr(made, part))


def _read_expansion(snapshot: Snapshot, name: str) -> Expansion:
    return Expansion(*(read_array(snapshot, f"{name}.{part}") for part in _EXPANSION))


def read_going_on(snapshot: Snapshot) -> GoingOn:
    """`Neighbours.going_on`, memory-mapped.

    Raises:
        FileNotFoundError: a snapshot of before they were kept.
    """
    return GoingOn(
        read_array(snapshot, "neighbours.nearest"), _read_expansion(snapshot, "expansion.first")
    )


def read_neighbours(snapshot: Snapshot) -> Neighbours:
    """What `write_neighbours` wrote but `going_on`, memory-mapped; a few rows are read."""
    return Neighbours(
        positions=read_array(snapshot, "neighbours.positions"),
        signals=read_array(snapshot, "neighbours.signals"),
        expansion=_read_expansion(snapshot, "expansion"),
        background=read_array(snapshot, "neighbours.background"),
        files=(
            RowFile(snapshot.path / "neighbours.positions.npy"),
            RowFile(snapshot.path / "neighbours.signals.npy"),
        ),
    )
