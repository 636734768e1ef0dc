"""JSON Lines, and the JSON files that people take for it: a list, or objects over many lines."""

from collections.abc import Iterable, Iterator

import orjson

from recommender.articles.field_names import NO_MAP, FieldMap
from recommender.articles.record import OnRead, ReadRecord, RecordReader, nothing_said
from recommender.articles.sources.chunks import MAX_RECORD, lines, peeked, utf8_chunks
from recommender.articles.sources.json_values import json_values
from recommender.articles.sources.reject import Record, Reject, excerpt_of
from recommender.articles.values import shortened
from recommender.errors import InputError, SourceError


def read_jsonl(
    chunks: Iterable[bytes],
    *,
    name: str,
    mapping: FieldMap = NO_MAP,
    on_read: OnRead = nothing_said,
) -> Iterator[Record]:
    """An article or a reject for each line, or for each element of a list; in constant memory.

    Args:
        chunks: the file's bytes, plain or gzip.
        name: what `Reject.source` says.
        mapping: the publisher's names for fields.
        on_read: told of each article, before it comes.

    Raises:
        InputError: at once, where `mapping` names a field that no article has.
    """
    return _records(chunks, name, RecordReader(mapping), on_read)


def read_lines(
    chunks: Iterable[bytes], *, name: str, on_read: OnRead = nothing_said
) -> Iterator[Record]:
    """As `read_jsonl`, of UTF-8 that is not compressed, where every line is a record."""
    return _of_lines(chunks, name, RecordReader(), on_read)


def _records(
    chunks: Iterable[bytes], name: str, reader: RecordReader, on_read: OnRead
) -> Iterator[Record]:
    head, chunks = peeked(utf8_chunks(chunks))
    first_line = head.lstrip().split(b"\n", 1)[0].strip()
    if first_line == b"{" or first_line.startswith(b"["):
        yield from _of_values(chunks, name, reader, on_read)
    else:
        yield from _of_lines(chunks, name, reader, on_read)


def _of_lines(
    chunks: Iterable[bytes], name: str, reader: RecordReader, on_read: OnRead
) -> Iterator[Record]:
    number = 0
    try:
        for number, line in enumerate(lines(chunks), start=1):
            if not line or line.isspace():
                continue
            try:
                found = _of_line(line, reader)
            except InputError as error:
                yield Reject(name, number, str(error), excerpt_of(line))
                continue
            on_read(number, found)
            yield found.article
    except SourceError as error:
        yield Reject(name, number + 1, str(error))


def _of_line(line: bytes, reader: RecordReader) -> ReadRecord:
    if len(line) > MAX_RECORD:
        raise InputError(f"a line has at most {MAX_RECORD:,} bytes, this one has more.")
    try:
        value: object = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(_why_no_json(line, error)) from None
    return _of_value(value, reader)


def _of_value(value: object, reader: RecordReader) -> ReadRecord:
    if not isinstance(value, dict):
        raise InputError(
            f"expected a JSON object with the article's fields, got {shortened(value)}."
        )
    return reader.read(value)


def _of_values(
    chunks: Iterable[bytes], name: str, reader: RecordReader, on_read: OnRead
) -> Iterator[Record]:
    number = 0
    try:
        for number, found in enumerate(json_values(chunks), start=1):
            try:
                if not found.is_utf8:
                    raise InputError("it has bytes that are not UTF-8: save the file as UTF-8.")  # noqa: TRY301 - rejected as any other error is
                read = _of_value(found.value, reader)
            except InputError as error:
                yield Reject(name, number, str(error), excerpt_of(found.start))
                continue
            on_read(number, read)
            yield read.article
    except SourceError as error:
        yield Reject(name, number + 1, str(error))


def _why_no_json(line: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        line.decode()
    except UnicodeDecodeError as wrong:
        return (
            f"byte 0x{line[wrong.start]:02x} at column {wrong.start + 1} is not UTF-8: "
            "save the file as UTF-8."
        )
    return f"expected one JSON object on the line: {error.msg} at column {error.colno}."
