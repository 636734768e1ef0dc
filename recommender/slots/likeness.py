"""Signals of pairs that no rebuild has seen: of a text, a new article, a far candidate."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from recommender.similarity.expansion import (
    FIRST_NEIGHBOURS,
    Expansion,
    add_neighbours,
    density_of,
    expansion_of,
    first_nearness,
    nearness,
)
from recommender.similarity.lexical_search import nearest
from recommender.similarity.pairs import (
    PairSignals,
    PlainSignals,
    Positions,
    Texts,
    plain_signals,
    stacked,
)
from recommender.slots.corpus import Corpus, Shelf

_NEAR = 30
"""Of the nearest by vector, and by words, so many are looked at for those that expand it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A text with its neighbourhood in a corpus.

    Attributes:
        texts, row: its text as numbers is row `row` of `texts`.
        expansion: of it alone; its positions are of the corpus.
        expanded: shape (dim,), its vector with its neighbours' added.
    """

    texts: Texts
    row: int
    expansion: Expansion
    expanded: npt.NDArray[np.float32]


def profile_of(corpus: Corpus, position: int) -> Profile:
    """Of an article of the corpus."""
    shelf, row = corpus.shelf(position)
    only = Expansion(
        shelf.expansion.neighbours[[row]],
        shelf.expansion.weights[[row]],
        shelf.expansion.density[[row]],
    )
    return Profile(shelf.texts, row, only, corpus.expanded_at(np.array([position]))[0])


def profile_of_text(corpus: Corpus, texts: Texts, row: int) -> Profile:
    """Of a text whose numbers are row `row` of `texts`, by what is near in the base of `corpus`.

    Two rounds, as at a rebuild.
    """
    vector = np.ascontiguousarray(texts.vectors[[row]])
    hits = corpus.index.search(vector, max(1, min(_NEAR, len(corpus.base))))
    dense = corpus.positions_of_rows(hits.ids[0][hits.ids[0] >= 0])
    worded, _ = nearest(corpus.relations.postings, texts.terms, row, _NEAR)
    near = np.union1d(dense, worded.astype(np.int64))
    near = near[~corpus.hidden[near]]
    plain = _plain(corpus, texts, row, near)
    density = np.zeros(len(corpus), dtype=np.float32)
    density[near] = corpus.density_at(near)
    scores = first_nearness(plain.dense, plain.lexical, plain.title)[None]
    first = expansion_of(scores, near[None], density_of(scores), density, count=FIRST_NEIGHBOURS)
    expanded = _expanded(corpus, vector, first)
    scores = nearness(corpus.expanded_at(near) @ expanded, plain.lexical)[None]
    second = expansion_of(scores, near[None], density_of(scores), density)
    return Profile(texts, row, second, _expanded(corpus, vector, second))


def signals_with(corpus: Corpus, profile: Profile, positions: Positions) -> PairSignals:
    """Of the profile with each of the articles at `positions`."""
    return stacked(
        corpus.expanded_at(positions) @ profile.expanded,
        _plain(corpus, profile.texts, profile.row, positions),
        (corpus.density_at(positions) + profile.expansion.density[0]) / 2,
    )


def _plain(corpus: Corpus, texts: Texts, row: int, positions: Positions) -> PlainSignals:
    late = positions >= len(corpus.base)
    found = PlainSignals(*(np.empty(len(positions), dtype=np.float32) for _ in range(4)))
    parts: tuple[tuple[Shelf, npt.NDArray[np.bool_], int], ...] = (
        (corpus.base, ~late, 0),
        (corpus.overlay, late, len(corpus.base)),
    )
    for shelf, chosen, first in parts:
        if not chosen.any():
            continue  # sparse rows cost their time even where there are none
        rows = positions[chosen] - first
        part = plain_signals(texts, np.full(len(rows), row), shelf.texts, rows)
        for one in fields(PlainSignals):
            getattr(found, one.name)[chosen] = getattr(part, one.name)
    return found


def _expanded(
    corpus: Corpus, vector: npt.NDArray[np.float32], expansion: Expansion
) -> npt.NDArray[np.float32]:
    near = corpus.vectors_at(np.maximum(expansion.neighbours[0], 0))
    expanded: npt.NDArray[np.float32] = add_neighbours(vector, near[None], expansion.weights)[0]
    return expanded
