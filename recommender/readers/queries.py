"""Statements with many values in them, in parts that SQLite takes."""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from sqlite3 import Connection
from typing import Any

_MOST = 1024
"""Values at once; a power of two, so that few different statements are prepared."""


def in_parts(
    connection: Connection, query: str, values: Collection[int | bytes | str]
) -> Iterator[tuple[Any, ...]]:
    """Rows of `query`, whose `{}` stands for the list, over all of `values`; each row once.

    Keys that ascend are found quickest: those of a part lie together in the file.
    """
    given = list(values)
    for begin in range(0, len(given), _MOST):
        part = given[begin : begin + _MOST]
        width = 1 << (len(part) - 1).bit_length()
        # filled up with a value that is there already: a few widths, not one for each length
        part += part[:1] * (width - len(part))
        marks = ",".join("?" * width)
        yield from connection.execute(query.format(marks), part)


def write_rows(connection: Connection, statement: str, rows: Sequence[Sequence[object]]) -> None:
    """Runs `statement`, whose `{}` stands for what follows VALUES, for all rows.

    Many rows in one statement: with each statement the interpreter's lock changes hands, and
    whoever answers requests meanwhile holds on to it.
    """
    begin = 0
    while begin < len(rows):
        part = rows[begin : begin + _width(len(rows) - begin)]
        text = _with_marks(statement, len(part[0]), len(part))
        connection.execute(text, tuple(chain.from_iterable(part)))
        begin += len(part)


_SHORT = 32
"""Up to here a statement of its own for each number of rows: what one moment brings is written in
one. Beyond, few different ones, which SQLite need not prepare again."""


def _width(rows: int) -> int:
    return rows if rows <= _SHORT else min(512, 1 << (rows.bit_length() - 1))


@lru_cache(maxsize=512)
def _with_marks(statement: str, columns: int, rows: int) -> str:
    row = f"({','.join('?' * columns)})"
    return statement.format(",".join([row] * rows))
