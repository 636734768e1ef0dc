"""What is known of two articles from their texts alone: the signals of a pair."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from index.protocol import Vectors
from recommender.similarity.lexical import Terms, paired_similarity

Positions: TypeAlias = npt.NDArray[np.integer]
"""Row numbers."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of some articles as numbers, one row each.

    Attributes:
        vectors: shape (n, dim), float32 unit rows.
        terms: shape (n, FEATURES), of title and text.
        title_terms: shape (n, FEATURES), of the title alone; an empty row where there is none.
    """

    vectors: Vectors
    terms: Terms
    title_terms: Terms


@dataclass(frozen=True, slots=True)
class PairSignals:
    """Similarities of pairs, arrays of one shape.

    Attributes:
        dense: cosine of the vectors, float32 in [-1, 1].
        lexical: cosine of the term vectors, float32 in [0, 1].
        title: cosine of the titles' term vectors, float32 in [0, 1].
    """

    dense: npt.NDArray[np.float32]
    lexical: npt.NDArray[np.float32]
    title: npt.NDArray[np.float32]


def pair_signals(
    left: Texts, left_rows: Positions, right: Texts, right_rows: Positions
) -> PairSignals:
    """Signals of row `left_rows[i]` of `left` with row `right_rows[i]` of `right`; shape (n,)."""
    dense = np.einsum("ij,ij->i", left.vectors[left_rows], right.vectors[right_rows])
    return PairSignals(
        dense=dense,
        lexical=paired_similarity(left.terms, left_rows, right.terms, right_rows),
        title=paired_similarity(left.title_terms, left_rows, right.title_terms, right_rows),
    )
