"""All articles that may stand in a slot, as arrays: a snapshot, and what came after it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from index.protocol import VectorIndex
from recommender.articles.columns import Columns, Vocabularies
from recommender.articles.identifiers import Identifiers
from recommender.articles.listed import Lists
from recommender.articles.packed import Packed
from recommender.similarity.duplicates import Copies
from recommender.similarity.expansion import Expansion, add_neighbours
from recommender.similarity.keywords import Keywords
from recommender.similarity.lexical import Lexicon
from recommender.similarity.lexical_search import Postings
from recommender.similarity.neighbours import Neighbours
from recommender.similarity.pairs import Texts
from recommender.similarity.sketches import Sketches, joined
from recommender.similarity.stories import Stories
from recommender.slots.together import Together

Positions = npt.NDArray[np.integer]
_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A block of articles; but for `lists` and words all parts have one row for each, in order."""

    ids: Identifiers
    columns: Columns
    cards: Packed
    texts: Texts
    sketches: Sketches
    expansion: Expansion
    lists: Lists
    keywords: Keywords

    def __len__(self) -> int:
        return len(self.columns)


@dataclass(frozen=True, slots=True)
class Relations:
    """What the articles of a snapshot are to each other.

    Attributes:
        neighbours: each article's candidates.
        postings: which articles have a term.
        copies: which are one text.
        together: which the same people read.
        stories: the running stories.
    """

    neighbours: Neighbours
    postings: Postings
    copies: Copies
    together: Together
    stories: Stories


