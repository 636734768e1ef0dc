"""The same article twice: reprints, corrected versions, other titles, excerpts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.similarity.likely_copies import (
    Pairs,
    boilerplate_above,
    likely_copies,
    merged,
    split,
)
from recommender.similarity.overlap import overlap
from recommender.similarity.sketches import Positions, Sketches

# Two versions of one text share half of their shingles, and hardly ever do two reporters' texts
# on one event; a few shingles (left) prove less than many, so they have to agree better (right).
_SHARED, _JACCARD = (8, 28), (0.75, 0.45)
# An excerpt: nearly all of a short one (shingles, left) stands in the other text, most of a longer.
_EXCERPT, _CONTAINMENT = (24, 64), (0.95, 0.75)
_SHARED_OF_EXCERPT = 6  # in the sample
# A notice that comes again with other figures days later ("Fed adds reserves") is another one.
_NOTICE = 200  # shingles
_SAME_JACCARD, _SAME_CONTAINMENT = 0.9, 0.95  # the same figures
_NEXT_ISSUE = 4 * 86_400.0  # seconds; a weekend and a day lie between a report and its reprint
_AS_COMPLETE = 0.9  # of the longest text of a group
_PAIR = 2
_COMPARED_WITH_ALL = 1000  # articles that hang together; more are no copies of one article


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies among n articles.

    Attributes:
        groups: shape (n,), int32: the lowest position of the article's group; its own where it
            has no copy.
        canonical: shape (n,), int32: the member that stands for the group. Of those with at
            least 0.9 of the words of the longest it is the newest version, then the lowest
            position.
        boilerplate: uint32, ascending: shingles in so many articles that they do not count.
    """

    groups: npt.NDArray[np.int32]
    canonical: npt.NDArray[np.int32]
    boilerplate: npt.NDArray[np.uint32]


def find_copies(sketches: Sketches) -> Copies:
    """The copies among all articles.

    Of any two parts of a group most pairs are copies: a copy of a copy is not always one, and
    short reports that stand in one review of the day are no copies of each other.
    """
    return copies_among(sketches, boilerplate_above(len(sketches)))


def copies_among(sketches: Sketches, most: int) -> Copies:
    """As `find_copies`, among some of a corpus.

    Args:
        sketches: theirs.
        most: articles of the corpus that have a shingle which is text of theirs.
    """
    pairs, boilerplate = likely_copies(sketches, most)
    counted = sketches.without(boilerplate)
    left, right = _copies_among(counted, *pairs)
    left, right = _copies_among(counted, *_completed(left, right, len(sketches)))
    groups = np.arange(len(sketches), dtype=np.int32)
    canonical = groups.copy()
    for group in _grouped(left, right, sketches):
        members = np.array(sorted(group))
        groups[members] = members[0]
        canonical[members] = members[stands_for(sketches.take(members))]
    return Copies(groups, canonical, boilerplate)


def copies_of(
    article: Sketches, others: Sketches, boilerplate: npt.NDArray[np.uint32]
) -> npt.NDArray[np.bool_]:
    """Which of the others are copies of an article; shape (len(others),).

    Args:
        article: one sketch.
        others: of the corpus.
        boilerplate: of the corpus, see `Copies`.
    """
    known = others.without(boilerplate)
    mine = np.zeros(len(known), dtype=np.int64)
    return _are_copies(article.without(boilerplate), mine, known, np.arange(len(known)))


def stands_for(group: Sketches) -> int:
    """Which of the copies of one article is shown before the others, see `Copies.canonical`."""
    complete = np.flatnonzero(group.lengths >= _AS_COMPLETE * group.lengths.max())
    times = np.nan_to_num(group.times[complete], nan=-np.inf)
    return int(complete[np.argmax(times)])


def write_copies(copies: Copies, draft: Draft) -> None:
    """As parts of a snapshot."""
    np.save(draft.path("copies.groups.npy"), copies.groups)
    np.save(draft.path("copies.canonical.npy"), copies.canonical)
    np.save(draft.path("copies.boilerplate.npy"), copies.boilerplate)


