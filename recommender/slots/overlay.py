"""What changed since the snapshot, laid over it: served at once, without a rebuild."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from index.protocol import Vectors
from recommender.articles.columns import seconds
from recommender.articles.renumbered import Renumbered
from recommender.articles.stored import StoredArticle
from recommender.articles.vector_queries import Change
from recommender.similarity.duplicates import stands_for
from recommender.similarity.expansion import Expansion
from recommender.slots.corpus import Corpus
from recommender.slots.kin import NO_KIN, Kin, kin_of_overlay
from recommender.slots.learned import Learned
from recommender.slots.likeness import profile_of_text
from recommender.slots.shelf_rows import merged
from recommender.slots.shelving import Stocked, stock_beside


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A corpus with its overlay, and what the next overlay need not find out again.

    Attributes:
        corpus: base and overlay.
        stored: the overlay's articles, in its order.
        kin: of them.
    """

    corpus: Corpus
    stored: tuple[StoredArticle, ...] = ()
    kin: Kin = NO_KIN


def with_changes(
    corpus: Corpus,
    changes: Sequence[Change],
    learned: Learned,
    before: Overlaid | None,
    *,
    at: datetime,
    revision: int,
) -> Overlaid:
    """`corpus` as it came from its snapshot, with `changes` laid over it.

    Changed, withdrawn and expired articles are hidden in the base; others stand in the overlay
    once they have a vector. Until then a changed article is shown as it was, but only where that
    is the version that it replaced: not one that was withdrawn or corrected in between.

    Args:
        corpus: with nothing in its overlay.
        changes: all since its snapshot.
        learned: when a new article belongs to a story.
        before: the same corpus with other changes: an article that is in it as it is now is not
            looked at again, so that one change more takes the time of one. None where there is
            none.
        at: aware; what expires up to then is expired.
        revision: of the catalog, that the snapshot was made of.
    """
    shown = [
        (change.stored, change.vector)
        for change in changes
        if change.vector is not None and change.stored.article.may_be_shown(at)
    ]
    hidden = corpus.base.columns.expires_at <= seconds(at)
    for change in changes:
        stands = change.stored.article.may_be_shown(at) and change.stored.replaced <= revision
        place = corpus.base.ids.position(change.stored.article.id)
        if place is not None and (change.vector is not None or not stands):
            hidden[place] = True
    corpus = replace(corpus, until=_next_expiry(corpus, hidden, changes, at))
    if not shown:
        return Overlaid(replace(corpus, hidden=hidden))
    stored, stocked, kept = _stocked(before or Overlaid(corpus), shown)
    first, count = len(corpus.base), len(stored)
    own = np.arange(first, first + count, dtype=np.int32)
    laid = replace(
        corpus,
        overlay=stocked.shelf,
        vocabularies=stocked.vocabularies,
        hidden=np.concatenate([hidden, np.zeros(count, dtype=np.bool_)]),
        replaces=_replaced(corpus, stored),
        groups=np.concatenate([corpus.groups, own]),
        stories=np.concatenate([corpus.stories, own]),
        canonical=np.concatenate([corpus.canonical, own]),
    )
    laid = replace(
        laid, overlay=replace(stocked.shelf, expansion=_expansion(laid, known=len(kept)))
    )
    kin = kin_of_overlay(laid, learned, before.kin.moved(first, kept) if before else NO_KIN)
    groups = _numbered(corpus.groups, kin.copy_of)
    laid = replace(laid, groups=groups, stories=_numbered(corpus.stories, kin.piece_with))
    return Overlaid(replace(laid, canonical=_canonical(laid)), stored, kin)


def _stocked(
    before: Overlaid, shown: Sequence[tuple[StoredArticle, Vectors]]
) -> tuple[tuple[StoredArticle, ...], Stocked, npt.NDArray[np.int64]]:
    """The overlay of `shown`, whose first rows are those at the positions given back of before."""
    wanted = {_version(one): (one, vector) for one, vector in shown}
    there = [(row, one) for row, one in enumerate(before.stored) if _version(one) in wanted]
    for _, one in there:
        del wanted[_version(one)]
    # by revision: the same order in a process that saw them come one by one
    fresh = sorted(wanted.values(), key=lambda one: (one[0].revision, one[0].row))
    vectors = np.array([vector for _, vector in fresh], dtype=np.float32)
    stocked = stock_beside(
        before.corpus,
        [one for one, _ in fresh],
        vectors.reshape(-1, before.corpus.base.texts.vectors.shape[1]),
    )
    stored = (*(one for _, one in there), *(one for one, _ in fresh))
    kept = np.array([row for row, _ in there], dtype=np.int64)
    if not len(kept):
        return stored, stocked, kept
    order = _behind(len(before.stored), kept, len(fresh))
    shelf = merged(before.corpus.overlay, stocked.shelf, order)
    return stored, replace(stocked, shelf=shelf), kept


def _behind(before: int, kept: npt.NDArray[np.int64], fresh: int) -> Renumbered:
    """The `kept` of what was before, then what comes."""
    now = np.full(before, -1, dtype=np.int64)
    now[kept] = np.arange(len(kept))
    return Renumbered(now, len(kept) + np.arange(fresh))


def _next_expiry(
    corpus: Corpus, hidden: npt.NDArray[np.bool_], changes: Sequence[Change], at: datetime
) -> float:
    """Seconds since 1970; infinite where nothing expires any more."""
    # those without a vector too: it expires what is shown in their place
    late = [
        change.stored.article.expires_at
        for change in changes
        if change.stored.article.may_be_shown(at)
    ]
    early = corpus.base.columns.expires_at[~hidden]
    coming = np.concatenate([early, np.array([seconds(one) for one in late], dtype=np.float64)])
    return float(np.min(coming, where=~np.isnan(coming), initial=np.inf))


def _version(stored: StoredArticle) -> tuple[int, int]:
    return stored.row, stored.revision


def _replaced(corpus: Corpus, stored: Sequence[StoredArticle]) -> npt.NDArray[np.int64]:
    places = (corpus.base.ids.position(one.article.id) for one in stored)
    return np.array([-1 if one is None else one for one in places], dtype=np.int64)


def _expansion(corpus: Corpus, *, known: int) -> Expansion:
    """Of each article of the overlay, by what is near in the base; of the first it is known."""
    made = corpus.overlay.expansion
    for row in range(known, len(corpus.overlay)):
        found = profile_of_text(corpus, corpus.overlay.texts, row).expansion
        made.neighbours[row] = found.neighbours[0]
        made.weights[row] = found.weights[0]
        made.density[row] = found.density[0]
    return made


def _numbered(early: npt.NDArray[np.int32], kin: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Numbers of base and overlay: each article of the overlay has that of its kin, or its own."""
    first = len(early)
    found = np.concatenate([early, np.arange(first, first + len(kin), dtype=np.int32)])
    for row in np.flatnonzero(kin >= 0).tolist():
        found[first + row] = found[kin[row]]  # which stands before it
    return found


def _canonical(corpus: Corpus) -> npt.NDArray[np.int32]:
    """As a rebuild would choose, where the overlay has copies of other articles."""
    first, found = len(corpus.base), corpus.canonical.copy()
    late = corpus.groups[first:]
    for group in np.unique(late[late != np.arange(first, len(corpus))]).tolist():
        copies = corpus.copies_of(group)
        copies = copies[~corpus.hidden[copies]]
        found[copies] = copies[stands_for(corpus.sketches_at(copies))]
    return found
