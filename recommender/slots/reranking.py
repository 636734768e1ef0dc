"""The rules of a slot: one copy of an article, no repetition, some variety."""

import numpy as np
import numpy.typing as npt

from recommender.slots.corpus import Corpus
from recommender.slots.ranking import Ranked

_POOL = 4  # articles considered for each place when a slot is diversified


def best_first(ranked: Ranked) -> Ranked:
    """By score, descending; ties by position: same corpus, same answer."""
    return ranked.take(np.lexsort((ranked.positions, -ranked.scores)))


def one_of_each(ranked: Ranked, groups: npt.NDArray[np.int32], taken: set[int]) -> Ranked:
    """The first of each group of copies, and none of a group in `taken`."""
    found = groups[ranked.positions]
    _, first = np.unique(found, return_index=True)
    first.sort()
    if taken:
        first = first[~np.isin(found[first], np.fromiter(taken, np.int64, len(taken)))]
    return ranked if len(first) == len(found) else ranked.take(first)


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
    pool = min(len(ranked.positions), _POOL * count)
    vectors = corpus.vectors_at(ranked.positions[:pool])
    # scores and cosines on one scale: the best score counts 1
    relevance = ranked.scores[:pool] / max(float(ranked.scores[0]), 1e-9)
    order = np.zeros(min(count, pool), dtype=np.int64)
    likeness = vectors @ vectors[0]
    free = np.ones(pool, dtype=np.bool_)
    free[0] = False
    for place in range(1, len(order)):
        merit = np.where(free, (1 - diversity) * relevance - diversity * likeness, -np.inf)
        best = int(np.argmax(merit))
        order[place] = best
        free[best] = False
        np.maximum(likeness, vectors @ vectors[best], out=likeness)
    return ranked.take(order)
