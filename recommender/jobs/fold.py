"""A few changes folded into the snapshot before, in a fraction of the time to make all anew.

What holds for the whole corpus stays as it was when all was last made anew: how rare each term is,
which words are key terms, what is boilerplate, the background. The articles that came, changed or
went are related as there; see `changed_neighbours`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.ascending import located
from index.faiss_index import FaissIndex
from index.graph_update import Before
from index.protocol import Ids, Vectors
from index.snapshot import Snapshot
from recommender.articles.catalog import Changes
from recommender.articles.renumbered import Renumbered
from recommender.articles.vector_queries import Change
from recommender.jobs.by_vector import on_disk
from recommender.jobs.made import Made
from recommender.jobs.relations import LEXICAL_SHARE, stories_of
from recommender.jobs.steps import Steps
from recommender.readers.together import ReadTogether
from recommender.similarity.changed_copies import changed_copies
from recommender.similarity.changed_neighbours import changed_neighbours
from recommender.similarity.lexical_search import lexical_graph, postings
from recommender.similarity.neighbours import nearest_by_vector, read_going_on
from recommender.slots.corpus import Corpus, Relations
from recommender.slots.learned import Learned
from recommender.slots.shelf_rows import merged
from recommender.slots.shelving import read_corpus, read_index, stock_beside
from recommender.slots.together import together_of

FOLDED = "folded"
"""The fact of a manifest that tells how many changes were folded in since all was made anew."""


@dataclass(frozen=True, slots=True)
class Folding:
    """When changes are folded in.

    Attributes:
        least: articles; of fewer, all is made anew.
        share: of the articles, that may have changed since all was last made anew; 0 folds none.
    """

    least: int = 50_000
    share: float = 0.02

    def room(self, current: Snapshot) -> int:
        """How many changes may be folded into this snapshot."""
        count = current.manifest.count
        if count < self.least:
            return 0
        return int(self.share * count) - folded_into(current)


def folded_into(current: Snapshot) -> int:
    """How many changes were, since all was made anew."""
    return int(current.manifest.facts.get(FOLDED, 0))


def fold(
    current: Snapshot,
    changes: Changes,
    count: int,
    learned: Learned,
    *,
    read: ReadTogether,
    folder: Path,
    steps: Steps,
) -> Made:
    """The snapshot of now, out of the one before.

    Args:
        current: made with the same settings and embedder.
        changes: of the catalog, all since then.
        count: candidates kept for each article.
        learned: when a pair is one story.
        read: what the same people read.
        folder: on the disk to use; nothing is left in it.
        steps: told of each.

    Raises:
        SnapshotError: `current` cannot be read.
    """
    corpus = steps.timed("open", lambda: read_corpus(current))
    shown = [
        (one.stored, one.vector)
        for one in changes.changes
        if one.vector is not None and one.stored.article.status == "published"
    ]
    dim = corpus.base.texts.vectors.shape[1]
    vectors = np.array([vector for _, vector in shown], dtype=np.float32).reshape(-1, dim)
    stocked = steps.timed(
        "gather", lambda: stock_beside(corpus, [stored for stored, _ in shown], vectors)
    )
    came = stocked.shelf.columns.rows
    order = Renumbered.of(corpus.base.columns.rows, _rows(changes.changes), came)
    shelf = steps.timed("merge", lambda: merged(corpus.base, stocked.shelf, order))
    gone = corpus.base.columns.rows[order.now < 0]
    index = steps.timed("index", lambda: _index(current, gone, came, vectors, folder))
    texts, going_on = shelf.texts, read_going_on(current)
    before = Before(going_on.nearest, order.now)
    nearest = steps.timed(
        "graph",
        lambda: nearest_by_vector(texts.vectors, count, before=before, searched=index),
    )
    lists = steps.timed("postings", lambda: postings(texts.terms))
    lexical = steps.timed(
        "lexical neighbours",
        lambda: lexical_graph(texts.terms, lists, max(1, count // LEXICAL_SHARE), rows=order.fresh),
    )
    together = steps.timed("together", lambda: together_of(read, shelf.ids, len(shelf)))
    neighbours = steps.timed(
        "neighbours",
        lambda: changed_neighbours(
            corpus.relations.neighbours,
            going_on,
            order,
            texts,
            count=count,
            nearest=nearest,
            lexical=lexical,
            always=together.padded(),
        ),
    )
    copies = steps.timed(
        "copies", lambda: changed_copies(corpus.relations.copies, shelf.sketches, order)
    )
    times, previous = shelf.columns.published_at, _stories(corpus, order, came, vectors)
    stories = steps.timed("stories", lambda: stories_of(neighbours, learned, times, previous))
    return Made(
        replace(stocked, shelf=shelf),
        index,
        Relations(neighbours, lists, copies, together, stories),
        changes.revision,
        folded_into(current) + len(changes.changes),
    )


def _index(current: Snapshot, gone: Ids, came: Ids, vectors: Vectors, folder: Path) -> FaissIndex:
    path = folder / "changed.faiss"
    try:
        return on_disk(read_index(current).changed(gone, came, vectors), path)
    finally:
        path.unlink(missing_ok=True)  # it stays as long as it is mapped


def _rows(changes: Sequence[Change]) -> npt.NDArray[np.int64]:
    return np.array([one.stored.row for one in changes], dtype=np.int64)


def _stories(
    corpus: Corpus, order: Renumbered, came: npt.NDArray[np.int64], vectors: Vectors
) -> npt.NDArray[np.int64]:
    """The story of each article before, by number; -1 where it or its text is new."""
    found = np.full(len(order), -1, dtype=np.int64)
    left = np.flatnonzero(order.now >= 0)
    found[order.now[left]] = corpus.stories[left]
    place, there = located(came, corpus.base.columns.rows)
    there[there] = (corpus.base.texts.vectors[place[there]] == vectors[there]).all(axis=1)
    found[order.fresh[there]] = corpus.stories[place[there]]
    return found
