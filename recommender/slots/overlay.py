"""What changed since the snapshot, laid over it: served at once, without a rebuild."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recommender.articles.vector_queries import Change
from recommender.similarity.duplicates import are_copies
from recommender.slots.corpus import Corpus, Shelf
from recommender.slots.shelving import stock_beside

_LIKELY_COPIES = 10  # a copy of an article is among its nearest


def with_changes(corpus: Corpus, changes: Sequence[Change]) -> Corpus:
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
    )
    return replace(laid, groups=np.concatenate([corpus.groups, _groups(laid, stocked.shelf)]))


def _groups(corpus: Corpus, overlay: Shelf) -> npt.NDArray[np.int32]:
    """The copy group of each article of the overlay: of the first copy before it, else its own."""
    first = len(corpus.base)
    groups = np.arange(first, first + len(overlay), dtype=np.int32)
    hits = corpus.index.search(overlay.texts.vectors, _LIKELY_COPIES)
    for row in range(len(overlay)):
        near = corpus.positions_of_rows(hits.ids[row][hits.ids[row] >= 0])
        near = np.concatenate([near, np.arange(first, first + row)])
        copies = near[are_copies(corpus.signals(overlay.texts, row, near))]
        if len(copies):
            copy = int(copies[0])
            groups[row] = corpus.groups[copy] if copy < first else groups[copy - first]
    return groups
