"""A source by its name: a file, an address, or - for standard input."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

import httpx
from rapidfuzz import process

from recommender.articles.field_names import NO_MAP, FieldMap, check_map
from recommender.articles.record import OnRead, nothing_said
from recommender.articles.sources.chunks import (
    decompressed,
    peeked,
    stream_chunks,
    utf8_chunks,
    whole,
)
from recommender.articles.sources.csv_file import has_text_column, header_of, read_csv
from recommender.articles.sources.feed import read_feed
from recommender.articles.sources.fetch import (
    LIMITS,
    NO_STATE,
    FeedState,
    FetchLimits,
    NotModified,
    fetch,
)
from recommender.articles.sources.json_feed import is_json_feed
from recommender.articles.sources.jsonl import read_jsonl
from recommender.articles.sources.looks import looks_like
from recommender.articles.sources.reject import Record
from recommender.articles.sources.standard_input import STANDARD_INPUT, read_standard_input
from recommender.errors import SourceError

SUPPORTED = (
    "JSON Lines (.jsonl, .ndjson, .json), CSV (.csv, .tsv), RSS, Atom and JSON Feed "
    "(.xml, .rss, .atom, .rdf, .json), each also .gz; an http(s) address; - for standard input"
)

MAX_FEED = 64 * 2**20
"""Bytes of a feed in a file: a feed is read as a whole."""

_LISTED = 10_000  # names of a folder that are looked through for one like the absent file

Kind: TypeAlias = Literal["jsonl", "csv", "feed"]

_BY_SUFFIX: dict[str, Kind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jl": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".xml": "feed",
    ".rss": "feed",
    ".atom": "feed",
    ".rdf": "feed",
}


@dataclass(frozen=True, slots=True)
class Source:
    """An opened source.

    Attributes:
        name: as given.
        records: articles and rejects, to be iterated once.
        state: of a fetched document, to be kept once all records are stored, and to be handed
            to the next `open_source`.
        not_modified: the server said so, and there are no records.
    """

    name: str
    records: Iterator[Record]
    state: FeedState = NO_STATE
    not_modified: bool = False


def open_source(
    name: str,
    *,
    client: Callable[[], httpx.Client] = httpx.Client,
    mapping: FieldMap = NO_MAP,
    state: FeedState = NO_STATE,
    limits: FetchLimits = LIMITS,
    stdin: BinaryIO | None = None,
    on_read: OnRead = nothing_said,
) -> Source:
    """The source called `name`; its kind by suffix, else by content.

    Args:
        name: a path, an http(s) address, or "-".
        client: makes what fetches; called only for an address, and closed here.
        mapping: the publisher's names for fields; feeds have names of their own.
        state: of the last visit to this address.
        limits: what fetching may take.
        stdin: in place of the process's standard input.
        on_read: told of each article of JSON Lines and CSV, before it comes.

    Raises:
        InputError: `mapping` names a field that no article has.
        SourceError: absent, of no supported kind, or not what it says; CSV headers and broken
            feeds may be noticed only when `records` is iterated.
    """
    check_map(mapping)
    if name == STANDARD_INPUT:
        return Source(name, read_standard_input(stdin, mapping=mapping, on_read=on_read))
    reading = _Reading(mapping, on_read)
    scheme, separator, _ = name.partition("://")
    if separator and scheme.lower() in {"http", "https"}:
        return _address(name, client, state, limits, reading)
    if separator and scheme.isalnum():
        raise SourceError(f"{name}: {scheme}:// is not supported. Supported: {SUPPORTED}.")
    return Source(name, _file(Path(name), name, reading))


def _address(
    name: str,
    client: Callable[[], httpx.Client],
    state: FeedState,
    limits: FetchLimits,
    reading: "_Reading",
) -> Source:
    with client() as open_client:
        answer = fetch(name, client=open_client, state=state, limits=limits)
    if isinstance(answer, NotModified):
        return Source(name, iter(()), answer.state, not_modified=True)
    content = _whole([answer.content], name, limits.bytes)
    # what is of no kind goes to the feed reader too, which says what it looks like
    kind = _kind_by_content(content, reading.mapping) or "feed"
    if kind == "feed":
        records = read_feed(
            content, name=name, address=answer.address, content_type=answer.content_type
        )
    else:
        records = reading.records(kind, [content], name)
    return Source(name, records, answer.state)


def _file(path: Path, name: str, reading: "_Reading") -> Iterator[Record]:
    kind = _kind_of_file(path, name, reading.mapping)
    if kind == "feed":
        return read_feed(_whole(_chunks_of(path), name, MAX_FEED), name=name)
    return reading.records(kind, _chunks_of(path), name)


def _kind_of_file(path: Path, name: str, mapping: FieldMap) -> Kind:
    try:
        with path.open("rb") as file:
            head, _ = peeked(utf8_chunks(stream_chunks(file)))
    except FileNotFoundError:
        raise SourceError(f"There is no file {name}{_nearest(path)}.") from None
    except IsADirectoryError:
        raise SourceError(f"{name} is a folder; {_files_in(path)}.") from None
    except OSError as error:
        raise SourceError(f"{name} cannot be opened: {error.strerror or error}.") from error
    kind = _BY_SUFFIX.get(_suffix(path))
    if kind == "jsonl" and is_json_feed(head):
        return "feed"
    kind = kind or _kind_by_content(head, mapping)
    if kind is None:
        raise SourceError(
            f"{name} is of no supported kind, it looks like {looks_like(head)}. "
            f"Supported: {SUPPORTED}."
        )
    return kind


def _kind_by_content(head: bytes, mapping: FieldMap) -> Kind | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if is_json_feed(start):
        return "feed"
    if start.startswith((b"{", b"[")):
        return "jsonl"
    if start.startswith(b"<"):
        return "feed" if "HTML" not in looks_like(start) else None
    columns, _ = header_of(head)
    return "csv" if len(columns) > 1 and has_text_column(columns, mapping) else None


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a text of records is read."""

    mapping: FieldMap
    on_read: OnRead

    def records(self, kind: Kind, chunks: Iterable[bytes], name: str) -> Iterator[Record]:
        read = read_csv if kind == "csv" else read_jsonl
        return read(chunks, name=name, mapping=self.mapping, on_read=self.on_read)


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from stream_chunks(file)


def _whole(chunks: Iterable[bytes], name: str, limit: int) -> bytes:
    try:
        # not brought to UTF-8: an XML document says itself how it is encoded
        return whole(decompressed(chunks), limit)
    except SourceError as error:
        raise SourceError(f"{name} cannot be read as a feed: {error}.") from None


def _suffix(path: Path) -> str:
    """The one that tells the kind: of "a.csv.gz", ".csv"; "" where there is none."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return suffixes[-1] if suffixes else ""


def _files_in(folder: Path) -> str:
    entries = sorted(islice(folder.iterdir(), _LISTED))
    found = next((one for one in entries if _suffix(one) in _BY_SUFFIX), None)
    if found is None:
        return "it holds no file whose name says that it can be read; give the files themselves"
    pattern = f"*{''.join(found.suffixes[-2:])}" if found.suffix == ".gz" else f"*{found.suffix}"
    return f"give the files in it: {folder / pattern}"


def _nearest(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f": there is no folder {folder} either"
    names = [entry.name for entry in islice(folder.iterdir(), _LISTED)]
    near = [name for name, _, _ in process.extract(path.name, names, limit=3, score_cutoff=60)]
    return f"; near it: {', '.join(str(folder / name) for name in near)}" if near else ""
