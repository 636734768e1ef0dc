"""Who may stand in a slot."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.articles.columns import Columns, seconds
from recommender.similarity.pairs import PairSignals, Texts
from recommender.slots.corpus import Corpus
from recommender.slots.slot import Filters

_FEW = 8  # compared one by one, which is faster than isin's sorting
_SPARE = 50  # candidates beyond those asked for, so that ranking has something to choose from


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page is about: an article of the corpus, or a text that is not in it.

    Attributes:
        texts, row: its text as numbers is row `row` of `texts`.
        position: of the article; None for a text.
        published_at: seconds since 1970; NaN where unknown.
        section: number in the corpus's vocabulary; -1 where unknown.
        group: of the copies of the article; -1 for a text.
    """

    texts: Texts
    row: int
    position: int | None = None
    published_at: float = float("nan")
    section: int = -1
    group: int = -1


@dataclass(frozen=True, slots=True)
class Candidates:
    """Articles with what is known of their likeness to the subject; rows of one order."""

    positions: npt.NDArray[np.int64]
    columns: Columns
    signals: PairSignals


@dataclass(frozen=True, slots=True)
class Eligible:
    """Filters made ready for one corpus."""

    filters: Filters
    excluded: npt.NDArray[np.int64]
    sections: npt.NDArray[np.int32] | None
    languages: npt.NDArray[np.int32] | None
    not_after: float

    def mask(
        self, corpus: Corpus, positions: npt.NDArray[np.integer], columns: Columns
    ) -> npt.NDArray[np.bool_]:
        """Which of the articles may be shown; shape (len(positions),)."""
        kept: npt.NDArray[np.bool_] = ~corpus.hidden[positions]
        if np.isfinite(self.not_after):
            kept &= ~(columns.published_at > self.not_after)  # an unknown date is no future one
        if len(self.excluded) <= _FEW:
            for one in self.excluded.tolist():
                kept &= positions != one
        else:
            kept &= ~np.isin(positions, self.excluded)
        if self.filters.narrows:
            kept &= self._fits(columns)
        return kept

    def _fits(self, columns: Columns) -> npt.NDArray[np.bool_]:
        kept = np.ones(len(columns), dtype=np.bool_)
        if self.sections is not None:
            kept &= np.isin(columns.section, self.sections)
        if self.languages is not None:
            kept &= np.isin(columns.language, self.languages)
        if self.filters.published_after is not None:
            kept &= columns.published_at >= seconds(self.filters.published_after)
        if self.filters.published_before is not None:
            kept &= columns.published_at < seconds(self.filters.published_before)
        return kept


def subject_of(corpus: Corpus, position: int) -> Subject:
    """The article at `position` as the subject of a page."""
    shelf, row = corpus.shelf(position)
    return Subject(
        texts=shelf.texts,
        row=row,
        position=position,
        published_at=float(shelf.columns.published_at[row]),
        section=int(shelf.columns.section[row]),
        group=int(corpus.groups[position]),
    )


def eligible(corpus: Corpus, filters: Filters, *, not_after: float, without: set[int]) -> Eligible:
    """`filters` for `corpus`, less the positions `without`.

    Args:
        corpus: where names are looked up; a section or language it has not matches nothing.
        filters: what was asked for.
        not_after: seconds since 1970; infinite to let the future in.
        without: positions that are never shown.
    """
    named = (corpus.position(one) for one in filters.exclude)
    excluded = without | {one for one in named if one is not None}
    return Eligible(
        filters=filters,
        excluded=np.fromiter(excluded, np.int64, len(excluded)),
        sections=_codes(filters.sections, corpus.vocabularies.sections),
        languages=_codes(filters.languages, corpus.vocabularies.languages),
        not_after=not_after,
    )


def related_candidates(
    corpus: Corpus, subject: Subject, rules: Eligible, *, needed: int
) -> Candidates:
    """Articles like the subject: the snapshot's neighbours, or a live search, and the overlay.

    The live search serves a text, a new article, a slot longer than the neighbours kept, and
    filters that leave too few of them.
    """
    early = None
    if subject.position is not None and subject.position < len(corpus.base):
        early = _kept_neighbours(corpus, subject.position, rules)
        kept = corpus.neighbours.positions.shape[1]
        complete = kept >= len(corpus.base) - 1
        if len(early.positions) < needed and not complete:
            early = None
    if early is None:
        early = _searched(corpus, subject, rules, needed + _SPARE)
    if not len(corpus.overlay):
        return early
    return _joined(early, _overlaid(corpus, subject, rules, needed + _SPARE))


