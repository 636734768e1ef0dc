"""A record that is no article, with the reason."""

from dataclasses import asdict, dataclass
from typing import TypeAlias

import orjson

from recommender.articles.article import Article

_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Reject:
    """What a source yields in place of an article that it cannot make of a record.

    Attributes:
        source: file, address, or "-" for standard input.
        position: line of a text file, entry of a feed or list; from 1.
        reason: what was expected, what came, and how to mend it.
        excerpt: the record's start, at most 200 characters.
    """

    source: str
    position: int
    reason: str
    excerpt: str = ""

    def to_json(self) -> str:
        """One line of a rejects file."""
        return orjson.dumps(asdict(self)).decode()


Record: TypeAlias = Article | Reject
"""What every source yields."""


def excerpt_of(raw: bytes | str) -> str:
    """The start of a record as `Reject.excerpt` wants it: printable whatever the bytes are."""
    start = raw[: 4 * _EXCERPT]  # a character has at most four bytes
    text = start.decode(errors="replace") if isinstance(start, bytes) else start
    shown = "".join(c if c.isprintable() else " " for c in text.strip())
    return shown[:_EXCERPT].rstrip()
