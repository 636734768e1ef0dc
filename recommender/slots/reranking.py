"""The rules of a slot: one copy of an article, no repetition, some variety."""

import numpy as np
import numpy.typing as npt

from recommender.slots.corpus import Corpus
from recommender.slots.ranking import Ranked

POOL = 4
"""Articles considered for each place when a slot is diversified."""


def best_first(ranked: Ranked, count: int) -> Ranked:
    """The `count` best by score, descending; ties by position: same corpus, same answer."""
    return ranked.take(_order(ranked)[:count])


def best_of_each(
    ranked: Ranked, count: int, groups: npt.NDArray[np.int32], taken: set[int]
) -> Ranked:
    """As `best_first`, of each group of copies the first, and none of a group in `taken`."""
    order = _order(ranked)
    met = set(taken)
    first: list[int] = []
    for place, group in enumerate(groups[ranked.positions[order]].tolist()):
        if group not in met:
            met.add(group)
            first.append(place)
            if len(first) == count:
                break
    return ranked.take(order[first])


def _order(ranked: Ranked) -> npt.NDArray[np.int64]:
    return np.lexsort((ranked.positions, -ranked.scores))


def diversified(ranked: Ranked, corpus: Corpus, diversity: float, count: int) -> Ranked:
    """The first `count` by maximal marginal relevance (Carbonell and Goldstein 1998).

    Args:
        ranked: best first.
        corpus: where the vectors are.
        diversity: in [0, 1); how much likeness to what already stands in the slot takes off.
        count: places to fill.
    """
    if diversity <= 0 or len(ranked.positions) <= 1:
        return ranked
    pool = min(len(ranked.positions), POOL * count)
    vectors = corpus.vectors_at(ranked.positions[:pool])
    # scores and cosines on one scale: the best score counts 1
    free = ranked.scores[:pool] * ((1 - diversity) / max(float(ranked.scores[0]), 1e-9))
    likeness = vectors @ vectors[0]
    free[0] = -np.inf
    order = np.zeros(min(count, pool), dtype=np.int64)
    for place in range(1, len(order)):
        best = int((free - diversity * likeness).argmax())
        order[place] = best
        free[best] = -np.inf
        np.maximum(likeness, vectors @ vectors[best], out=likeness)
    return ranked.take(order)
