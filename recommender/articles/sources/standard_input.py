"""Articles from a pipe."""

import sys
from collections.abc import Iterator
from typing import BinaryIO

from recommender.articles.field_names import NO_MAP, FieldMap
from recommender.articles.record import OnRead, nothing_said
from recommender.articles.sources.chunks import stream_chunks
from recommender.articles.sources.jsonl import read_jsonl
from recommender.articles.sources.reject import Record
from recommender.errors import SourceError

STANDARD_INPUT = "-"


def read_standard_input(
    stream: BinaryIO | None = None,
    *,
    mapping: FieldMap = NO_MAP,
    on_read: OnRead = nothing_said,
) -> Iterator[Record]:
    """JSON Lines, plain or gzip, from `stream`, by default the process's standard input.

    Raises:
        SourceError: there is no pipe but somebody's keyboard.
    """
    stream = sys.stdin.buffer if stream is None else stream
    if stream.isatty():
        raise SourceError(
            "- stands for JSON Lines on standard input, but nothing is piped in: "
            "cat articles.jsonl | recommender rebuild -"
        )
    return read_jsonl(stream_chunks(stream), name=STANDARD_INPUT, mapping=mapping, on_read=on_read)
