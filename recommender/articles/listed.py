"""Which articles have a tag, or an author: from a name to positions, without a dictionary."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.article import Article
from recommender.articles.identifiers import (
    Identifiers,
    identifiers,
    merged_identifiers,
    read_identifiers,
    write_identifiers,
)
from recommender.articles.renumbered import Renumbered


@dataclass(frozen=True, slots=True)
class Listed:
    """Articles by name.

    Attributes:
        names: m names, in the form that `same_name` gives them.
        ends: shape (m + 1,), int64: where the articles of each name begin and end in `articles`.
        articles: int32, positions, ascending within a name.
    """

    names: Identifiers
    ends: npt.NDArray[np.int64]
    articles: npt.NDArray[np.int32]

    def of(self, name: str) -> npt.NDArray[np.int32]:
        """Positions of the articles that have it, ascending; empty where none has."""
        place = self.names.position(same_name(name))
        if place is None:
            return self.articles[:0]
        return self.articles[self.ends[place] : self.ends[place + 1]]


@dataclass(frozen=True, slots=True)
class Lists:
    """Articles by tag, and by author."""

    tags: Listed
    authors: Listed


def same_name(name: str) -> str:
    """Equal for names that differ in case or in white space only."""
    return " ".join(name.split()).casefold()


class ListsMaker:
    """Gathers the lists of articles that come one after the other, from position 0."""

    def __init__(self) -> None:
        self._tags = _ListMaker()
        self._authors = _ListMaker()
        self._count = 0

    def add(self, articles: Iterable[Article]) -> None:
        """The next ones."""
        for article in articles:
            self._tags.add(self._count, article.tags)
            self._authors.add(self._count, article.authors)
            self._count += 1

    def made(self) -> Lists:
        """Of all that were added."""
        return Lists(self._tags.made(), self._authors.made())


class _ListMaker:
    def __init__(self) -> None:
        self._positions: dict[str, list[int]] = {}

    def add(self, position: int, names: Iterable[str]) -> None:
        for name in {same_name(one) for one in names}:
            self._positions.setdefault(name, []).append(position)

    def made(self) -> Listed:
        names = sorted(self._positions)
        lists = [self._positions[name] for name in names]
        ends = np.zeros(len(names) + 1, dtype=np.int64)
        np.cumsum([len(one) for one in lists], out=ends[1:])
        joined = [position for one in lists for position in one]
        return Listed(identifiers(names), ends, np.array(joined, dtype=np.int32))


def merged_lists(kept: Lists, fresh: Lists, order: Renumbered) -> Lists:
    """The lists of what is left of both."""
    return Lists(_merged(kept.tags, fresh.tags, order), _merged(kept.authors, fresh.authors, order))


def _merged(kept: Listed, fresh: Listed, order: Renumbered) -> Listed:
    known, count = len(kept.names), len(fresh.names)
    names = [fresh.names.at(place) for place in range(count)]
    number = kept.names.places(names)
    new = np.flatnonzero(number < 0)
    number[new] = known + np.arange(len(new))
    articles = np.concatenate([order.positions(kept.articles), order.fresh[fresh.articles]])
    of = np.concatenate(
        [np.arange(known).repeat(np.diff(kept.ends)), number.repeat(np.diff(fresh.ends))]
    )
    articles, of = articles[articles >= 0], of[articles >= 0]
    sizes = np.bincount(of, minlength=known + len(new))
    # a name that no article has any more is none
    unused = np.flatnonzero(sizes[:known] == 0)
    both = Renumbered.of(np.arange(known), unused, known + np.arange(len(new)))
    return Listed(
        merged_identifiers(kept.names, identifiers([names[place] for place in new]), both),
        np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes[sizes > 0])]),
        articles[np.lexsort((articles, of))].astype(np.int32),
    )


def write_lists(made: Lists, draft: Draft) -> None:
    """As parts of a snapshot."""
    for name, listed in (("tags", made.tags), ("authors", made.authors)):
        write_identifiers(listed.names, draft, name)
        np.save(draft.path(f"{name}.lists.npy"), listed.articles)
        np.save(draft.path(f"{name}.lists.ends.npy"), listed.ends)


def read_lists(snapshot: Snapshot) -> Lists:
    """What `write_lists` wrote, memory-mapped."""
    return Lists(_read(snapshot, "tags"), _read(snapshot, "authors"))


def _read(snapshot: Snapshot, name: str) -> Listed:
    return Listed(
        read_identifiers(snapshot, name),
        read_array(snapshot, f"{name}.lists.ends"),
        read_array(snapshot, f"{name}.lists"),
    )
