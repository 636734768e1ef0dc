"""The same article twice: reprints and slightly changed copies of one text."""

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from recommender.similarity.pairs import PairSignals, Positions

# Both must hold. Chosen on pairs known to be copies (one page through different extractors) and
# on pairs known not to be (other outlets' articles on the same story): a copy keeps its words,
# another reporter's article on the same event keeps only its subject.
_DENSE = 0.80
_LEXICAL = 0.70


def are_copies(signals: PairSignals) -> npt.NDArray[np.bool_]:
    """Which of the pairs are the same article; shape of the signals."""
    return (signals.dense >= _DENSE) & (signals.lexical >= _LEXICAL)


def copy_groups(left: Positions, right: Positions, count: int) -> npt.NDArray[np.int32]:
    """The group of each of `count` articles, given the pairs that are copies of each other.

    Returns:
        Shape (count,): the lowest position in the article's group; its own where it has no copy.
    """
    links = sparse.coo_array((np.ones(len(left), dtype=np.int8), (left, right)), (count, count))
    _, labels = connected_components(links, directed=False)
    _, first = np.unique(labels, return_index=True)
    return first[labels].astype(np.int32)
