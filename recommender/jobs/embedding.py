"""Vectors for the texts that lack one."""

from collections.abc import Sequence

import numpy as np

from recommender.articles.catalog import Catalog
from recommender.similarity.embedder import Embedder
from recommender.similarity.neighbours import Progress

_CHUNK = 64
"""Texts between two commits: a Ctrl-C loses only the few seconds of the chunk in the making."""


def embed_pending(catalog: Catalog, embedder: Embedder, progress: Progress) -> int:
    """Embeds what lacks a vector, the longest texts first, each once; returns how many.

    Texts of like length go through the model together over the whole catalog, so that hardly
    anything is padded, and the time left shown at the start is an upper bound.
    """
    pending = catalog.pending(embedder.name)
    done = 0
    for start in range(0, len(pending), _CHUNK):
        digests = [one.text_digest for one in pending[start : start + _CHUNK]]
        texts = catalog.texts(digests)
        catalog.store_vectors(embedder.name, list(texts), embedder.embed(list(texts.values())))
        done += len(texts)
        progress(start + len(digests), len(pending))
    return done


def embed_articles(catalog: Catalog, embedder: Embedder, ids: Sequence[str]) -> int:
    """Embeds those of a few articles that lack a vector, and nothing else; returns how many."""
    stored = catalog.get_many(ids).values()
    rows = np.array([one.row for one in stored], dtype=np.int64)
    known = set(catalog.vectors_of(embedder.name, rows).rows.tolist())
    lacking = dict.fromkeys(one.text_digest for one in stored if one.row not in known)
    texts = catalog.texts(list(lacking))
    if texts:
        catalog.store_vectors(embedder.name, list(texts), embedder.embed(list(texts.values())))
    return len(texts)