def read_copies(snapshot: Snapshot) -> Copies:
    """What `write_copies` wrote, memory-mapped."""
    return Copies(
        groups=read_array(snapshot, "copies.groups"),
        canonical=read_array(snapshot, "copies.canonical"),
        boilerplate=read_array(snapshot, "copies.boilerplate"),
    )


def _are_copies(
    left: Sketches, left_rows: Positions, right: Sketches, right_rows: Positions
) -> npt.NDArray[np.bool_]:
    found = overlap(left, left_rows, right, right_rows)
    jaccard, containment = found.jaccard, found.containment
    shared = found.shared / found.sampled
    smaller = np.minimum(found.left, found.right) / found.sampled
    version = (shared >= _SHARED[0]) & (jaccard >= np.interp(shared, _SHARED, _JACCARD))
    excerpt = (
        (smaller >= _EXCERPT[0])
        & (found.shared >= _SHARED_OF_EXCERPT)
        & (containment >= np.interp(smaller, _EXCERPT, _CONTAINMENT))
    )
    apart = np.abs(left.times[left_rows] - right.times[right_rows])
    next_issue = (
        (smaller < _NOTICE)
        & (jaccard < _SAME_JACCARD)
        & (containment < _SAME_CONTAINMENT)
        & (apart >= _NEXT_ISSUE)  # never where a time is unknown
    )
    digests = left.digests[left_rows]
    equal = (digests == right.digests[right_rows]) & (digests != 0)
    copies: npt.NDArray[np.bool_] = ((version | excerpt) & ~next_issue) | equal
    return copies


def _copies_among(sketches: Sketches, left: Positions, right: Positions) -> Pairs:
    found = _are_copies(sketches, left, sketches, right)
    return left[found], right[found]


def _completed(left: Positions, right: Positions, count: int) -> Pairs:
    """All pairs among articles that hang together; where those are too many, the given ones."""
    labels = _components(left, right, count)
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels)
    ends = np.cumsum(sizes)
    lefts, rights = [left], [right]
    for label in np.flatnonzero((sizes > _PAIR) & (sizes <= _COMPARED_WITH_ALL)).tolist():
        members = order[ends[label] - sizes[label] : ends[label]]
        one, other = np.triu_indices(sizes[label], 1)
        lefts.append(members[one])
        rights.append(members[other])
    return split(merged(np.concatenate(lefts), np.concatenate(rights)))


def _components(left: Positions, right: Positions, count: int) -> npt.NDArray[np.int32]:
    # imported here: a server that answers from its snapshot never needs it
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    links = sparse.coo_array((np.ones(len(left), dtype=np.int8), (left, right)), (count, count))
    _, labels = connected_components(links, directed=False)
    return labels


def _grouped(left: Positions, right: Positions, sketches: Sketches) -> list[set[int]]:
    """Articles that belong together, at least two in each group."""
    count = len(sketches)
    equal = sketches.digests[left] == sketches.digests[right]
    equal &= sketches.digests[left] != 0
    links = sparse.csr_array((np.ones(len(left), dtype=np.int32), (left, right)), (count, count))
    links = links + links.T + sparse.eye_array(count, dtype=np.int32, format="csr")
    degrees = np.diff(links.indptr)
    common = np.asarray((links @ links)[left, right])
    alike = common / (degrees[left] + degrees[right] - common)
    # those with the same copies first: they are at the heart of a group
    order = np.lexsort((right, left, -alike, ~equal))
    copies = {
        one: set(links.indices[links.indptr[one] : links.indptr[one + 1]].tolist())
        for one in np.flatnonzero(degrees > 1).tolist()
    }
    group_of = {one: {one} for one in copies}
    for place in order.tolist():
        one, other = group_of[int(left[place])], group_of[int(right[place])]
        if one is other:
            continue
        between = sum(len(copies[member] & other) for member in one)
        if equal[place] or 2 * between > len(one) * len(other):
            one |= other
            group_of.update(dict.fromkeys(other, one))
    return [group for one, group in group_of.items() if one == min(group) and len(group) > 1]
