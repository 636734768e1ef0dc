"""The rules of a slot: one copy of an article, no repetition, some variety."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from recommender.slots.ranking import Ranked

Order = npt.NDArray[np.int64]
"""Columns of a `Ranked`, in the order in which they stand."""

POOL = 40
"""So many of the best are diversified, whatever part of them is shown: pages must join up."""


_LISTED = 64


def best_first(ranked: Ranked) -> Order:
    """All by score, descending; ties by position: same corpus, same answer."""
    # stable: the positions of a Ranked ascend
    return np.argsort(-ranked.scores, kind="stable")


def best_of_each(
    ranked: Ranked,
    groups: npt.NDArray[np.int32],
    canonical: npt.NDArray[np.int32],
    taken: set[int],
) -> Iterator[int]:
    """As `best_first`, of each group of copies one, and none of a group in `taken`.

    A group stands where its best placed member would; shown is the canonical one where that is
    ranked at all. Listed a few at a time: a slot of five seldom asks for more than seven.
    """
    order = best_first(ranked)
    met = set(taken)
    for start in range(0, len(order), _LISTED):
        columns = order[start : start + _LISTED]
        placed = ranked.positions[columns]
        for column, position, group, shown in zip(
            columns.tolist(),
            placed.tolist(),
            groups[placed].tolist(),
            canonical[placed].tolist(),
            strict=True,
        ):
            if group in met:
                continue
            met.add(group)
            if shown == position:
                yield column
                continue
            at = int(ranked.positions.searchsorted(shown))
            found = at < len(ranked.positions) and ranked.positions[at] == shown
            yield at if found else column


def diversified(
    ranked: Ranked,
    order: Iterator[int],
    stories: npt.NDArray[np.int32],
    diversity: float,
    count: int,
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
    chosen: list[int] = []
    repeated: list[int] = []  # of stories that stand there already, best first
    shown: set[int] = set()
    seen = 0
    off = 0.0

    def gain(column: int, minus: float) -> float:
        return (1 - diversity) * float(ranked.scores[column]) - minus

    fresh: int | None = None  # the best of a story that does not stand there yet
    while len(chosen) < count:
        while fresh is None and seen < POOL and (column := next(order, None)) is not None:
            seen += 1
            if not chosen:
                off = diversity * max(float(ranked.scores[column]), LEAST)
            if int(stories[ranked.positions[column]]) in shown:
                repeated.append(column)
            else:
                fresh = column
        if fresh is None and not repeated:
            break
        if fresh is None or (repeated and gain(repeated[0], off) > gain(fresh, 0.0)):
            chosen.append(repeated.pop(0))
        else:
            chosen.append(fresh)
            shown.add(int(stories[ranked.positions[fresh]]))
            fresh = None
    chosen.extend(column for column, _ in zip(order, range(count - len(chosen)), strict=False))
    return np.array(chosen, dtype=np.int64)


LEAST = 1e-9  # a best score of nothing takes nothing off
