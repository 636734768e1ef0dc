"""Articles of one running story: average linkage on the neighbour graph."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array

LEAST = 0.3
"""Mean likeness at which two pieces are one story; larger stories than a dozen pieces want less.
tests/acceptance holds it to AllSides and BASIL, each with a likeness fitted on the other."""

PAUSE = timedelta(weeks=4)
"""The longest time in which nothing of a running story appears."""

_FLOOR = 0.05  # less counts as 0: that is most of the pairs
_WHOLE = 1 << 16  # likeness is summed in whole parts of this, so no sum depends on its order
_BLOCK = 1 << 14  # rows of the neighbour graph that are read at once

_Ids: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stories:
    """The story of each article of a snapshot, and each story's articles.

    Attributes:
        of: shape (n,), int32: the story of each article, the lowest position in it.
        order: shape (n,), int32: positions, story after story, ascending in a story.
        starts: shape (n + 1,), int32: story `s` is `order[starts[s]:starts[s + 1]]`; nothing where
            `s` is no story.
    """

    of: npt.NDArray[np.int32]
    order: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]


def find_stories(
    positions: npt.NDArray[np.int32],
    likeness: npt.NDArray[np.float32],
    published_at: npt.NDArray[np.float64],
    previous: npt.NDArray[np.integer] | None = None,
    *,
    least: float = LEAST,
    pause: timedelta = PAUSE,
) -> npt.NDArray[np.int32]:
    """The story of each article: the lowest position in it, its own where it stands alone.

    The two pieces with the highest mean likeness of all their pairs are joined, again and again,
    as long as it is at least `least`; a pair that is no candidate counts as 0, so nothing chains.
    Average linkage, all pieces that are each other's best at once: Murtagh, A survey of recent
    advances in hierarchical clustering algorithms, 1983.

    Args:
        positions: shape (n, c), n at least 1: each article's candidates, padded with -1.
        likeness: shape (n, c), in [0, 1]: how probably the two belong together. The same for a
            pair that stands in both its rows.
        published_at: shape (n,), seconds; NaN where unknown, and then no pause counts.
        previous: shape (n,): equal numbers for articles that were one story before, -1 for an
            article that is new. Such stories stay whole, and two of them are only joined by a
            new article that is in between. None groups all articles anew.
        least: above 0.
        pause: pieces whose times are further apart are not joined.

    Returns:
        Shape (n,), int32.
    """
    story, fresh = _begin(len(positions), previous)
    groups = _Groups(story, fresh, published_at, pause.total_seconds())
    links = _contracted(_article_links(positions, likeness), story)
    while True:
        links, can_join, mean = _still_open(links, groups, least)
        left, right = _mutual_best(links.left[can_join], links.right[can_join], mean[can_join])
        if not len(left):
            return story.astype(np.int32)
        groups.join(left, right)
        lead = np.arange(len(story))
        lead[right] = left
        story = lead[story]
        links = _contracted(links, lead)


def arrange(of: npt.NDArray[np.int32]) -> Stories:
    """Each story's articles, from the story of each article as `find_stories` gives it."""
    starts = np.zeros(len(of) + 1, dtype=np.int32)
    np.cumsum(np.bincount(of, minlength=len(of)), out=starts[1:])
    return Stories(of=of, order=np.argsort(of, kind="stable").astype(np.int32), starts=starts)


def write_stories(stories: Stories, draft: Draft) -> None:
    """As parts of a snapshot."""
    np.save(draft.path("stories.of.npy"), stories.of)
    np.save(draft.path("stories.order.npy"), stories.order)
    np.save(draft.path("stories.starts.npy"), stories.starts)


def read_stories(snapshot: Snapshot) -> Stories:
    """What `write_stories` wrote, memory-mapped."""
    return Stories(
        of=read_array(snapshot, "stories.of"),
        order=read_array(snapshot, "stories.order"),
        starts=read_array(snapshot, "stories.starts"),
    )


@dataclass(frozen=True, slots=True)
class _Links:
    """Pairs of pieces, each once, `left` below `right`; a piece is named by its lowest position.

    Attributes:
        total: likeness of all pairs of articles between the two, in parts of _WHOLE.
    """

    left: _Ids
    right: _Ids
    total: _Ids

    def only(self, chosen: npt.NDArray[np.bool_]) -> "_Links":
        return _Links(self.left[chosen], self.right[chosen], self.total[chosen])


