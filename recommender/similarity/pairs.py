"""What is known of two articles from their texts alone: the signals of a pair."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from index.protocol import Vectors
from recommender.similarity.lexical import Terms, paired_similarity

Positions: TypeAlias = npt.NDArray[np.integer]
"""Row numbers."""

TEXT_SIGNALS: tuple[str, ...] = (
    "expanded",
    "dense",
    "lexical",
    "title",
    "names",
    "density",
)
"""The signals of a pair, in the order of the rows of `PairSignals`.

expanded: cosine of the vectors with those of their nearest articles added, see `expansion`.
dense: cosine of the vectors, in [-1, 1].
lexical: cosine of the term vectors of title and text, in [0, 1].
title: cosine of the term vectors of the titles, in [0, 1].
names: cosine of the term vectors of capitalised words and numbers, in [0, 1].
density: mean of how near the two are to their own nearest, in [0, 1]: high for what is near to
    everything, so it counts against a pair.
"""

PairSignals: TypeAlias = npt.NDArray[np.float32]
"""Shape (len(TEXT_SIGNALS), n): the signals of n pairs."""

_BLOCK = 2048  # pairs whose vectors are gathered at once


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of some articles as numbers, one row each.

    Attributes:
        vectors: shape (n, dim), float32 unit rows.
        terms: shape (n, FEATURES), of title and text.
        title_terms: shape (n, FEATURES), of the title alone; an empty row where there is none.
        name_terms: shape (n, FEATURES), of the names and numbers in title and text.
    """

    vectors: Vectors
    terms: Terms
    title_terms: Terms
    name_terms: Terms


def paired_cosine(
    left: Vectors, left_rows: Positions, right: Vectors, right_rows: Positions
) -> npt.NDArray[np.float32]:
    """Of row `left_rows[i]` of `left` with row `right_rows[i]` of `right`; shape (n,)."""
    found = np.empty(len(left_rows), dtype=np.float32)
    for start in range(0, len(left_rows), _BLOCK):
        here = slice(start, start + _BLOCK)
        found[here] = np.einsum("ij,ij->i", left[left_rows[here]], right[right_rows[here]])
    return found


@dataclass(frozen=True, slots=True)
class PlainSignals:
    """What two articles have in common by themselves, whatever else there is; all of one shape."""

    dense: npt.NDArray[np.float32]
    lexical: npt.NDArray[np.float32]
    title: npt.NDArray[np.float32]
    names: npt.NDArray[np.float32]


def plain_signals(
    left: Texts, left_rows: Positions, right: Texts, right_rows: Positions
) -> PlainSignals:
    """Of row `left_rows[i]` of `left` with row `right_rows[i]` of `right`; shape (n,)."""
    return PlainSignals(
        paired_cosine(left.vectors, left_rows, right.vectors, right_rows),
        paired_similarity(left.terms, left_rows, right.terms, right_rows),
        paired_similarity(left.title_terms, left_rows, right.title_terms, right_rows),
        paired_similarity(left.name_terms, left_rows, right.name_terms, right_rows),
    )


def stacked(
    expanded: npt.NDArray[np.float32], plain: PlainSignals, density: npt.NDArray[np.float32]
) -> PairSignals:
    """All signals of n pairs, in the order of `TEXT_SIGNALS`."""
    return np.stack([expanded, plain.dense, plain.lexical, plain.title, plain.names, density])
