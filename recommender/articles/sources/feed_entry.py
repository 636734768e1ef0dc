"""What an entry of any kind of feed becomes: an article, as far as its fields can be used."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from recommender.articles.article import Article
from recommender.articles.record import RecordReader
from recommender.articles.text import clean_text
from recommender.articles.values import (
    expiry_value,
    id_value,
    language_value,
    time_value,
    url_value,
)
from recommender.errors import InputError

# A description without a full text beside it is the text itself where it is longer than this
_LONGEST_TEASER = 600

T = TypeVar("T")

_READER = RecordReader()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """An entry as its feed has it: strings as they stand there, "" where absent.

    Attributes:
        base: address that relative addresses are relative to.
        html: the full text; `summary`: the short one.
        images: addresses, best first; the first usable one is taken.
        status: as `status_value` takes it; "" is published.
    """

    base: str
    id: str = ""
    url: str = ""
    title: str = ""
    html: str = ""
    summary: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    language: str = ""
    published: str = ""
    updated: str = ""
    images: tuple[str, ...] = ()
    source: str = ""
    status: str = ""
    expires: str = ""

    def article(self) -> Article:
        """The article, its first tag as the section.

        A feed is written by a program and cannot be mended by its reader: an address, time,
        language or id that cannot be used is left out, and does not cost the article.

        Raises:
            InputError: there is neither title nor text, or the status is of an unknown name.
        """
        body, teaser = clean_text(self.html), clean_text(self.summary)
        if not body and len(teaser) > _LONGEST_TEASER:
            body, teaser = teaser, ""
        if teaser == body:
            teaser = ""
        published, updated = self._time(self.published), self._time(self.updated)
        tags = [clean_text(tag) for tag in self.tags]
        return _READER.article(
            {
                "id": _usable(id_value, self.id) or "",
                "url": self._address(self.url),
                "title": self.title,
                "teaser": teaser,
                "body": body,
                "section": next(filter(None, tags), ""),
                "tags": tags,
                "authors": list(self.authors),
                "language": _usable(language_value, self.language) or "",
                # Atom demands only the last change
                "published_at": _text(published or updated),
                "updated_at": _text(updated),
                "image_url": self._image(),
                "source": self.source,
                "status": self.status,
                "expires_at": _text(_usable(expiry_value, self.expires)),
            }
        )

    def _address(self, text: str) -> str:
        if not text.strip():
            return ""
        try:
            absolute = urljoin(self.base, text.strip())
        except ValueError:  # brackets that do not match
            return ""
        return _usable(url_value, absolute) or ""

    def _image(self) -> str:
        inside = first_image(self.html) or first_image(self.summary)
        return next(filter(None, map(self._address, (*self.images, inside))), "")

    def _time(self, text: str) -> datetime | None:
        return _usable(time_value, text) if text else None


def first_image(html: str) -> str:
    """Address of the first picture in `html`, pixels that count readers left out; "" if none."""
    if "<img" not in html.lower():
        return ""
    for image in LexborHTMLParser(html).css("img[src]"):
        attributes = image.attributes
        if "1" not in {attributes.get("width"), attributes.get("height")}:
            return attributes.get("src") or ""
    return ""


def _usable(convert: Callable[[str, object], T], text: str) -> T | None:
    try:
        return convert("", text)
    except InputError:
        return None


def _text(time: datetime | None) -> str:
    return time.isoformat() if time else ""
