"""Vectors for the texts that lack one."""

from collections.abc import Sequence

import numpy as np

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.complete import complete
from recommender.articles.text import article_text
from recommender.articles.versions import text_digest
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


def embed_ahead(catalog: Catalog, embedder: Embedder, articles: Sequence[Article]) -> None:
    """Embeds new texts of known articles that are about to be stored.

    Between a new version and its vector there is no moment then, in which the snapshot's would be
    shown: it may be older than the last one, or withdrawn since.
    """
    known = catalog.get_many([article.id for article in articles])
    texts: dict[str, str] = {}
    for article in articles:
        if article.id in known:
            text = article_text(complete(article))
            digest = text_digest(text)
            if digest != known[article.id].text_digest:
                texts[digest] = text
    if texts:
        catalog.store_vectors(embedder.name, list(texts), embedder.embed(list(texts.values())))


def embed_articles(catalog: Catalog, embedder: Embedder, ids: Sequence[str]) -> int:
    """Embeds those of a few articles that lack a vector, and nothing else; returns how many."""
    stored = [one for one in catalog.get_many(ids).values() if one.article.status == "published"]
    rows = np.array([one.row for one in stored], dtype=np.int64)
    known = set(catalog.vectors_of(embedder.name, rows).rows.tolist())
    lacking = dict.fromkeys(one.text_digest for one in stored if one.row not in known)
    texts = catalog.texts(list(lacking))
    if texts:
        catalog.store_vectors(embedder.name, list(texts), embedder.embed(list(texts.values())))
    return len(texts)
