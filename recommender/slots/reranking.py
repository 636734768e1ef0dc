"""The rules of a slot: one copy of an article, no repetition, some variety."""

import numpy as np
import numpy.typing as npt

from recommender.slots.corpus import Corpus
from recommender.slots.ranking import Ranked

Order = npt.NDArray[np.int64]
"""Columns of a `Ranked`, in the order in which they stand."""

POOL = 40
"""So many of the best are diversified, whatever part of them is shown: pages must join up."""


def best_first(ranked: Ranked, count: int) -> Order:
    """The `count` best by score, descending; ties by position: same corpus, same answer."""
    return np.lexsort((ranked.positions, -ranked.scores))[:count]


def best_of_each(
    ranked: Ranked, count: int, groups: npt.NDArray[np.int32], taken: set[int]
) -> Order:
    """As `best_first`, of each group of copies the first, and none of a group in `taken`."""
    order = best_first(ranked, len(ranked.positions))
    met = set(taken)
    first: list[int] = []
    for place, group in enumerate(groups[ranked.positions[order]].tolist()):
        if group not in met:
            met.add(group)
            first.append(place)
            if len(first) == count:
                break
    return order[first]


def diversified(
    ranked: Ranked, order: Order, corpus: Corpus, diversity: float, count: int
) -> Order:
    """The first `count` by maximal marginal relevance (Carbonell and Goldstein 1998).

    Args:
        ranked: scored articles.
        order: columns of `ranked`, best first; of these the first `POOL` are diversified.
        corpus: where the vectors are.
        diversity: in [0, 1); how much likeness to what already stands in the slot takes off.
        count: places to fill.
    """
    if diversity <= 0 or len(order) <= 1:
        return order[:count]
    order, behind = order[:POOL], order[POOL:]
    vectors = corpus.vectors_at(ranked.positions[order])
    scores = ranked.scores[order]
    # scores and cosines on one scale: the best score counts 1
    free = scores * ((1 - diversity) / max(float(scores[0]), 1e-9))
    vectors_off = vectors * np.float32(diversity)
    likeness = vectors_off @ vectors[0]
    free[0] = -np.inf
    chosen = [0]
    while len(chosen) < min(count, len(order)):
        best = int((free - likeness).argmax())
        chosen.append(best)
        free[best] = -np.inf
        np.maximum(likeness, vectors_off @ vectors[best], out=likeness)
    return np.concatenate([order[chosen], behind])[:count]