def _kept_neighbours(corpus: Corpus, position: int, rules: Eligible) -> Candidates:
    neighbours = corpus.neighbours
    positions = neighbours.positions[position].astype(np.int64)
    if positions[-1] < 0:
        positions = positions[positions >= 0]
    signals = neighbours.signals
    found = Candidates(
        positions,
        corpus.base.columns.take(positions),
        PairSignals(
            signals.dense[position, : len(positions)],
            signals.lexical[position, : len(positions)],
            signals.title[position, : len(positions)],
        ),
    )
    return _eligible_only(corpus, found, rules)


def _searched(corpus: Corpus, subject: Subject, rules: Eligible, count: int) -> Candidates:
    rows = corpus.base.columns.rows
    allowed = None
    if rules.filters.narrows or np.isfinite(rules.not_after):
        everyone = np.arange(len(corpus.base))
        fits = rules.mask(corpus, everyone, corpus.base.columns)
        allowed = None if fits.all() else rows[fits]
    gone = np.flatnonzero(corpus.hidden[: len(corpus.base)])
    own = [] if subject.position is None else [subject.position]
    excluded = np.concatenate([gone, rules.excluded, np.array(own, dtype=np.int64)])
    hits = corpus.index.search(
        np.ascontiguousarray(subject.texts.vectors[[subject.row]]),
        max(1, min(count, len(corpus.base))),
        allowed=allowed,
        excluded=rows[excluded[excluded < len(rows)].astype(np.int64)],
    )
    positions = corpus.positions_of_rows(hits.ids[0][hits.ids[0] >= 0])
    return _with_signals(corpus, subject, positions, rules)


def _overlaid(corpus: Corpus, subject: Subject, rules: Eligible, count: int) -> Candidates:
    everyone = np.arange(len(corpus.base), len(corpus))
    kept = everyone[rules.mask(corpus, everyone, corpus.overlay.columns)]
    kept = kept[kept != subject.position]
    vectors = corpus.overlay.texts.vectors[kept - len(corpus.base)]
    nearest = np.argsort(-(vectors @ subject.texts.vectors[subject.row]), kind="stable")
    return _with_signals(corpus, subject, kept[nearest[:count]], rules)


def _with_signals(
    corpus: Corpus, subject: Subject, positions: npt.NDArray[np.int64], rules: Eligible
) -> Candidates:
    columns = corpus.columns_at(positions)
    signals = corpus.signals(subject.texts, subject.row, positions)
    return _eligible_only(corpus, Candidates(positions, columns, signals), rules)


def _eligible_only(corpus: Corpus, found: Candidates, rules: Eligible) -> Candidates:
    kept = rules.mask(corpus, found.positions, found.columns)
    return found if kept.all() else _chosen(found, kept)


def _chosen(found: Candidates, kept: npt.NDArray[np.bool_]) -> Candidates:
    signals = found.signals
    return Candidates(
        found.positions[kept],
        found.columns.take(np.flatnonzero(kept)),
        PairSignals(signals.dense[kept], signals.lexical[kept], signals.title[kept]),
    )


def _joined(one: Candidates, other: Candidates) -> Candidates:
    return Candidates(
        np.concatenate([one.positions, other.positions]),
        Columns(
            *(
                np.concatenate(both)
                for both in zip(one.columns.arrays(), other.columns.arrays(), strict=True)
            )
        ),
        PairSignals(
            np.concatenate([one.signals.dense, other.signals.dense]),
            np.concatenate([one.signals.lexical, other.signals.lexical]),
            np.concatenate([one.signals.title, other.signals.title]),
        ),
    )


def _codes(wanted: tuple[str, ...], known: tuple[str, ...]) -> npt.NDArray[np.int32] | None:
    if not wanted:
        return None
    return np.array([known.index(one) for one in wanted if one in known], dtype=np.int32)
