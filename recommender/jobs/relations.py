"""What articles are to each other: neighbours, copies of one text, pieces of one story."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.jobs.by_vector import ByVector
from recommender.jobs.steps import Steps
from recommender.readers.together import ReadTogether
from recommender.similarity.duplicates import find_copies
from recommender.similarity.lexical_search import lexical_graph, postings
from recommender.similarity.neighbours import Neighbours, find_neighbours
from recommender.similarity.stories import Stories, arrange, find_stories
from recommender.slots.corpus import Relations, Shelf
from recommender.slots.learned import Learned
from recommender.slots.together import together_of

_BLOCK = 8192
LEXICAL_SHARE = 2
"""Half as many are found by words as by vectors: most are the same ones."""


def relate(
    shelf: Shelf,
    count: int,
    learned: Learned,
    *,
    placed: Callable[[], ByVector],
    earlier: npt.NDArray[np.int32] | None,
    read: ReadTogether,
    folder: Path,
    steps: Steps,
) -> Relations:
    """Relates all articles of `shelf` to each other.

    Args:
        shelf: its texts and columns.
        count: candidates kept for each article.
        learned: when a pair is one story.
        placed: waits for what its vectors tell.
        earlier: the stories of the snapshot before, by number, which go on; None: all are new.
        read: what the same people read.
        folder: on the disk to use for what waits.
        steps: told of each.
    """
    texts, times = shelf.texts, shelf.columns.published_at
    made = steps.timed("postings", lambda: postings(texts.terms))
    lexical = steps.timed(
        "lexical neighbours",
        lambda: lexical_graph(
            texts.terms, made, max(1, count // LEXICAL_SHARE), steps.watch.progress
        ),
    )
    together = steps.timed("together", lambda: together_of(read, shelf.ids, len(shelf)))
    near = steps.timed("vector neighbours", placed)
    neighbours = steps.timed(
        "neighbours",
        lambda: find_neighbours(
            texts,
            count,
            nearest=near.nearest,
            lexical=lexical,
            always=together.padded(),
            progress=steps.watch.progress,
            folder=folder,
        ),
    )
    copies = steps.timed("copies", lambda: find_copies(shelf.sketches))
    previous = None
    if earlier is not None and near.previous is not None:
        previous = np.where(near.previous < 0, -1, earlier[near.previous])
    stories = steps.timed("stories", lambda: stories_of(neighbours, learned, times, previous))
    return Relations(neighbours, made, copies, together, stories)


def stories_of(
    neighbours: Neighbours,
    learned: Learned,
    published_at: npt.NDArray[np.float64],
    previous: npt.NDArray[np.integer] | None,
) -> Stories:
    """The running stories.

    Args:
        neighbours: of all articles.
        learned: when a pair is one story.
        published_at: see `find_stories`.
        previous: see `find_stories`.
    """
    likeness = _likeness(neighbours, learned)
    return arrange(find_stories(neighbours.positions, likeness, published_at, previous))


def _likeness(neighbours: Neighbours, learned: Learned) -> npt.NDArray[np.float32]:
    """Shape of the positions; block by block, as the signals of a large catalog are larger."""
    found = np.zeros(neighbours.positions.shape, dtype=np.float32)
    for start in range(0, len(found), _BLOCK):
        here = slice(start, start + _BLOCK)
        found[here] = learned.likeness(neighbours.signals[here], neighbours.background)
    found[neighbours.positions < 0] = 0
    return found
