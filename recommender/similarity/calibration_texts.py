"""Texts of a catalog that show a model what it will be given."""

import json
from importlib.resources import files

import numpy as np

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.text import article_text

_NOBODY = ""
"""The name of no embedder, for which every published text lacks its vector."""


def calibration_texts(catalog: Catalog, count: int) -> list[str]:
    """`count` published texts, of all lengths; the same for the same catalog.

    Where there are fewer, articles of the sample that ships follow them: by a handful of texts a
    model would be spoilt for all that come later.
    """
    every = [one.text_digest for one in catalog.pending(_NOBODY)]  # the longest first
    places = np.linspace(0, len(every) - 1, min(count, len(every))).astype(np.int64)
    texts = [text for text in catalog.texts([every[at] for at in places]).values() if text.strip()]
    return texts if len(texts) == count else [*texts, *_sample()][:count]


def _sample() -> list[str]:
    lines = files("recommender").joinpath("sample", "articles.jsonl").read_text(encoding="utf-8")
    records = [json.loads(line) for line in lines.splitlines()]
    return [
        article_text(Article(id=one["id"], title=one["title"], body=one["body"])) for one in records
    ]
