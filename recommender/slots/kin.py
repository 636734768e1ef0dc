"""Which article a new one is a copy of, and with which it is a piece of one story."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.similarity.duplicates import copies_of
from recommender.similarity.stories import PAUSE
from recommender.slots.corpus import Corpus
from recommender.slots.learned import Learned
from recommender.slots.likeness import profile_of, signals_with

_LIKELY = 10  # a copy of an article, or a piece of its story, is among its nearest
_SAME_STORY = 0.5

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Kin:
    """Of the first n articles of an overlay.

    Attributes:
        copy_of: shape (n,): the position of an article before it that it is a copy of; -1 where
            it is none.
        piece_with: the same of an article of its story.
    """

    copy_of: Positions
    piece_with: Positions

    def moved(self, first: int, kept: Positions) -> "Kin":
        """The same of an overlay that begins with the rows `kept` of this one.

        Args:
            first: articles in the base.
            kept: ascending. Whose kin is not kept has none.
        """
        place = np.full(first + len(self.copy_of) + 1, -1, dtype=np.int64)  # -1 finds the last
        place[:first] = np.arange(first)
        place[first + kept] = first + np.arange(len(kept))
        return Kin(place[self.copy_of[kept]], place[self.piece_with[kept]])


_NOBODY = np.empty(0, dtype=np.int64)
NO_KIN = Kin(_NOBODY, _NOBODY)
"""Of no article."""


def kin_of_overlay(corpus: Corpus, learned: Learned, known: Kin) -> Kin:
    """The nearest kin of each article of the overlay among those that stand before it.

    A rebuild asks a whole story whether an article belongs to it; here its likest piece is asked.

    Args:
        corpus: groups and stories of its overlay are not looked at.
        learned: when two articles are one story.
        known: of the first articles of the overlay.
    """
    first, overlay = len(corpus.base), corpus.overlay
    done, count = len(known.copy_of), len(overlay)
    copy_of, piece_with = np.full((2, count), -1, dtype=np.int64)
    copy_of[:done], piece_with[:done] = known.copy_of, known.piece_with
    vectors = overlay.texts.vectors
    hits = corpus.index.search(np.ascontiguousarray(vectors[done:]), _LIKELY)
    for row, ids in enumerate(hits.ids, start=done):
        early = corpus.positions_of_rows(ids[ids >= 0])
        late = np.argsort(-(vectors[:row] @ vectors[row]), kind="stable")[:_LIKELY]
        near = np.concatenate([early, np.sort(late) + first])
        if not len(near):
            continue
        copies = near[_copies(corpus, row, near)]
        if len(copies):
            copy_of[row] = copies[0]
        signals = signals_with(corpus, profile_of(corpus, first + row), near)
        likeness = learned.likeness(signals, corpus.relations.neighbours.background)
        likest = int(np.argmax(likeness))
        if likeness[likest] >= _SAME_STORY and _within_pause(corpus, first + row, near[likest]):
            piece_with[row] = near[likest]
    return Kin(copy_of, piece_with)


def _copies(corpus: Corpus, row: int, near: Positions) -> npt.NDArray[np.bool_]:
    """Which of the articles at `near` are copies of the one in `row` of the overlay."""
    own = corpus.overlay.sketches.take(np.array([row]))
    return copies_of(own, corpus.sketches_at(near), corpus.relations.copies.boilerplate)


def _within_pause(corpus: Corpus, one: int, other: int) -> bool:
    published = corpus.columns_at(np.array([one, other])).published_at
    apart = abs(float(published[0] - published[1]))
    return not apart > PAUSE.total_seconds()  # an unknown date is no pause
