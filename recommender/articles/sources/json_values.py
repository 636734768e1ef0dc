"""JSON values one after another out of a text of any length."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recommender.articles.sources.chunks import MAX_RECORD
from recommender.errors import SourceError

_SHOWN = 200
_NO_UTF8 = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of a wrong byte


@dataclass(frozen=True, slots=True)
class Found:
    """A value with the start of its text; `is_utf8` tells whether all its bytes were."""

    value: object
    start: str
    is_utf8: bool


def json_values(chunks: Iterable[bytes]) -> Iterator[Found]:
    """The elements of one list, or the values that stand one after another, as they come.

    Holds one value at a time, not the list.

    Raises:
        SourceError: while iterating, at what is no JSON: where the next value would begin is
            then unknown.
    """
    buffer = _Buffer(chunks)
    in_list = buffer.skip("[")
    while not buffer.at_end():
        if in_list and buffer.skip("]"):
            if not buffer.at_end():
                raise SourceError("there is more text after the end of the list")
            return
        yield buffer.value()
        buffer.skip(",")
    if in_list:
        raise SourceError("the list has no end: the file was cut off here")


class _Buffer:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self._texts = (decoder.decode(chunk) for chunk in chunks)
        self._text = ""
        self._at = 0
        self._decode = json.JSONDecoder().raw_decode

    def at_end(self) -> bool:
        while True:
            while self._at < len(self._text) and self._text[self._at].isspace():
                self._at += 1
            if self._at < len(self._text):
                return False
            if not self._fill():
                return True

    def skip(self, mark: str) -> bool:
        found = not self.at_end() and self._text[self._at] == mark
        self._at += found
        return found

    def value(self) -> Found:
        """The value that begins here."""
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                # a value that goes on in the next chunk looks like a wrong one
                if len(self._text) - self._at <= MAX_RECORD and self._fill():
                    continue
                raise SourceError(self._what_is_wrong(error)) from None
            text = self._text[self._at : end]
            self._at = end
            return Found(value, text[:_SHOWN], is_utf8=not _NO_UTF8.search(text))

    def _what_is_wrong(self, error: Exception) -> str:
        what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return (
            f"no JSON from here on ({what}); the rest cannot be read. "
            "In JSON Lines, one object a line, only the wrong line would be lost"
        )

    def _fill(self) -> bool:
        """Read as much as is held already, so that a long value is not tried at each chunk."""
        wanted = len(self._text) - self._at
        more: list[str] = []
        while sum(map(len, more)) <= wanted:
            text = next(self._texts, None)
            if text is None:
                break
            more.append(text)
        self._text = self._text[self._at :] + "".join(more)
        self._at = 0
        return bool(more)
