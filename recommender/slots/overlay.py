"""What changed since the snapshot, laid over it: served at once, without a rebuild."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recommender.articles.vector_queries import Change
from recommender.similarity.duplicates import copies_of
from recommender.similarity.expansion import Expansion
from recommender.similarity.stories import PAUSE
from recommender.slots.corpus import Corpus
from recommender.slots.learned import Learned
from recommender.slots.likeness import profile_of, profile_of_text, signals_with
from recommender.slots.shelving import stock_beside

_LIKELY_KIN = 10  # a copy of an article, or a piece of its story, is among its nearest
_SAME_STORY = 0.5


def with_changes(corpus: Corpus, changes: Sequence[Change], learned: Learned) -> Corpus:
    """`corpus` as it came from its snapshot, with `changes` laid over it.

    Changed and withdrawn articles are hidden in the base; published ones stand in the overlay
    once they have a vector. Until then a changed article is shown as it was.
    """
    shown = [
        (change.stored, change.vector)
        for change in changes
        if change.stored.article.status == "published" and change.vector is not None
    ]
    withdrawn = [
        change.stored.article.id
        for change in changes
        if change.stored.article.status == "withdrawn"
    ]
    replaced = [stored.article.id for stored, _ in shown]
    base_hidden = np.zeros(len(corpus.base), dtype=np.bool_)
    for article_id in (*withdrawn, *replaced):
        position = corpus.base.ids.position(article_id)
        if position is not None:
            base_hidden[position] = True
    if not shown:
        return replace(corpus, hidden=base_hidden)
    vectors = np.stack([vector for _, vector in shown])
    stocked = stock_beside(corpus, [stored for stored, _ in shown], vectors)
    laid = replace(
        corpus,
        overlay=stocked.shelf,
        vocabularies=stocked.vocabularies,
        hidden=np.concatenate([base_hidden, np.zeros(len(shown), dtype=np.bool_)]),
        stories=np.concatenate([corpus.stories, _own_numbers(corpus, len(shown))]),
        groups=np.concatenate([corpus.groups, _own_numbers(corpus, len(shown))]),
        # the newest version of a text stands for it
        canonical=np.concatenate([corpus.canonical, _own_numbers(corpus, len(shown))]),
    )
    laid = replace(laid, overlay=replace(stocked.shelf, expansion=_expansion(laid)))
    groups, stories = _kin(laid, learned)
    return replace(
        laid,
        groups=np.concatenate([corpus.groups, groups]),
        stories=np.concatenate([corpus.stories, stories]),
    )


def _own_numbers(corpus: Corpus, count: int) -> npt.NDArray[np.int32]:
    first = len(corpus.base)
    return np.arange(first, first + count, dtype=np.int32)


def _expansion(corpus: Corpus) -> Expansion:
    """Of each article of the overlay, by what is near in the base."""
    texts = corpus.overlay.texts
    each = [profile_of_text(corpus, texts, row).expansion for row in range(len(corpus.overlay))]
    return Expansion(
        np.concatenate([one.neighbours for one in each]),
        np.concatenate([one.weights for one in each]),
        np.concatenate([one.density for one in each]),
    )


def _kin(corpus: Corpus, learned: Learned) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Copy group and story of each article of the overlay: of the nearest before it, else its own.

    A rebuild asks a whole story whether an article belongs to it; here its likest piece is asked.
    """
    first, overlay = len(corpus.base), corpus.overlay
    groups, stories = _own_numbers(corpus, len(overlay)), _own_numbers(corpus, len(overlay))
    hits = corpus.index.search(overlay.texts.vectors, _LIKELY_KIN)
    for row in range(len(overlay)):
        near = corpus.positions_of_rows(hits.ids[row][hits.ids[row] >= 0])
        near = np.concatenate([near, np.arange(first, first + row)])
        if not len(near):
            continue
        copies = near[_copies(corpus, row, near)]
        if len(copies):
            copy = int(copies[0])
            groups[row] = corpus.groups[copy] if copy < first else groups[copy - first]
        signals = signals_with(corpus, profile_of(corpus, first + row), near)
        likeness = learned.likeness(signals)
        likest = int(np.argmax(likeness))
        if likeness[likest] >= _SAME_STORY and _within_pause(corpus, first + row, near[likest]):
            kin = int(near[likest])
            stories[row] = corpus.stories[kin] if kin < first else stories[kin - first]
    return groups, stories


def _copies(corpus: Corpus, row: int, near: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of the articles at `near` are copies of the one in `row` of the overlay."""
    first, own = len(corpus.base), corpus.overlay.sketches.take(np.array([row]))
    boilerplate = corpus.relations.copies.boilerplate
    found = np.zeros(len(near), dtype=np.bool_)
    for shelf, chosen, start in (
        (corpus.base, near < first, 0),
        (corpus.overlay, near >= first, first),
    ):
        if chosen.any():
            found[chosen] = copies_of(own, shelf.sketches, near[chosen] - start, boilerplate)
    return found


def _within_pause(corpus: Corpus, one: int, other: int) -> bool:
    published = corpus.columns_at(np.array([one, other])).published_at
    apart = abs(float(published[0] - published[1]))
    return not apart > PAUSE.total_seconds()  # an unknown date is no pause
