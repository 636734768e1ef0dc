"""RSS, Atom and JSON Feed."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from time import struct_time
from typing import TypeAlias, cast

import feedparser

from recommender.articles.sources.feed_entry import FeedEntry
from recommender.articles.sources.json_feed import is_json_feed, json_feed_entries
from recommender.articles.sources.looks import looks_like
from recommender.articles.sources.reject import Record, Reject, excerpt_of
from recommender.errors import InputError, SourceError

Fields: TypeAlias = Mapping[str, object]

_ENTRY = re.compile(r"<(/?)(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)

# WordPress exports have the RSS form, but hold more than the site shows
_NO_ARTICLES = frozenset({"attachment", "nav_menu_item", "page", "revision", "custom_css"})


def read_feed(
    data: bytes, *, name: str, address: str = "", content_type: str = ""
) -> Iterator[Record]:
    """An article or a reject for each entry of an RSS, Atom or JSON feed.

    An ill-formed feed is read as far as it goes; of one that breaks off, the last entry is
    rejected, for nobody knows what of it is missing.

    Args:
        data: the document, uncompressed.
        name: what `Reject.source` says; a reject's position counts the entries from 1.
        address: where it was fetched from; relative addresses are resolved against it.
        content_type: the header of that name, which may tell the encoding.

    Raises:
        SourceError: at once, where it is no feed; says what it looks like.
    """
    if is_json_feed(data):
        return _records(json_feed_entries(data, name=name, address=address), name)
    parsed = _parsed(data, name, address, content_type)
    if not parsed.entries and not parsed.get("version"):
        raise SourceError(
            f"{name} is no feed: expected RSS, Atom or JSON Feed, it looks like "
            f"{looks_like(data, address)}."
        )
    feed = cast("Fields", parsed.feed)
    entries = cast("list[Fields]", parsed.entries)
    read = (_entry(entry, feed, address) for entry in entries)
    if parsed.bozo and _breaks_off(data, str(parsed.get("encoding") or "utf-8")):
        whole = islice(read, len(entries) - 1)
        broken = InputError("the feed breaks off in this entry: fetch or write it again.")
        return _records(chain(whole, [broken]), name)
    return _records(read, name)


def _records(entries: Iterator[FeedEntry | InputError], name: str) -> Iterator[Record]:
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, InputError):
            yield Reject(name, number, str(entry))
            continue
        try:
            yield entry.article()
        except InputError as error:
            shown = entry.title or entry.url or entry.id or entry.html or entry.summary
            yield Reject(name, number, str(error), excerpt_of(shown))


def _parsed(data: bytes, name: str, address: str, content_type: str) -> feedparser.FeedParserDict:
    headers = {"content-location": address} if address else {}
    if content_type:
        headers["content-type"] = content_type
    try:
        return feedparser.parse(
            io.BytesIO(data),  # bytes alone could be taken for a file's name
            response_headers=headers,
            # only text is kept of the markup, so neither is needed and both take time
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:
        # the library promises none, but its parsers are built on three others
        raise SourceError(
            f"{name} cannot be read as a feed ({type(error).__name__}: {error}); it looks like "
            f"{looks_like(data, address)}."
        ) from error


def _breaks_off(data: bytes, encoding: str) -> bool:
    """Whether the last entry that begins does not end."""
    try:
        text = data.decode(encoding, errors="replace")
    except LookupError:
        text = data.decode(errors="replace")
    marks = _ENTRY.findall(text)
    return bool(marks) and not marks[-1]


def _entry(entry: Fields, feed: Fields, address: str) -> FeedEntry | InputError:
    if hidden := _why_hidden(entry):
        return InputError(f"{hidden}: {_string(entry, 'title') or 'untitled'}.")
    contents = _dicts(entry, "content")
    html = max((_string(content, "value") for content in contents), key=len, default="")
    title_detail = _dict(entry, "title_detail")
    source = _dict(entry, "source")
    return FeedEntry(
        base=address or _string(title_detail, "base"),
        id=_string(entry, "id"),
        url=_string(entry, "link"),
        title=_string(entry, "title"),
        html=html,
        summary=_string(entry, "summary"),
        tags=tuple(
            term
            for tag in _dicts(entry, "tags")
            if (term := _string(tag, "label") or _string(tag, "term"))
        ),
        authors=_authors(entry),
        language=next(
            filter(None, (_string(part, "language") for part in (*contents, title_detail, feed))),
            "",
        ),
        published=_time(entry, "published_parsed") or _time(entry, "created_parsed"),
        updated=_time(entry, "updated_parsed"),
        images=tuple(_images(entry)),
        source=_string(source, "title") or _string(feed, "title"),
        # a post behind a password has the status of one that all may read
        status="private" if _string(entry, "wp_post_password") else _string(entry, "wp_status"),
        expires=_time(entry, "expired_parsed") or _string(entry, "prism_expirationdate"),
    )


def _why_hidden(entry: Fields) -> str:
    kind = _string(entry, "wp_post_type")
    if kind in _NO_ARTICLES or kind.startswith("wp_"):
        return f"WordPress {kind.replace('_', ' ')}, expected a post"
    return ""


def _authors(entry: Fields) -> tuple[str, ...]:
    named = [_string(author, "name") for author in _dicts(entry, "authors")]
    return tuple(filter(None, named)) or tuple(filter(None, [_string(entry, "author")]))


def _images(entry: Fields) -> Iterator[str]:
    for medium in _dicts(entry, "media_content"):
        if _string(medium, "medium") == "image" or _string(medium, "type").startswith("image/"):
            yield _string(medium, "url")
    for thumbnail in _dicts(entry, "media_thumbnail"):
        yield _string(thumbnail, "url")
    for link in _dicts(entry, "links"):
        if _string(link, "rel") == "enclosure" and _string(link, "type").startswith("image/"):
            yield _string(link, "href")
    yield _string(_dict(entry, "image"), "href")


def _time(entry: Fields, name: str) -> str:
    # dict.get: the library's own warns and falls back to another field
    time = dict.get(cast("dict[str, object]", entry), name)
    if not isinstance(time, struct_time):
        return ""
    return "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00".format(*time[:6])


def _string(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _dict(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    return value if isinstance(value, Mapping) else {}


def _dicts(fields: Fields, name: str) -> Sequence[Fields]:
    value = fields.get(name)
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []
