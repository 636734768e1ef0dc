"""What articles are to each other: neighbours, copies of one text, pieces of one story."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.ascending import located
from index.faiss_index import FaissIndex
from index.graph_update import Before
from index.protocol import Vectors
from recommender.jobs.steps import Steps
from recommender.readers.together import ReadTogether
from recommender.similarity.duplicates import find_copies
from recommender.similarity.lexical_search import lexical_graph, postings
from recommender.similarity.neighbours import Neighbours, find_neighbours, nearest_by_vector
from recommender.similarity.stories import arrange, find_stories
from recommender.slots.corpus import Relations, Shelf
from recommender.slots.learned import Learned
from recommender.slots.together import together_of

_BLOCK = 8192
_LEXICAL_SHARE = 2  # half as many by words as by vectors: most are the same ones


@dataclass(frozen=True, slots=True)
class Earlier:
    """What has to be known of the snapshot before, of n articles.

    Attributes:
        rows: shape (n,), ascending, the catalog's.
        vectors: shape (n, dim): of a text that changed it is another one.
        stories: shape (n,): by number.
        nearest: shape (n, m): positions of the nearest by vector.
    """

    rows: npt.NDArray[np.int64]
    vectors: Vectors
    stories: npt.NDArray[np.int32]
    nearest: npt.NDArray[np.int32]


def relate(
    shelf: Shelf,
    count: int,
    learned: Learned,
    *,
    index: FaissIndex,
    before: Earlier | None,
    read: ReadTogether,
    steps: Steps,
) -> Relations:
    """Relates all articles of `shelf` to each other.

    Args:
        shelf: its texts and columns.
        count: candidates kept for each article.
        learned: when a pair is one story.
        index: of its vectors, by row of the catalog.
        before: the snapshot before, whose stories and nearest go on; None relates all anew.
        read: what the same people read.
        steps: told of each.
    """
    texts, times = shelf.texts, shelf.columns.published_at
    previous = None if before is None else _previous(shelf, before)
    made = steps.timed("postings", lambda: postings(texts.terms))
    lexical = steps.timed(
        "lexical neighbours",
        lambda: lexical_graph(
            texts.terms, made, max(1, count // _LEXICAL_SHARE), steps.watch.progress
        ),
    )
    together = steps.timed("together", lambda: together_of(read, shelf.ids, len(shelf)))
    neighbours = steps.timed(
        "neighbours",
        lambda: find_neighbours(
            texts,
            count,
            nearest=nearest_by_vector(
                texts,
                count,
                before=None if before is None or previous is None else _went_on(before, previous),
                searched=index,
            ),
            lexical=lexical,
            always=together.padded(),
            progress=steps.watch.progress,
        ),
    )
    copies = steps.timed("copies", lambda: find_copies(shelf.sketches))
    likeness = _likeness(neighbours, learned)
    stories = None
    if before is not None and previous is not None:
        stories = np.where(previous < 0, -1, before.stories[previous])
    story = steps.timed(
        "stories", lambda: find_stories(neighbours.positions, likeness, times, stories)
    )
    return Relations(neighbours, made, copies, together, arrange(story))


def _likeness(neighbours: Neighbours, learned: Learned) -> npt.NDArray[np.float32]:
    """Shape of the positions; block by block, as the signals of a large catalog are larger."""
    found = np.zeros(neighbours.positions.shape, dtype=np.float32)
    for start in range(0, len(found), _BLOCK):
        here = slice(start, start + _BLOCK)
        found[here] = learned.likeness(neighbours.signals[here], neighbours.background)
    found[neighbours.positions < 0] = 0
    return found


def _previous(shelf: Shelf, before: Earlier) -> npt.NDArray[np.int64]:
    """The earlier position of each article; -1 where it or its text is new."""
    place, same = located(shelf.columns.rows, before.rows)
    for start in range(0, len(shelf), _BLOCK):
        here = slice(start, start + _BLOCK)
        earlier = before.vectors[place[here]]
        same[here] &= (earlier == shelf.texts.vectors[here]).all(axis=1)
    return np.where(same, place, -1)


def _went_on(before: Earlier, previous: npt.NDArray[np.int64]) -> Before:
    now = np.full(len(before.rows), -1, dtype=np.int64)
    there = np.flatnonzero(previous >= 0)
    now[previous[there]] = there
    return Before(before.nearest, now)
