"""Who may stand in a slot."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.protocol import NO_IDS
from recommender.articles.columns import Columns, seconds
from recommender.similarity.keywords import KeyTerms
from recommender.similarity.lexical_search import nearest
from recommender.similarity.pairs import PairSignals
from recommender.slots.corpus import Corpus
from recommender.slots.likeness import Profile, profile_of, signals_with
from recommender.slots.ruling import Ruling
from recommender.slots.slot import Filters

_FEW = 8  # compared one by one, which is faster than isin's sorting
_SPARE = 50  # candidates beyond those asked for, so that ranking has something to choose from


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page is about: an article of the corpus, or a text that is not in it.

    Attributes:
        position: of the article; None for a text.
        profile: of the text; None for an article, whose own is in the corpus.
        published_at: seconds since 1970; NaN where unknown.
        section: number in the corpus's vocabulary; -1 where unknown.
        group: of the copies of the article; -1 for a text.
        text: "" for an article, whose own is in the catalog.
        key_terms: of the text, one row; None for an article, whose own are in the corpus.
    """

    position: int | None = None
    profile: Profile | None = None
    published_at: float = float("nan")
    section: int = -1
    group: int = -1
    text: str = ""
    key_terms: KeyTerms | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """Articles, by ascending position, with what is known of their likeness to the subject."""

    positions: npt.NDArray[np.int64]
    columns: Columns
    signals: PairSignals


@dataclass(frozen=True, slots=True)
class Eligible:
    """Filters made ready for one corpus.

    Attributes:
        filters: what was asked for.
        barred: shape (articles of the corpus,): hidden, or blocked by an editor.
        excluded: positions that are left out besides.
        sections, languages: numbers of those that may be shown; None for all.
        not_after: seconds since 1970.
    """

    filters: Filters
    barred: npt.NDArray[np.bool_]
    excluded: npt.NDArray[np.int64]
    sections: npt.NDArray[np.int32] | None
    languages: npt.NDArray[np.int32] | None
    not_after: float

    def mask(self, positions: npt.NDArray[np.integer], columns: Columns) -> npt.NDArray[np.bool_]:
        """Which of the articles may be shown; shape (len(positions),)."""
        kept: npt.NDArray[np.bool_] = ~self.barred[positions]
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
        position=position,
        published_at=float(shelf.columns.published_at[row]),
        section=int(shelf.columns.section[row]),
        group=int(corpus.groups[position]),
    )


