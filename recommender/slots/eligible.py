"""Who may stand in a slot at all."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.ascending import among
from recommender.articles.columns import NO_CODE, Columns, seconds
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import DefinedSlot
from recommender.slots.ruling import Positions, Ruling
from recommender.slots.slot import Filters

_FEW = 8  # compared one by one, which is faster than isin's sorting
_NOBODY = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Kind:
    """What an article has to be, whichever it is.

    Attributes:
        sections, languages: numbers of those that may be shown; None for all.
        tagged: positions, ascending; an article is in each of them.
        published_after, published_before: seconds since 1970; infinite where open.
        not_before: the same for all but evergreens.
    """

    sections: npt.NDArray[np.int32] | None
    languages: npt.NDArray[np.int32] | None
    tagged: tuple[npt.NDArray[np.int64], ...]
    published_after: float
    published_before: float
    not_before: float

    def fits(self, positions: npt.NDArray[np.integer], columns: Columns) -> npt.NDArray[np.bool_]:
        """Which of the articles are of it; shape (len(positions),)."""
        kept = np.ones(len(columns), dtype=np.bool_)
        if self.sections is not None:
            kept &= np.isin(columns.section, self.sections)
        if self.languages is not None:
            kept &= np.isin(columns.language, self.languages)
        for one in self.tagged:
            kept &= among(positions, one)
        if np.isfinite(self.published_after):
            kept &= columns.published_at >= self.published_after
        if np.isfinite(self.published_before):
            kept &= columns.published_at < self.published_before
        if np.isfinite(self.not_before):
            kept &= columns.evergreen | (columns.published_at >= self.not_before)
        return kept


@dataclass(slots=True)
class Eligible:
    """Filters made ready for one corpus; not to be changed.

    Attributes:
        corpus: whose articles these are.
        barred: shape (articles of the corpus,): hidden, or blocked by an editor.
        without: positions that are left out besides.
        blocked: likewise, by an editor on this page.
        kind: what may be shown; None where articles of any kind may.
        not_after: seconds since 1970; infinite where nothing has a later date.
        expired_by: seconds since 1970; None where nothing shown has expired by then.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    corpus: Corpus
    barred: npt.NDArray[np.bool_]
    without: AbstractSet[int]
    blocked: Positions
    kind: Kind | None
    not_after: float
    expired_by: float | None

    @property
    def excluded(self) -> Positions:
        """Positions that are left out, whatever they are."""
        return np.concatenate([np.fromiter(self.without, np.int64), self.blocked])

    @property
    def reads(self) -> bool:
        """Whether it takes more than an article's position to say whether it may be shown."""
        return self.kind is not None or self.expired_by is not None or self.not_after < np.inf

    def mask(
        self,
        positions: npt.NDArray[np.integer],
        columns: Columns | None = None,
        *,
        absent: int | None = None,
    ) -> npt.NDArray[np.bool_]:
        """Which of the articles may be shown; shape (len(positions),).

        Args:
            positions: of the corpus.
            columns: theirs, where they are at hand.
            absent: a position that is surely none of them.
        """
        kept: npt.NDArray[np.bool_] = ~self.barred.take(positions)
        if len(self.without) <= _FEW:
            for one in self.without:
                if one != absent:
                    kept &= positions != one
            if len(self.blocked):
                kept &= ~among(positions, self.blocked)
        else:
            kept &= ~np.isin(positions, self.excluded)
        if not self.reads:
            return kept
        columns = self.corpus.columns_at(positions) if columns is None else columns
        if self.not_after < np.inf:
            kept &= ~(columns.published_at > self.not_after)  # an unknown date is no future one
        if self.expired_by is not None:
            kept &= ~(columns.expires_at <= self.expired_by)
        if self.kind is not None:
            kept &= self.kind.fits(positions, columns)
        return kept


def eligible(
    corpus: Corpus,
    slot: DefinedSlot,
    *,
    section: int,
    not_after: float,
    at: float,
    without: set[int],
    ruling: Ruling | None,
) -> Eligible:
    """The filters of `slot` for `corpus`, less the positions `without`.

    Args:
        corpus: where names are looked up; a section, language or tag it has not matches nothing.
        slot: whose filters hold, all of them.
        section: number of the section of what the page is about; -1 where it has none.
        not_after: seconds since 1970; infinite to let the future in.
        at: the time of asking, seconds since 1970; what has expired by then is left out.
        without: positions that are never shown.
        ruling: what editors block; None where they say nothing.
    """
    if slot.excluded:
        named = map(corpus.position, slot.excluded)
        without = without.union(one for one in named if one is not None)
    return Eligible(
        corpus=corpus,
        barred=corpus.hidden if ruling is None else ruling.barred,
        without=without,
        blocked=_NOBODY if ruling is None else ruling.blocked,
        kind=_kind(corpus, slot.narrowing, section, at) if slot.narrowing else None,
        not_after=not_after if not_after < corpus.latest else np.inf,
        expired_by=at if at >= corpus.until else None,
    )


def _kind(corpus: Corpus, filters: Sequence[Filters], section: int, at: float) -> Kind:
    known = corpus.vocabularies
    sections = [_codes(one.sections, known.sections) for one in filters if one.sections]
    if any(one.same_section for one in filters):
        sections.append({section} - {NO_CODE})
    after = (seconds(one.published_after) for one in filters if one.published_after)
    before = (seconds(one.published_before) for one in filters if one.published_before)
    oldest = (at - one.max_age.total_seconds() for one in filters if one.max_age)
    return Kind(
        sections=_common(sections),
        languages=_common(
            _codes(one.languages, known.languages) for one in filters if one.languages
        ),
        tagged=tuple(_tagged(corpus, one.tags) for one in filters if one.tags),
        published_after=max(after, default=-np.inf),
        published_before=min(before, default=np.inf),
        not_before=max(oldest, default=-np.inf),
    )


def _codes(wanted: tuple[str, ...], known: tuple[str, ...]) -> set[int]:
    return {known.index(one) for one in wanted if one in known}


def _common(codes: Iterable[set[int]]) -> npt.NDArray[np.int32] | None:
    """The numbers that all have; None where there are no sets."""
    sets = list(codes)
    return np.array(sorted(set.intersection(*sets)), dtype=np.int32) if sets else None


def _tagged(corpus: Corpus, tags: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Positions of the articles that have one of the tags, ascending."""
    early, late, first = corpus.base.lists.tags, corpus.overlay.lists.tags, len(corpus.base)
    found = [np.concatenate([early.of(tag), late.of(tag) + first]) for tag in tags]
    return np.unique(np.concatenate(found)).astype(np.int64)