class _Groups:
    """Pieces of stories as they grow; arrays of shape (n,), at each piece's lowest position."""

    def __init__(
        self,
        story: _Ids,
        fresh: npt.NDArray[np.bool_],
        published_at: npt.NDArray[np.float64],
        pause: float,
    ) -> None:
        self.count = len(story)
        self._pause = pause
        self._fresh = fresh  # there is a new article in it
        self._size = np.bincount(story, minlength=len(story))
        self._first = np.full(len(story), np.nan)
        self._last = np.full(len(story), np.nan)
        np.fmin.at(self._first, story, published_at)
        np.fmax.at(self._last, story, published_at)

    def mean_likeness(self, links: _Links) -> npt.NDArray[np.float64]:
        pairs = self._size[links.left] * self._size[links.right]
        return links.total / (pairs * _WHOLE)

    def may_join(self, links: _Links) -> npt.NDArray[np.bool_]:
        """As to their dates and what was a story before."""
        later = np.maximum(self._first[links.left], self._first[links.right])
        earlier = np.minimum(self._last[links.left], self._last[links.right])
        # an undated piece makes NaN, which is not above any pause
        near: npt.NDArray[np.bool_] = ~(later - earlier > self._pause)
        return near & (self._fresh[links.left] | self._fresh[links.right])

    def join(self, left: _Ids, right: _Ids) -> None:
        """Each `right` into its `left`; no piece twice."""
        self._size[left] += self._size[right]
        self._fresh[left] |= self._fresh[right]
        self._first[left] = np.fmin(self._first[left], self._first[right])
        self._last[left] = np.fmax(self._last[left], self._last[right])


def _begin(
    count: int, previous: npt.NDArray[np.integer] | None
) -> tuple[_Ids, npt.NDArray[np.bool_]]:
    """The pieces to begin with, and at which positions there is a new article."""
    story = np.arange(count)
    if previous is None:
        return story, np.ones(count, dtype=np.bool_)
    fresh = previous < 0
    old = np.flatnonzero(~fresh)
    _, first, which = np.unique(previous[old], return_index=True, return_inverse=True)
    story[old] = old[first[which]]
    return story, fresh


def _article_links(positions: npt.NDArray[np.int32], likeness: npt.NDArray[np.float32]) -> _Links:
    count = len(positions)
    rows, columns, values = [], [], []
    for start in range(0, count, _BLOCK):
        block = slice(start, start + _BLOCK)
        row, place = np.nonzero((positions[block] >= 0) & (likeness[block] >= _FLOOR))
        rows.append((row + start).astype(np.int32))
        columns.append(positions[block][row, place])
        values.append(likeness[block][row, place])
    graph = sparse.csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (count, count)
    )
    # a pair may stand in one of its two rows alone
    pairs = sparse.triu(graph.maximum(graph.T), k=1)
    total = np.rint(pairs.data * np.float64(_WHOLE)).astype(np.int64)
    return _Links(pairs.row.astype(np.int64), pairs.col.astype(np.int64), total)


def _contracted(links: _Links, lead: _Ids) -> _Links:
    """The links of the pieces that there are now: piece `i` is part of piece `lead[i]`."""
    gone = np.flatnonzero(lead != np.arange(len(lead)))
    changed = np.zeros(len(lead), dtype=np.bool_)
    changed[gone] = True
    changed[lead[gone]] = True
    touched = changed[links.left] | changed[links.right]
    left, right = lead[links.left[touched]], lead[links.right[touched]]
    apart = left != right
    ends = np.minimum(left, right)[apart], np.maximum(left, right)[apart]
    total = links.total[touched][apart]
    summed = sparse.coo_array((total, ends), (len(lead), len(lead))).tocsr().tocoo()
    rest = links.only(~touched)
    return _Links(
        np.concatenate([rest.left, summed.row.astype(np.int64)]),
        np.concatenate([rest.right, summed.col.astype(np.int64)]),
        np.concatenate([rest.total, summed.data]),
    )


def _still_open(
    links: _Links, groups: _Groups, least: float
) -> tuple[_Links, npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Links that may yet matter, which of them join pieces now, and the mean likeness of each."""
    mean = groups.mean_likeness(links)
    enough = mean >= least
    # a mean of means is below their highest: a piece with none that is enough never gets one
    waiting = np.zeros(groups.count, dtype=np.bool_)
    waiting[links.left[enough]] = True
    waiting[links.right[enough]] = True
    matters = waiting[links.left] & waiting[links.right]
    links = links.only(matters)
    return links, enough[matters] & groups.may_join(links), mean[matters]


def _mutual_best(left: _Ids, right: _Ids, mean: npt.NDArray[np.float64]) -> tuple[_Ids, _Ids]:
    """The pairs whose both ends have no better pair than this one."""
    # ties by position: those that share their leading bits first, so that of many copies of one
    # text half find a partner in each round, and not only the first
    order = np.lexsort((left, left ^ right, -mean))
    left, right = left[order], right[order]
    rank = np.arange(len(order))
    best = np.full(right.max(initial=-1) + 1, len(order))
    np.minimum.at(best, left, rank)
    np.minimum.at(best, right, rank)
    mutual = (best[left] == rank) & (best[right] == rank)
    return left[mutual], right[mutual]
