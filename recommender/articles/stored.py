"""Articles as the catalog keeps them, and the way between them and its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import orjson

from recommender.articles.article import Article
from recommender.articles.tables import articles


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article with its place in the catalog.

    Attributes:
        row: the vector id: positive, never given to another article.
        revision: of the transaction that last changed it.
        article: as completed.
        text_digest: of the text that is embedded.
        replaced: revision of the version before, withdrawn or not; 0 where there was none.
        patient: it came with many others, and nobody waits for it.
    """

    row: int
    revision: int
    article: Article
    text_digest: str
    replaced: int = 0
    patient: bool = False


_FIELDS = tuple(field.name for field in fields(Article))

STORED_COLUMNS = (
    articles.c.row,
    articles.c.revision,
    articles.c.text_digest,
    articles.c.replaced_revision,
    articles.c.patient,
    *(articles.c[name] for name in _FIELDS),
)
"""What `stored_article` reads, in this order; a query may select more behind them."""


def stored_article(row: Sequence[Any]) -> StoredArticle:
    """Out of a row that begins with `STORED_COLUMNS`."""
    number, revision, text_digest, replaced, patient, *values = row[: len(STORED_COLUMNS)]
    columns = dict(zip(_FIELDS, values, strict=True))
    columns["tags"] = tuple(orjson.loads(columns["tags"]))
    columns["authors"] = tuple(orjson.loads(columns["authors"]))
    columns["published_at"] = text_time(columns["published_at"])
    columns["updated_at"] = text_time(columns["updated_at"])
    columns["expires_at"] = text_time(columns["expires_at"])
    return StoredArticle(number, revision, Article(**columns), text_digest, replaced, patient)


def article_columns(article: Article) -> dict[str, object]:
    """The columns that hold the article's own fields."""
    columns: dict[str, object] = {name: getattr(article, name) for name in _FIELDS}
    columns["tags"] = _array(article.tags)
    columns["authors"] = _array(article.authors)
    columns["published_at"] = time_text(article.published_at)
    columns["updated_at"] = time_text(article.updated_at)
    columns["expires_at"] = time_text(article.expires_at)
    return columns


def time_text(time: datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds, so that text sorts as time does."""
    return None if time is None else time.astimezone(UTC).isoformat(timespec="microseconds")


def text_time(text: str | None) -> datetime | None:
    """The aware time that `time_text` wrote."""
    return None if text is None else datetime.fromisoformat(text)


def _array(words: Sequence[str]) -> str:
    return orjson.dumps(words).decode()
