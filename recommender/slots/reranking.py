"""The rules of a slot: one copy of an article, no repetition, some variety."""

import numpy as np
import numpy.typing as npt

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
    ranked: Ranked, order: Order, stories: npt.NDArray[np.int32], diversity: float, count: int
) -> Order:
    """The first `count` by maximal marginal relevance over stories.

    Carbonell and Goldstein 1998, two articles counting as alike when they are of one story: at 0
    the whole story may stand in the slot, at 1 one piece of it and then something else.

    Args:
        ranked: scored articles.
        order: columns of `ranked`, best first; of these the first `POOL` are diversified.
        stories: shape (articles of the corpus,), the story of each.
        diversity: in [0, 1]; what a story that stands there already takes off, the best score
            counting 1.
        count: places to fill.
    """
    if diversity <= 0 or len(order) <= 1:
        return order[:count]
    pool = order[:POOL]
    scores = ranked.scores[pool].tolist()
    told = stories[ranked.positions[pool]].tolist()
    off = diversity * max(scores[0], 1e-9)
    shown: set[int] = set()
    chosen: list[int] = []
    left = list(range(len(pool)))
    while left and len(chosen) < count:
        best = max(
            left,
            key=lambda one: (1 - diversity) * scores[one] - (off if told[one] in shown else 0.0),
        )
        left.remove(best)
        chosen.append(best)
        shown.add(told[best])
    return np.concatenate([pool[chosen], order[POOL:]])[:count]