@dataclass(frozen=True)
class Corpus:
    """A position below `len(base)` is of the snapshot, a higher one of the overlay.

    Attributes:
        version: of the snapshot.
        embedder: whose vectors these are.
        base: the snapshot's articles.
        overlay: new and changed articles since then.
        groups: shape (len(self),), the lowest position of the copies of each article.
        canonical: shape (len(self),), the position of the copy that is shown before others.
        stories: shape (len(self),), the lowest position of the running story of each article.
        hidden: shape (len(self),), withdrawn, expired, or replaced by the overlay's version.
        until: seconds since 1970 when the next of its articles expires; infinite where none does.
        replaces: shape (len(overlay),), the position in the base of the version before; -1 of an
            article that is new.
        index: vector ids are catalog rows, of the base only.
        relations: of the base.
    """

    version: str
    embedder: str
    base: Shelf
    overlay: Shelf
    vocabularies: Vocabularies
    groups: npt.NDArray[np.int32]
    canonical: npt.NDArray[np.int32]
    stories: npt.NDArray[np.int32]
    hidden: npt.NDArray[np.bool_]
    index: VectorIndex
    relations: Relations
    lexicon: Lexicon
    until: float = np.inf
    replaces: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.base) + len(self.overlay)

    def position(self, article_id: str) -> int | None:
        """Where the article stands; None where it is unknown, withdrawn or expired."""
        if self.has_late:
            late = self.overlay.ids.position(article_id)
            if late is not None:
                return self.first_late + late
        early = self.base.ids.position(article_id)
        return None if early is None or bool(self.hidden[early]) else early

    def positions(self, ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """As `position`, of many at once; -1 where there is none."""
        found = self.base.ids.places(ids)
        found[(found >= 0) & self.hidden[found]] = -1
        if self.has_late:
            late = self.overlay.ids.places(ids)
            found[late >= 0] = late[late >= 0] + len(self.base)
        return found

    def id_at(self, position: int) -> str:
        """The id of the article at `position`."""
        shelf, row = self.shelf(position)
        return shelf.ids.at(row)

    def card_at(self, position: int) -> bytes:
        """The card at `position`, a JSON object."""
        shelf, row = self.shelf(position)
        return shelf.cards[row]

    def cards_at(self, positions: Sequence[int]) -> list[bytes]:
        """The cards at `positions`, JSON objects."""
        if not self.has_late:
            return self.base.cards.several(positions)
        return [self.card_at(one) for one in positions]

    def shelf(self, position: int) -> tuple[Shelf, int]:
        """Where the article at `position` is kept, and its row there."""
        late = position - self.first_late
        return (self.base, position) if late < 0 else (self.overlay, late)

    @cached_property
    def first_late(self) -> int:
        """The first position of the overlay."""
        # looked up a dozen times for an answer: the length of the base goes through two others
        return len(self.base)

    @cached_property
    def has_late(self) -> bool:
        """Whether there is anything in the overlay."""
        return len(self.overlay) > 0

    def columns_at(self, positions: Positions) -> Columns:
        """The columns of the articles at `positions`."""
        if not self.has_late:
            return self.base.columns.take(positions)
        return Columns(
            *(
                _join(early, late, positions)
                for early, late in zip(
                    self.base.columns.arrays(), self.overlay.columns.arrays(), strict=True
                )
            )
        )

    def marks_at(self, positions: Positions) -> npt.NDArray[np.float64]:
        """`Columns.marks` of the articles at `positions`."""
        return _join(self.base.columns.marks, self.overlay.columns.marks, positions)

    def vectors_at(self, positions: Positions) -> npt.NDArray[np.float32]:
        """Shape (len(positions), dim)."""
        return _join(self.base.texts.vectors, self.overlay.texts.vectors, positions)

    def expanded_at(self, positions: Positions) -> npt.NDArray[np.float32]:
        """The vectors with their neighbours' added; shape (len(positions), dim)."""
        early, late = self.base.expansion, self.overlay.expansion
        neighbours = _join(early.neighbours, late.neighbours, positions)
        near = self.vectors_at(np.maximum(neighbours, 0).ravel())
        return add_neighbours(
            self.vectors_at(positions),
            near.reshape(*neighbours.shape, near.shape[1]),
            _join(early.weights, late.weights, positions),
        )

    def density_at(self, positions: Positions) -> npt.NDArray[np.float32]:
        """How near the articles are to their own nearest; shape (len(positions),)."""
        return _join(self.base.expansion.density, self.overlay.expansion.density, positions)

    def sketches_at(self, positions: Positions) -> Sketches:
        """The sketches of the articles at `positions`, in that order."""
        late = positions >= len(self.base)
        if not late.any():
            return self.base.sketches.take(positions)
        both = joined(
            [
                self.base.sketches.take(positions[~late]),
                self.overlay.sketches.take(positions[late] - len(self.base)),
            ]
        )
        # both parts stand in one after the other: back to where they were asked for
        return both.take(np.argsort(np.argsort(late, kind="stable"), kind="stable"))

    def copies_of(self, position: int) -> npt.NDArray[np.int64]:
        """All articles of the copy group of the one at `position`, itself too; ascending."""
        group = self.groups[position]
        groups = self.groups[self._copied]
        begin, end = np.searchsorted(groups, [group, group + 1])
        found = self._copied[begin:end]
        return found if len(found) else np.array([position], dtype=np.int64)

    @cached_property
    def _copied(self) -> npt.NDArray[np.int64]:
        """Positions of the articles that have a copy, group after group."""
        sizes = np.bincount(self.groups, minlength=len(self))
        copied = np.flatnonzero(sizes[self.groups] > 1)
        return copied[np.argsort(self.groups[copied], kind="stable")]

    def read_with(
        self, position: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]] | None:
        """What the readers of an article read besides, see `Together.of`; None of a new one.

        An article that changed is still the one that they read.
        """
        early = self._in_base(position)
        if early < 0 or not len(self.relations.together.positions):
            return None
        others, strengths = self.relations.together.of(early)
        now = others.astype(np.int64)
        if not self.has_late:
            return now, strengths
        for place in np.flatnonzero(self.hidden[others]).tolist():
            now[place] = self._latest.get(int(others[place]), now[place])
        order = np.argsort(now)
        return now[order], strengths[order]

    def common_readers(self, position: int, other: int) -> int:
        """How many people read both articles; 0 where too few did."""
        early, late = self._in_base(position), self._in_base(other)
        if early < 0 or late < 0:
            return 0
        return self.relations.together.common_readers(early, late)

    def _in_base(self, position: int) -> int:
        """Where the article stands in the base, in whatever version; -1 where it does not."""
        late = position - self.first_late
        return position if late < 0 else int(self.replaces[late])

    @cached_property
    def _latest(self) -> dict[int, int]:
        """From the versions that were replaced to those in the overlay."""
        first = len(self.base)
        there = np.flatnonzero(self.replaces >= 0)
        return dict(zip(self.replaces[there].tolist(), (there + first).tolist(), strict=True))

    def positions_of_rows(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Base positions of vector ids that the index gave."""
        return np.searchsorted(self.base.columns.rows, rows)

    def story_at(self, position: int) -> npt.NDArray[np.int64]:
        """The articles of the running story of the one at `position`, itself too; ascending."""
        story = int(self.stories[position])
        late = np.flatnonzero(self.stories[len(self.base) :] == story) + len(self.base)
        if story >= len(self.base):
            return late
        kept = self.relations.stories
        early = kept.order[kept.starts[story] : kept.starts[story + 1]]
        return np.concatenate([early.astype(np.int64), late])

    def come(self, at: float) -> int:
        """How many articles have a date up to `at`, seconds since 1970."""
        both = self.base.columns.dates, self.overlay.columns.dates
        return sum(int(dates.searchsorted(at, side="right")) for dates in both)

    @cached_property
    def latest(self) -> float:
        """The latest date of an article, seconds since 1970; -inf where none has one."""
        both = self.base.columns.dates, self.overlay.columns.dates
        return max((float(dates[-1]) for dates in both if len(dates)), default=-np.inf)

    @cached_property
    def chosen(self) -> npt.NDArray[np.int64]:
        """The editors' choices among `newest`."""
        choices = np.concatenate(
            [self.base.columns.editors_choice, self.overlay.columns.editors_choice]
        )
        chosen: npt.NDArray[np.int64] = self.newest[choices[self.newest]]
        return chosen

    @cached_property
    def newest(self) -> npt.NDArray[np.int64]:
        """All positions, latest publication first, undated last, ties by position."""
        published = np.concatenate(
            [self.base.columns.published_at, self.overlay.columns.published_at]
        )
        return np.argsort(-np.nan_to_num(published, nan=-np.inf), kind="stable")


def _join(
    early: npt.NDArray[_Number], late: npt.NDArray[_Number], positions: Positions
) -> npt.NDArray[_Number]:
    """Rows of two arrays laid one after the other, without copying either."""
    first_late = len(early)
    if not len(late):
        return early.take(positions, axis=0)
    behind = positions >= first_late
    taken = np.empty((len(positions), *early.shape[1:]), dtype=early.dtype)
    taken[~behind] = early[positions[~behind]]
    taken[behind] = late[positions[behind] - first_late]
    return taken