def eligible(
    corpus: Corpus,
    filters: Filters,
    *,
    not_after: float,
    without: set[int],
    ruling: Ruling | None = None,
) -> Eligible:
    """`filters` for `corpus`, less the positions `without`.

    Args:
        corpus: where names are looked up; a section or language it has not matches nothing.
        filters: what was asked for.
        not_after: seconds since 1970; infinite to let the future in.
        without: positions that are never shown.
        ruling: what editors block.
    """
    named = (corpus.position(one) for one in filters.exclude)
    never = without | {one for one in named if one is not None}
    excluded = np.fromiter(never, np.int64, len(never))
    return Eligible(
        filters=filters,
        barred=corpus.hidden if ruling is None else ruling.barred,
        excluded=excluded if ruling is None else np.concatenate([excluded, ruling.blocked]),
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
    early = profile = None
    if subject.position is not None and subject.position < len(corpus.base):
        early = _kept_neighbours(corpus, subject.position, rules)
        kept = corpus.relations.neighbours.positions.shape[1]
        complete = kept >= len(corpus.base) - 1
        if len(early.positions) < needed and not complete:
            early = None
    if early is None:
        profile = _profile(corpus, subject)
        early = _searched(corpus, subject, profile, rules, needed + _SPARE)
    if not len(corpus.overlay):
        return early
    profile = profile or _profile(corpus, subject)
    return _joined(early, _overlaid(corpus, subject, profile, rules, needed + _SPARE))


def measured(corpus: Corpus, subject: Subject, positions: npt.NDArray[np.int64]) -> Candidates:
    """The articles at `positions`, ascending, as candidates, however unlike the subject."""
    signals = signals_with(corpus, _profile(corpus, subject), positions)
    return Candidates(positions, corpus.columns_at(positions), signals)


def _kept_neighbours(corpus: Corpus, position: int, rules: Eligible) -> Candidates:
    positions = corpus.relations.neighbours.positions[position]
    signals = corpus.relations.neighbours.signals[position]
    if positions[-1] < 0:
        there = positions >= 0
        positions, signals = positions[there], signals[:, there]
    positions = positions.astype(np.int64)
    found = Candidates(positions, corpus.base.columns.take(positions), signals.astype(np.float32))
    return _eligible_only(found, rules)


def _profile(corpus: Corpus, subject: Subject) -> Profile:
    if subject.profile is not None:
        return subject.profile
    if subject.position is None:
        raise ValueError("A subject is an article of the corpus or has a profile.")
    return profile_of(corpus, subject.position)


def _searched(
    corpus: Corpus, subject: Subject, profile: Profile, rules: Eligible, count: int
) -> Candidates:
    rows = corpus.base.columns.rows
    allowed = ~rules.barred[: len(rows)]
    narrowed = rules.filters.narrows or np.isfinite(rules.not_after)
    if narrowed:
        allowed &= rules.mask(np.arange(len(rows)), corpus.base.columns)
    own = [] if subject.position is None else [subject.position]
    excluded = np.concatenate([rules.excluded, np.array(own, dtype=np.int64)])
    allowed[excluded[excluded < len(rows)]] = False
    k = max(1, min(count, len(rows)))
    hits = corpus.index.search(
        np.ascontiguousarray(profile.texts.vectors[[profile.row]]),
        k,
        allowed=rows[allowed] if narrowed else None,
        excluded=NO_IDS if narrowed else rows[~allowed],
    )
    dense = corpus.positions_of_rows(hits.ids[0][hits.ids[0] >= 0])
    worded, _ = nearest(corpus.relations.postings, profile.texts.terms, profile.row, k, allowed)
    positions = np.union1d(dense, worded.astype(np.int64))
    return _with_signals(corpus, profile, positions, rules)


def _overlaid(
    corpus: Corpus, subject: Subject, profile: Profile, rules: Eligible, count: int
) -> Candidates:
    everyone = np.arange(len(corpus.base), len(corpus))
    kept = everyone[rules.mask(everyone, corpus.overlay.columns)]
    kept = kept[kept != subject.position]
    vectors = corpus.overlay.texts.vectors[kept - len(corpus.base)]
    nearest = np.argsort(-(vectors @ profile.texts.vectors[profile.row]), kind="stable")
    return _with_signals(corpus, profile, np.sort(kept[nearest[:count]]), rules)


def _with_signals(
    corpus: Corpus, profile: Profile, positions: npt.NDArray[np.int64], rules: Eligible
) -> Candidates:
    columns = corpus.columns_at(positions)
    signals = signals_with(corpus, profile, positions)
    return _eligible_only(Candidates(positions, columns, signals), rules)


def _eligible_only(found: Candidates, rules: Eligible) -> Candidates:
    kept = rules.mask(found.positions, found.columns)
    return found if kept.all() else _chosen(found, kept)


def _chosen(found: Candidates, kept: npt.NDArray[np.bool_]) -> Candidates:
    return Candidates(
        found.positions[kept], found.columns.take(np.flatnonzero(kept)), found.signals[:, kept]
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
        np.concatenate([one.signals, other.signals], axis=1),
    )


def _codes(wanted: tuple[str, ...], known: tuple[str, ...]) -> npt.NDArray[np.int32] | None:
    if not wanted:
        return None
    return np.array([known.index(one) for one in wanted if one in known], dtype=np.int32)
