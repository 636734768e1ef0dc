"""Every article's candidates with their signals, made offline and read where slots are filled."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.graph import knn_graph
from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.similarity.duplicates import are_copies, copy_groups
from recommender.similarity.pairs import PairSignals, Texts, pair_signals

_BLOCK = 512  # articles whose pairs are compared at once: some 50,000 sparse products, 100 MB
_SIGNALS = ("dense", "lexical", "title")

Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The candidates of each article of a snapshot, most similar (dense) first.

    Attributes:
        positions: shape (n, c), int32 row numbers, padded with -1.
        signals: arrays of shape (n, c), float32, 0 where padded.
        groups: shape (n,), int32: the copy group of each article, see `copy_groups`.
    """

    positions: npt.NDArray[np.int32]
    signals: PairSignals
    groups: npt.NDArray[np.int32]


def find_neighbours(texts: Texts, count: int, progress: Progress | None = None) -> Neighbours:
    """The `count` nearest others of each article, all signals of those pairs, and the copies."""
    graph = knn_graph(texts.vectors, count)
    positions, dense = graph.positions, graph.scores
    lexical = np.zeros_like(dense)
    title = np.zeros_like(dense)
    total = len(positions)
    for start in range(0, total, _BLOCK):
        block = slice(start, min(start + _BLOCK, total))
        row, column = np.nonzero(positions[block] >= 0)
        found = pair_signals(texts, row + start, texts, positions[block][row, column])
        dense[block][row, column] = found.dense  # the graph's may come from compressed vectors
        lexical[block][row, column] = found.lexical
        title[block][row, column] = found.title
        if progress is not None:
            progress(block.stop, total)
    dense[positions < 0] = 0
    signals = PairSignals(dense=dense, lexical=lexical, title=title)
    left, column = np.nonzero(are_copies(signals))
    groups = copy_groups(left, positions[left, column], total)
    return Neighbours(positions=positions, signals=signals, groups=groups)


def write_neighbours(neighbours: Neighbours, draft: Draft) -> None:
    """As parts of a snapshot."""
    np.save(draft.path("neighbours.positions.npy"), neighbours.positions)
    np.save(draft.path("neighbours.groups.npy"), neighbours.groups)
    for name in _SIGNALS:
        np.save(draft.path(f"neighbours.{name}.npy"), getattr(neighbours.signals, name))


def read_neighbours(snapshot: Snapshot) -> Neighbours:
    """What `write_neighbours` wrote, memory-mapped."""
    return Neighbours(
        positions=read_array(snapshot, "neighbours.positions"),
        signals=PairSignals(
            **{name: read_array(snapshot, f"neighbours.{name}") for name in _SIGNALS}
        ),
        groups=read_array(snapshot, "neighbours.groups"),
    )
