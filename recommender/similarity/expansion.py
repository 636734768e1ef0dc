"""Vectors with those of their nearest articles added: what the story is about, not one report.

Query expansion by neighbours on both sides of a pair (Radenovic et al. 2018, "Fine-tuning CNN image
retrieval with no human annotation", section 3.4), each neighbour weighted by how near it is once
both sides' local density is taken off (CSLS; Conneau et al. 2018, "Word translation without
parallel data"). An article of few words gains most: its neighbours say what it leaves out.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.protocol import Vectors
from recommender.similarity.aside import Aside
from recommender.similarity.pairs import Positions

NEIGHBOURS = 3
"""Articles whose vectors are added to one's own."""

FIRST_NEIGHBOURS = 2
"""Those of the first round, whose scores know no expansion yet."""

NEAREST = 4
"""Articles whose mean nearness is the density."""

_CORRECTION = 0.25  # of the sum of both densities
_TITLE = 0.25
_LEXICAL = 0.7  # beside a cosine that counts 1
_BLOCK = 4096
_NOTHING = 1e-6  # a sum of unit vectors this short has no direction

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Expansion:
    """What is added to the vectors of some articles.

    Attributes:
        neighbours: shape (n, NEIGHBOURS), int32 positions in the corpus, padded with -1.
        weights: shape (n, NEIGHBOURS), float32, at least 0; 0 where padded.
        density: shape (n,), float32 in [0, 1]: mean nearness to the nearest.
    """

    neighbours: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    density: npt.NDArray[np.float32]


def unexpanded(count: int) -> Expansion:
    """Of `count` articles that have nothing near."""
    return Expansion(
        np.full((count, NEIGHBOURS), -1, dtype=np.int32),
        np.zeros((count, NEIGHBOURS), dtype=np.float32),
        np.zeros(count, dtype=np.float32),
    )


def first_nearness(dense: Scores, lexical: Scores, title: Scores) -> Scores:
    """How near pairs are before anything is expanded; 1 for twins without titles."""
    return np.asarray((dense + lexical + _TITLE * title) / 2, dtype=np.float32)


def nearness(expanded: Scores, lexical: Scores) -> Scores:
    """How near pairs are, in [-1, 1]."""
    return np.asarray((expanded + _LEXICAL * lexical) / (1 + _LEXICAL), dtype=np.float32)


def density_of(near: Scores) -> Scores:
    """Mean of each row's highest; shape (n,). Padding must be -inf; 0 where nothing else is."""
    wanted = min(NEAREST, near.shape[1])
    if not wanted:
        return np.zeros(len(near), dtype=np.float32)
    best = np.partition(near, near.shape[1] - wanted, axis=1)[:, -wanted:]
    there = np.isfinite(best)
    sums = np.where(there, best, 0).sum(axis=1)
    found: Scores = np.maximum(sums / np.maximum(there.sum(axis=1), 1), 0).astype(np.float32)
    return found


def expansion_of(
    near: Scores,
    positions: Positions,
    own_density: Scores,
    density: Scores,
    *,
    count: int = NEIGHBOURS,
) -> Expansion:
    """The nearest of each row once densities are taken off.

    Args:
        near: shape (n, c), -inf where padded.
        positions: shape (n, c), padded with -1.
        own_density: shape (n,), of the rows.
        density: shape (articles of the corpus,), of those that `positions` names.
        count: up to NEIGHBOURS.
    """
    made = unexpanded(len(near))
    width = min(count, near.shape[1])
    if not width:
        return made
    corrected = near - np.float32(_CORRECTION) * (own_density[:, None] + density[positions])
    best = np.argsort(-corrected, axis=1, kind="stable")[:, :width]
    weights = np.take_along_axis(corrected, best, axis=1)
    weights = np.where(np.isfinite(weights), np.maximum(weights, 0), 0)
    chosen = np.take_along_axis(positions, best, axis=1)
    made.neighbours[:, :width] = np.where(weights > 0, chosen, -1)
    made.weights[:, :width] = weights
    return Expansion(made.neighbours, made.weights, own_density)


def add_neighbours(vectors: Vectors, near: Vectors, weights: npt.NDArray[np.float32]) -> Vectors:
    """The expanded vectors.

    Args:
        vectors: shape (n, dim), unit rows.
        near: shape (n, k, dim), the neighbours' unit vectors; anything where the weight is 0.
        weights: shape (n, k).

    Returns:
        Shape (n, dim), float32 unit rows.
    """
    added = vectors + np.einsum("nk,nkd->nd", weights, near)
    lengths = np.linalg.norm(added, axis=1, keepdims=True)
    # opposite vectors may cancel out: then the article stands for itself
    unit = added / np.maximum(lengths, _NOTHING)
    return np.where(lengths > _NOTHING, unit, vectors).astype(np.float32)


def expanded_vectors(vectors: Vectors, expansion: Expansion, folder: Path | None) -> Vectors:
    """All of a corpus; shape (n, dim), float32 unit rows, which lie on the disk in `folder`."""
    with closing(Aside(folder, vectors.shape[1:], np.float32)) as made:
        for here in _blocks(len(vectors)):
            near = vectors[np.maximum(expansion.neighbours[here], 0)]
            made[here] = add_neighbours(vectors[here], near, expansion.weights[here])
        return made.mapped(len(vectors))


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))
