"""Real articles, which lie beside a checkout and are not part of it."""

from pathlib import Path

import pytest

from recommender.articles.article import Article
from recommender.articles.field_names import NO_MAP
from recommender.articles.sources.open_source import open_source

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"

needs_real_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
"""For what is only true of real articles. There is no other reason to skip a test."""


def real_articles(name: str) -> list[Article]:
    """The articles of a set, in the order of its file; records that are none left out."""
    records = open_source(str(DATA / name / "articles.jsonl.gz"), mapping=NO_MAP).records
    return [record for record in records if isinstance(record, Article)]
