"""What a page prints of an article, made ready at rebuild so that serving only copies bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from recommender.articles.article import Article
from recommender.articles.packed import Packed, pack

_TEASER_LENGTH = 300


@dataclass(slots=True, unsafe_hash=True)
class Card:
    """What a page prints of one article; fields as in `Article`. Not to be changed."""

    # frozen in all but name: freezing triples the time it takes to make one
    id: str
    title: str
    url: str
    teaser: str
    image_url: str
    section: str
    labels: tuple[str, ...]
    published_at: datetime | None


def cards(articles: Sequence[Article]) -> Packed:
    """The cards of `articles` as JSON objects, in their order."""
    return pack(_json(article) for article in articles)


def card_of(json: bytes) -> Card:
    """The card behind one of the JSON objects of `cards`."""
    raw = orjson.loads(json)
    published_at = raw["published_at"]
    raw["labels"] = tuple(raw["labels"])
    raw["published_at"] = None if published_at is None else datetime.fromisoformat(published_at)
    return Card(**raw)


def _json(article: Article) -> bytes:
    labels = [
        label
        for label, holds in (
            ("Editor's choice", article.editors_choice),
            ("Evergreen", article.evergreen),
        )
        if holds
    ]
    return orjson.dumps(
        {
            "id": article.id,
            "title": article.title,
            "url": article.url,
            "teaser": _shortened(article.teaser),
            "image_url": article.image_url,
            "section": article.section,
            "labels": labels,
            "published_at": article.published_at,
        }
    )


def _shortened(teaser: str) -> str:
    if len(teaser) <= _TEASER_LENGTH:
        return teaser
    return teaser[:_TEASER_LENGTH].rsplit(" ", 1)[0] + " …"
