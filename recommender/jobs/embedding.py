"""Vectors for the texts that lack one."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.text import article_text
from recommender.articles.versions import text_digest
from recommender.similarity.cores import Progress
from recommender.similarity.embedder import Embedder

_CHUNK = 64
"""Texts of the first chunk; each ends with a commit."""
_MOST = 8_192
_QUICK_SECONDS = 1.0
"""A chunk that took less is followed by one twice as large: a Ctrl-C loses a few seconds at most,
and what embeds quickly gets as many texts at once as it is quick with."""


def embed_pending(catalog: Catalog, embedder: Embedder, progress: Progress) -> int:
    """Embeds what lacks a vector, the longest texts first, each once; returns how many.

    Texts of like length go through the model together over the whole catalog, so that hardly
    anything is padded, and the time left shown at the start is an upper bound.
    """
    pending = catalog.pending(embedder.name)
    done = start = 0
    size = _CHUNK
    while start < len(pending):
        began = time.perf_counter()
        digests = [one.text_digest for one in pending[start : start + size]]
        texts = catalog.texts(digests)
        embed_texts(catalog, embedder, texts)
        done += len(texts)
        start += len(digests)
        progress(start, len(pending))
        if time.perf_counter() - began < _QUICK_SECONDS:
            size = min(2 * size, _MOST)
    return done


def texts_ahead(catalog: Catalog, articles: Sequence[Article], at: datetime) -> dict[str, str]:
    """New texts, by digest, of known articles that are about to be stored and shown.

    Embedded before, they leave no moment between a new version and its vector, in which the
    snapshot's would be shown: it may be older than the last one, or withdrawn since.

    Args:
        catalog: knows the articles as they are.
        articles: completed.
        at: aware; what is not shown then needs no vector.
    """
    shown = [article for article in articles if article.may_be_shown(at)]
    known = catalog.get_many([article.id for article in shown])
    texts = {article.id: article_text(article) for article in shown if article.id in known}
    digests = {text_digest(text): text for text in texts.values()}
    for stored in known.values():
        digests.pop(stored.text_digest, None)
    return digests


def embed_texts(catalog: Catalog, embedder: Embedder, texts: Mapping[str, str]) -> None:
    """Embeds texts, by digest."""
    if texts:
        catalog.store_vectors(embedder.name, list(texts), embedder.embed(list(texts.values())))


def texts_lacking(
    catalog: Catalog, embedder: Embedder, ids: Sequence[str], at: datetime
) -> dict[str, str]:
    """Texts, by digest, of those of a few articles that are shown at `at` and lack a vector."""
    stored = [one for one in catalog.get_many(ids).values() if one.article.may_be_shown(at)]
    rows = np.array([one.row for one in stored], dtype=np.int64)
    known = set(catalog.vectors_of(embedder.name, rows).rows.tolist())
    lacking = dict.fromkeys(one.text_digest for one in stored if one.row not in known)
    return catalog.texts(list(lacking))
