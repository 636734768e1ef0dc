"""CSV with a header line."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator

from recommender.articles.field_names import NO_MAP, FieldMap, FieldNames
from recommender.articles.record import OnRead, RecordReader, nothing_said
from recommender.articles.sources.chunks import lines, peeked, utf8_chunks
from recommender.articles.sources.reject import Record, Reject, excerpt_of
from recommender.errors import InputError, SourceError
from recommender.meant import in_passing

# A quote that never ends swallows no more than this before it is noticed
_MAX_FIELD = 2**20
_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_NO_UTF8 = re.compile("[\udc80-\udcff]")


def read_csv(
    chunks: Iterable[bytes],
    *,
    name: str,
    mapping: FieldMap = NO_MAP,
    on_read: OnRead = nothing_said,
) -> Iterator[Record]:
    """An article or a reject for each row under the header; in constant memory.

    The delimiter is the one of comma, semicolon, tab and bar that the header has most of.

    Args:
        chunks: the file's bytes, plain or gzip.
        name: what `Reject.source` says; a reject's position is the line its row begins on.
        mapping: the publisher's names for fields.
        on_read: told of each article, before it comes.

    Raises:
        InputError: at once, where `mapping` names a field that no article has.
        SourceError: when iterated, where there is no header with a title or a text.
    """
    return _records(chunks, name, RecordReader(mapping), mapping, on_read)


def header_of(head: bytes) -> tuple[list[str], str]:
    """Column names and delimiter of a file that starts with `head`; no names where it is empty."""
    line = head.decode(errors="replace").replace("\r", "\n").lstrip("\ufeff\n").partition("\n")[0]
    unquoted = _QUOTED.sub("", line)
    delimiter = max(_DELIMITERS, key=unquoted.count)
    row = next(csv.reader([line], delimiter=delimiter), [])
    return [column.strip() for column in row], delimiter


def has_text_column(columns: list[str], mapping: FieldMap) -> bool:
    """Whether a row under these names can hold an article."""
    return not FieldNames(mapping).of(tuple(columns)).keys().isdisjoint({"title", "body", "teaser"})


def _records(
    chunks: Iterable[bytes],
    name: str,
    reader: RecordReader,
    mapping: FieldMap,
    on_read: OnRead,
) -> Iterator[Record]:
    head, chunks = peeked(utf8_chunks(chunks))
    columns, delimiter = header_of(head)
    _check_header(columns, mapping, name)
    if b"\n" not in head and b"\r" in head:  # as old spreadsheets end their lines
        chunks = (chunk.replace(b"\r", b"\n") for chunk in chunks)
    rows = _Rows(chunks, delimiter)
    rows.next_row()
    while True:
        try:
            row = rows.next_row()
        except SourceError as error:
            yield Reject(name, rows.position, str(error))
            return
        except csv.Error as error:
            yield Reject(
                name,
                rows.position,
                f"no CSV: {error}; check its quotes.",
                excerpt_of(rows.first_line()),
            )
            continue
        if row is None:
            return
        if not any(row):
            continue
        try:
            found = reader.read(_checked(row, columns))
        except InputError as error:
            position, excerpt = rows.position, rows.first_line()
            if len(row) != len(columns):
                rows.take_back()  # perhaps a stray quote: the lines it swallowed get their chance
            yield Reject(name, position, str(error), excerpt_of(excerpt))
            continue
        on_read(rows.position, found)
        yield found.article


def _checked(row: list[str], columns: list[str]) -> dict[str, str]:
    if len(row) != len(columns):
        raise InputError(
            f"the header names {len(columns)} columns, this row has {len(row)}: "
            "put quotes around fields with delimiters, line ends or quotes in them."
        )
    if any(map(_NO_UTF8.search, row)):
        raise InputError("the row has bytes that are not UTF-8: save the file as UTF-8.")
    return dict(zip(columns, row, strict=True))


def _check_header(columns: list[str], mapping: FieldMap, name: str) -> None:
    listed = ", ".join(columns[:20]) or "none"
    for field, column in mapping.items():
        if column and column not in columns:
            raise SourceError(
                f"{name} has no column {column!r} for {field}{in_passing(column, columns)}; "
                f"its columns: {listed}."
            )
    if not has_text_column(columns, mapping):
        raise SourceError(
            f"{name} needs a header with a column for title or body; its columns: {listed}. "
            "Name one with, for example, --map title=COLUMN."
        )


class _Rows:
    """Rows of a CSV file, with the lines that each was made of."""

    def __init__(self, chunks: Iterable[bytes], delimiter: str) -> None:
        self._fresh = lines(chunks)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._line_number = 0
        # strict: text after a closing quote is the sign that a stray one opened long before it
        self._reader = csv.reader(self, delimiter=delimiter, strict=True)

    @property
    def position(self) -> int:
        """The line that the row begins on."""
        return self._line_number - len(self._taken) + 1

    def first_line(self) -> str:
        return self._taken[0] if self._taken else ""

    def next_row(self) -> list[str] | None:
        """The next row, None at the end.

        Raises:
            csv.Error: a row that cannot be read; the next call goes on after its first line.
            SourceError: the file cannot be read further.
        """
        self._taken.clear()
        csv.field_size_limit(_MAX_FIELD)  # process-wide in the library, so set at each use
        try:
            return next(self._reader, None)
        except csv.Error:
            self.take_back()
            raise

    def take_back(self) -> None:
        """Let the row's lines but the first be read again as rows of their own."""
        self._again.extendleft(reversed(self._taken[1:]))
        self._line_number -= len(self._taken[1:])
        del self._taken[1:]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """The next line for the csv reader; no generator, for lines come back after the end."""
        if self._again:
            line = self._again.popleft()
        else:
            raw = next(self._fresh)
            line = raw.removesuffix(b"\r").decode(errors="surrogateescape") + "\n"
        self._line_number += 1
        self._taken.append(line)
        return line
