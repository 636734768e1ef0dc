"""Records of event files: JSON Lines, CSV and Parquet, in constant memory."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from recommender.articles.sources.chunks import lines, peeked, utf8_chunks
from recommender.articles.sources.csv_file import header_of
from recommender.articles.sources.reject import Reject
from recommender.errors import SourceError
from recommender.readers.event_records import FIELDS

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Line:
    """A record and where it stands.

    Attributes:
        position: its line, its row of a table without lines, from 1.
        record: by the names of its fields.
    """

    position: int
    record: Mapping[str, object]


def json_lines(chunks: Iterable[bytes], *, name: str) -> Iterator[Line | Reject]:
    """One JSON object a line, plain or gzip. Empty lines count but yield nothing.

    Raises:
        SourceError: it cannot be read further.
    """
    for number, line in enumerate(lines(utf8_chunks(chunks)), start=1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield Reject(name, number, f"not JSON: {error}")
            continue
        if isinstance(record, dict):
            yield Line(number, record)
        else:
            reason = f"expected a JSON object, came a value of type {type(record).__name__}"
            yield Reject(name, number, reason)


def csv_rows(chunks: Iterable[bytes], *, name: str) -> Iterator[Line | Reject]:
    """A row a line under a header, plain or gzip, the delimiter as the header has it.

    Raises:
        SourceError: there is no header with article_id or shown, or it cannot be read further.
    """
    head, chunks = peeked(utf8_chunks(chunks))
    columns, delimiter = header_of(head)
    if b"\n" not in head and b"\r" in head:  # as old spreadsheets end their lines
        chunks = (chunk.replace(b"\r", b"\n") for chunk in chunks)
    if {"article_id", "shown"}.isdisjoint(columns):
        raise SourceError(
            f"{name} needs a header with a column article_id; its columns: "
            f"{', '.join(columns[:20]) or 'none'}."
        )
    for number, line in enumerate(lines(chunks), start=1):
        if number == 1 or not line.strip():
            continue
        try:
            text = line.decode()
            row = next(csv.reader([text.rstrip("\r")], delimiter=delimiter, strict=True))
        except (csv.Error, UnicodeDecodeError, StopIteration) as error:
            yield Reject(name, number, f"no CSV: {error}")
            continue
        if len(row) != len(columns):
            reason = f"the header names {len(columns)} columns, this row has {len(row)}"
            yield Reject(name, number, reason)
            continue
        yield Line(number, dict(zip(columns, row, strict=True)))


def parquet_rows(path: Path) -> Iterator[Line | Reject]:
    """The rows of a Parquet file: of its columns those that say something of an event.

    Raises:
        SourceError: it is none, is damaged, or has no column article_id or shown.
    """
    # imported here: it takes as long as everything else together
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            columns = file.schema_arrow.names
            if {"article_id", "shown"}.isdisjoint(columns):
                raise SourceError(
                    f"{path} needs a column article_id; its columns: {', '.join(columns[:20])}."
                )
            known = [one for one in columns if one in FIELDS]
            number = 0
            for batch in file.iter_batches(batch_size=_ROWS, columns=known):
                readable = [_readable(column) for column in batch.columns]
                for values in zip(*readable, strict=True):
                    number += 1
                    yield Line(number, dict(zip(batch.schema.names, values, strict=True)))
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path} is no Parquet file, or is damaged: {error}") from error


def _readable(column: "pa.Array[Any]") -> list[Any]:
    """The values; times as text, as Python's know neither nanoseconds nor the year 10000."""
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp(column.type.unit))  # in UTC
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        column = column.cast(pa.string())
    return column.to_pylist()
