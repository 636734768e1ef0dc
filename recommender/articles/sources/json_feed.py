"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import orjson

from recommender.articles.sources.feed_entry import FeedEntry
from recommender.articles.values import shortened
from recommender.errors import InputError, SourceError

Fields: TypeAlias = Mapping[str, object]

_HEAD = 4096


def is_json_feed(data: bytes) -> bool:
    """Whether a document that starts with `data` says that it is a JSON Feed."""
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"{") and b"jsonfeed.org/version" in head.replace(b"\\/", b"/")


def json_feed_entries(data: bytes, *, name: str, address: str) -> Iterator[FeedEntry | InputError]:
    """The items of a JSON Feed; an error where an item is none.

    Raises:
        SourceError: at once, where it is no JSON or has no list of items.
    """
    try:
        feed: object = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise SourceError(
            f"{name} calls itself a JSON Feed but is no JSON: {error.msg} in line {error.lineno}."
        ) from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(feed, dict) or not isinstance(items, list):
        raise SourceError(f"{name} calls itself a JSON Feed but has no list of items.")
    return (_entry(item, feed, address) for item in items)


def _entry(item: object, feed: Fields, address: str) -> FeedEntry | InputError:
    if not isinstance(item, dict):
        return InputError(f"expected an object with the item's fields, got {shortened(item)}.")
    authors = item.get("authors") or [item.get("author")]
    return FeedEntry(
        base=address or _string(feed, "feed_url") or _string(feed, "home_page_url"),
        id=_string(item, "id"),
        url=_string(item, "url") or _string(item, "external_url"),
        title=_string(item, "title"),
        html=_string(item, "content_html") or _string(item, "content_text"),
        summary=_string(item, "summary"),
        tags=tuple(tag for tag in _list(item.get("tags")) if isinstance(tag, str)),
        authors=tuple(
            name
            for author in _list(authors)
            if isinstance(author, dict) and (name := _string(author, "name"))
        ),
        language=_string(item, "language") or _string(feed, "language"),
        published=_string(item, "date_published"),
        updated=_string(item, "date_modified"),
        images=(_string(item, "image"), _string(item, "banner_image")),
        source=_string(feed, "title"),
    )


def _string(fields: Fields, name: str) -> str:
    value = fields.get(name)
    # the specification asks readers to take a number for a string in ids
    number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if isinstance(value, str) or number else ""


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
