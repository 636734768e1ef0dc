"""Where the articles of a related slot come from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.protocol import NO_IDS
from recommender.similarity.keywords import KeyTerms
from recommender.similarity.lexical_search import nearest
from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.slots.corpus import Corpus
from recommender.slots.eligible import Eligible
from recommender.slots.likeness import Profile, profile_of, signals_with

_SPARE = 50  # candidates beyond those asked for, so that ranking has something to choose from


class TakesTime(Exception):  # noqa: N818 - no error: what was asked for is there, not at once
    """Candidates must be searched for, by a caller who cannot wait."""


@dataclass(slots=True)
class Subject:
    """What a page is about: an article of the corpus, or a text that is not in it.

    Not to be changed.

    Attributes:
        position: of the article; None for a text.
        profile: of the text; None for an article, whose own is in the corpus.
        published_at: seconds since 1970; NaN where unknown.
        section: number in the corpus's vocabulary; -1 where unknown.
        text: "" for an article, whose own is in the catalog.
        key_terms: of the text, one row; None for an article, whose own are in the corpus.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    position: int | None = None
    profile: Profile | None = None
    published_at: float = float("nan")
    section: int = -1
    text: str = ""
    key_terms: KeyTerms | None = None


@dataclass(slots=True)
class Candidates:
    """Articles, by ascending position, with what is known of their likeness to the subject.

    Not to be changed.

    Attributes:
        positions: shape (n,).
        marks: shape (n, 4), see `Columns.marks`.
        signals: shape (len(TEXT_SIGNALS), n), of the texts; in 16 bits where they were kept.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    positions: npt.NDArray[np.int64]
    marks: npt.NDArray[np.float64]
    signals: npt.NDArray[np.floating]


def subject_of(corpus: Corpus, position: int) -> Subject:
    """The article at `position` as the subject of a page."""
    shelf, row = corpus.shelf(position)
    return Subject(
        position=position,
        published_at=shelf.columns.published_at.item(row),
        section=shelf.columns.section.item(row),
    )


def related_candidates(
    corpus: Corpus, subject: Subject, rules: Eligible, *, needed: int, at_once: bool = False
) -> Candidates:
    """Articles like the subject: the snapshot's neighbours, or a live search, and the overlay.

    The live search serves a text, a new article, a slot longer than the neighbours kept, and
    filters that leave too few of them; then what is found joins those that were kept.

    Args:
        corpus: base and overlay.
        subject: what the page is about.
        rules: who may stand there.
        needed: so many are shown.
        at_once: do not search.

    Raises:
        TakesTime: `at_once`, and there is no way but to search.
    """
    profile = None
    if subject.position is not None and subject.position < corpus.first_late:
        found = _kept_neighbours(corpus, subject.position, rules)
        enough = _enough(corpus, found.positions, needed) or _kept_all(corpus, subject.position)
    else:
        found, enough = _nothing(corpus), False
    if not enough:
        if at_once:
            raise TakesTime
        profile = _profile(corpus, subject)
        found = _joined(
            found, _searched(corpus, subject, profile, rules, count=needed + _SPARE, kept=found)
        )
        order = np.argsort(found.positions)
        found = Candidates(found.positions[order], found.marks[order], found.signals[:, order])
    if not corpus.has_late:
        return found
    profile = profile or _profile(corpus, subject)
    return _joined(found, _overlaid(corpus, subject, profile, rules, needed + _SPARE))


def _kept_all(corpus: Corpus, position: int) -> bool:
    """Whether all other articles of the base are kept neighbours of this one."""
    row, others = corpus.relations.neighbours.positions[position], len(corpus.base) - 1
    return others <= len(row) and (others == 0 or bool(row[others - 1] >= 0))


def _enough(corpus: Corpus, kept: npt.NDArray[np.int64], needed: int) -> bool:
    """Whether these neighbours fill so many places, of which copies share one."""
    # counted where it is close, which is seldom
    return len(kept) >= needed and (
        len(kept) >= 2 * needed or len(np.unique(corpus.groups[kept])) >= needed
    )


def measured(corpus: Corpus, subject: Subject, positions: npt.NDArray[np.int64]) -> Candidates:
    """The articles at `positions`, ascending, as candidates, however unlike the subject."""
    return _with_signals(corpus, _profile(corpus, subject), positions)


def _kept_neighbours(corpus: Corpus, position: int, rules: Eligible) -> Candidates:
    others, signals = corpus.relations.neighbours.of(position)
    positions = others.astype(np.int64)
    if positions[-1] < 0:
        count = np.count_nonzero(positions >= 0)  # padded behind
        positions, signals = positions[:count], signals[:, :count]
    fits = rules.mask(positions, absent=position)
    if np.count_nonzero(fits) < len(fits):
        positions, signals = positions[fits], signals[:, fits]
    return Candidates(positions, corpus.base.columns.marks.take(positions, axis=0), signals)


def _profile(corpus: Corpus, subject: Subject) -> Profile:
    if subject.profile is not None:
        return subject.profile
    if subject.position is None:
        raise ValueError("A subject is an article of the corpus or has a profile.")
    return profile_of(corpus, subject.position)


def _searched(
    corpus: Corpus,
    subject: Subject,
    profile: Profile,
    rules: Eligible,
    *,
    count: int,
    kept: Candidates,
) -> Candidates:
    """Those of the base that are near by vector or by words, or were read together; not `kept`."""
    rows = corpus.base.columns.rows
    allowed = ~rules.barred[: len(rows)]
    if rules.reads:
        allowed &= rules.mask(np.arange(len(rows)), corpus.base.columns)
    own = [] if subject.position is None else [subject.position]
    excluded = np.concatenate([rules.excluded, np.array(own, dtype=np.int64)])
    allowed[excluded[excluded < len(rows)]] = False
    few = 2 * int(allowed.sum()) < len(rows)
    k = max(1, min(count, len(rows)))
    hits = corpus.index.search(
        np.ascontiguousarray(profile.texts.vectors[[profile.row]]),
        k,
        allowed=rows[allowed] if few else None,
        excluded=NO_IDS if few else rows[~allowed],
    )
    dense = corpus.positions_of_rows(hits.ids[0][hits.ids[0] >= 0])
    worded, _ = nearest(corpus.relations.postings, profile.texts.terms, profile.row, k, allowed)
    together = None if subject.position is None else corpus.read_with(subject.position)
    read = NO_IDS if together is None else together[0][together[0] < len(rows)]
    positions = np.unique(np.concatenate([dense, worded.astype(np.int64), read]))
    positions = np.setdiff1d(positions, kept.positions, assume_unique=True)
    return _with_signals(corpus, profile, positions[rules.mask(positions)])


def _overlaid(
    corpus: Corpus, subject: Subject, profile: Profile, rules: Eligible, count: int
) -> Candidates:
    everyone = np.arange(len(corpus.base), len(corpus))
    kept = everyone[rules.mask(everyone, corpus.overlay.columns)]
    kept = kept[kept != subject.position]
    near = corpus.overlay.texts.vectors @ profile.texts.vectors[profile.row]
    nearest = np.argsort(-near[kept - len(corpus.base)], kind="stable")
    chosen = kept[nearest[:count]]
    together = None if subject.position is None else corpus.read_with(subject.position)
    if together is not None:
        chosen = np.union1d(chosen, np.intersect1d(together[0], kept))
    return _with_signals(corpus, profile, np.sort(chosen))


def _with_signals(corpus: Corpus, profile: Profile, positions: npt.NDArray[np.int64]) -> Candidates:
    signals = signals_with(corpus, profile, positions)
    return Candidates(positions, corpus.marks_at(positions), signals)


def _nothing(corpus: Corpus) -> Candidates:
    nowhere = np.empty(0, dtype=np.int64)
    signals = np.empty((len(TEXT_SIGNALS), 0), dtype=np.float32)
    return Candidates(nowhere, corpus.marks_at(nowhere), signals)


def _joined(one: Candidates, other: Candidates) -> Candidates:
    return Candidates(
        np.concatenate([one.positions, other.positions]),
        np.concatenate([one.marks, other.marks]),
        np.concatenate([one.signals, other.signals], axis=1),
    )
