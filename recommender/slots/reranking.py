"""The rules of a slot: one copy of an article, no repetition, some variety."""

from collections.abc import Iterator
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from recommender.slots.corpus import Corpus
from recommender.slots.ranking import Ranked

Order = npt.NDArray[np.int64]
"""Columns of a `Ranked`, in the order in which they stand."""

POOL = 40
"""So many of the best are diversified, whatever part of them is shown: pages must join up."""


_LISTED = 16


def best_first(ranked: Ranked) -> Order:
    """All by score, descending; ties by position: same corpus, same answer."""
    # stable: the positions of a Ranked ascend
    return (-ranked.scores).argsort(kind="stable")


def in_order(
    ranked: Ranked,
    corpus: Corpus,
    *,
    collapse_copies: bool,
    diversity: float,
    taken: set[int],
    count: int,
) -> Order:
    """The first `count` columns of a slot.

    Args:
        ranked: scored articles.
        corpus: where they are.
        collapse_copies: see `best_of_each`; else all that are ranked stand there.
        diversity: see `diversified`; 0 for none.
        taken: copy groups that stand on the page already.
        count: places to fill.
    """
    if collapse_copies:
        order = best_of_each(ranked, corpus.groups, corpus.canonical, taken)
    else:
        order = iter(best_first(ranked).tolist())
    if diversity:
        return diversified(ranked, order, corpus.stories, diversity, count)
    return np.fromiter(islice(order, count), dtype=np.int64)


def best_of_each(
    ranked: Ranked,
    groups: npt.NDArray[np.int32],
    canonical: npt.NDArray[np.int32],
    taken: set[int],
) -> Iterator[int]:
    """As `best_first`, of each group of copies one, and none of a group in `taken`.

    A group stands where its best placed member would; shown is the canonical one where that is
    ranked at all. Listed a few at a time: a slot of ten seldom asks for more than fifteen.
    """
    order = best_first(ranked)
    met = set(taken)
    start, size = 0, _LISTED
    while start < len(order):
        columns = order[start : start + size]
        start, size = start + size, 4 * size
        placed = ranked.positions.take(columns)
        here, positions = columns.tolist(), placed.tolist()
        groups_of, shown_of = groups.take(placed).tolist(), canonical.take(placed).tolist()
        if shown_of == positions and len({*met, *groups_of}) == len(met) + len(groups_of):
            # no copy far and wide, as mostly
            met.update(groups_of)
            yield from here
            continue
        for column, position, group, shown in zip(
            here, positions, groups_of, shown_of, strict=True
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
    first = list(islice(order, min(count, POOL)))
    if len(set(stories.take(ranked.positions.take(first)).tolist())) == len(first):
        return np.array([*first, *islice(order, count - len(first))], dtype=np.int64)
    order = chain(first, order)
    chosen: list[int] = []
    repeated: list[int] = []  # of stories that stand there already, best first
    shown: set[int] = set()
    seen = 0
    off = 0.0

    # numbers of Python's: what numpy calls a number takes thrice the time
    score_of, place_of, story_of = ranked.scores.item, ranked.positions.item, stories.item

    def gain(column: int, minus: float) -> float:
        return (1 - diversity) * score_of(column) - minus

    fresh: int | None = None  # the best of a story that does not stand there yet
    story = 0  # which that is
    while len(chosen) < count:
        while fresh is None and seen < POOL and (column := next(order, None)) is not None:
            seen += 1
            if not chosen:
                off = diversity * max(score_of(column), LEAST)
            story = story_of(place_of(column))
            if story in shown:
                repeated.append(column)
            else:
                fresh = column
        if fresh is None and not repeated:
            break
        if fresh is None or (repeated and gain(repeated[0], off) > gain(fresh, 0.0)):
            chosen.append(repeated.pop(0))
        else:
            chosen.append(fresh)
            shown.add(story)
            fresh = None
    chosen.extend(islice(order, count - len(chosen)))
    return np.array(chosen, dtype=np.int64)


LEAST = 1e-9  # a best score of nothing takes nothing off
