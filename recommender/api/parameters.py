"""The query parameters: one table, from which requests are read and the documentation is made."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from recommender.articles.times import parse_time
from recommender.pages import DEFAULT_PIPELINE
from recommender.slots.slot import MAX_LIMIT, POPULAR_SLOTS, SOURCES, PopularBy

T = TypeVar("T")

MAX_READER = 512
MAX_IDS = 1_000
"""Ids that `seen`, `shown` or `exclude` take."""

_MAX_WINDOW = timedelta(days=3650)
_WINDOW = re.compile(r"(\d{1,6})([hd])")


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """One query parameter.

    Attributes:
        name: in the query string.
        about: what it does, for the documentation.
        convert: the value of its text; raises ValueError saying what was expected.
        schema: JSON Schema of one value.
        example: a text that it takes.
        default: for the documentation.
        repeated: whether it may stand more than once.
    """

    name: str
    about: str
    convert: Callable[[str], T]
    schema: Mapping[str, object]
    example: object
    default: object = None
    repeated: bool = False


def integer(least: int, most: int) -> Callable[[str], int]:
    """Reads a whole number of this range."""
    expected = f"a whole number from {least} to {most}"

    def convert(text: str) -> int:
        # int() would also take " 5", "1_0" and digits of any script
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
            raise ValueError(expected)
        number = int(text)
        if not least <= number <= most:
            raise ValueError(expected)
        return number

    return convert


def _time(text: str) -> datetime:
    try:
        # a + that was not escaped arrives as a space
        return parse_time(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise ValueError(f"a time such as 2026-01-31 or 2026-01-31T12:00:00Z ({error})") from None


def window_of(text: str) -> timedelta:
    """The duration of 24h or 7d.

    Raises:
        ValueError: says what was expected.
    """
    found = _WINDOW.fullmatch(text)
    if found:
        hours = int(found[1]) * (24 if found[2] == "d" else 1)
        if 0 < hours <= _MAX_WINDOW.total_seconds() / 3600:
            return timedelta(hours=hours)
    raise ValueError("hours or days, such as 24h or 7d, at most 3650d")


def flag(text: str) -> bool:
    """Reads true, false, 1 or 0."""
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    except KeyError:
        raise ValueError("true or false") from None


def word(text: str) -> str:
    """Reads a text that is not empty."""
    if not text:
        raise ValueError("a text that is not empty")
    return text


def article_id(text: str) -> str:
    """Reads the id of an article, known or not."""
    if not text:
        raise ValueError("the id of an article")
    return text


def _popular_by(text: str) -> PopularBy:
    for name in POPULAR_SLOTS:
        if name == text:
            return name
    raise ValueError(f"one of {', '.join(POPULAR_SLOTS)}")


def reader_name(text: str) -> str:
    """Reads the name of a reader; "" where it is unknown."""
    if len(text) > MAX_READER:
        raise ValueError(f"at most {MAX_READER} characters")
    return text


_TEXT = {"type": "string", "minLength": 1}
_TIME = {"type": "string", "format": "date-time"}
SPAN = {"type": "string", "pattern": r"^\d+[hd]$"}
"""JSON Schema of what `window_of` takes."""

LIMIT = Parameter(
    "limit",
    "How many articles at the most; else as the slot is defined, which is 5 unless the settings "
    "say otherwise.",
    integer(1, MAX_LIMIT),
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
    example=5,
)
OFFSET = Parameter(
    "offset",
    "How many of the best are passed over.",
    integer(0, MAX_LIMIT),
    {"type": "integer", "minimum": 0, "maximum": MAX_LIMIT},
    example=0,
    default=0,
)
SECTION = Parameter(
    "section", "Only articles of this section.", word, _TEXT, example="Politics", repeated=True
)
LANGUAGE = Parameter(
    "language",
    "Only articles in this language (ISO 639 code).",
    word,
    _TEXT,
    example="en",
    repeated=True,
)
TAG = Parameter(
    "tag",
    "Only articles that have this tag, whatever its case.",
    word,
    _TEXT,
    example="Harbour",
    repeated=True,
)
SAME_SECTION = Parameter(
    "same_section",
    "Only articles of the section of what the page is about; none where it has none.",
    flag,
    {"type": "boolean"},
    example=True,
    default=False,
)
PUBLISHED_AFTER = Parameter(
    "published_after",
    "Only articles published at this time or later; without a zone it is UTC.",
    _time,
    _TIME,
    example="2026-01-01T00:00:00Z",
)
PUBLISHED_BEFORE = Parameter(
    "published_before",
    "Only articles published before this time; without a zone it is UTC.",
    _time,
    _TIME,
    example="2026-02-01T00:00:00Z",
)
EXCLUDE = Parameter(
    "exclude", "Never this article.", article_id, _TEXT, example="hp-0007", repeated=True
)
SEEN = Parameter(
    "seen",
    "The reader knows this article already: neither it nor a copy of it is shown. Of several, each "
    "stands by itself, `seen=A&seen=B`: with a comma between them they would be one id.",
    article_id,
    _TEXT,
    example="hp-0008",
    repeated=True,
)
SHOWN = Parameter(
    "shown",
    "The page shows this article elsewhere already, whoever reads it: neither it nor a copy of it "
    "comes again. An id that is unknown is passed over. Of several, each stands by itself, "
    "`shown=A&shown=B`: with a comma between them they would be one id.",
    article_id,
    _TEXT,
    example="hp-0009",
    repeated=True,
)
AT = Parameter(
    "at", "As of this time instead of now.", _time, _TIME, example="2026-01-31T12:00:00Z"
)
WINDOW = Parameter(
    "window",
    "Views and clicks of this long count, in hours or days; else as in the settings.",
    window_of,
    SPAN,
    example="24h",
)
HALF_LIFE = Parameter(
    "half_life",
    "A reader of this long ago counts half, in hours or days, of what is read most; else as in "
    "the settings.",
    window_of,
    SPAN,
    example="6h",
)
MAX_AGE = Parameter(
    "max_age",
    "Only articles published so long ago at most, in hours or days, and evergreens however old.",
    window_of,
    SPAN,
    example="30d",
)
EXPLAIN = Parameter(
    "explain",
    "Tell every signal with its weight, also those that added nothing.",
    flag,
    {"type": "boolean"},
    example=True,
    default=False,
)
PIPELINE = Parameter(
    "pipeline",
    "How it is ranked: a name in the settings.",
    word,
    _TEXT,
    example="similarity",
    default=DEFAULT_PIPELINE,
)
READER = Parameter(
    "reader",
    "A name that the reader keeps, or their session: it decides on the arm of an experiment, which "
    "`meta.experiment` tells, and is not kept. Without effect beside `pipeline`.",
    reader_name,
    {"type": "string", "maxLength": MAX_READER},
    example="r-81",
)
SLOT = Parameter(
    "slot",
    "A slot of the page, in the order in which they choose; related and popular by default. "
    f"There are {', '.join(SOURCES)}, and those that the settings define.",
    word,
    _TEXT,
    example="related",
    repeated=True,
)
BY = Parameter(
    "by",
    "What popular means: read by most, read more than usual, or clicked most often of the times "
    "it is shown.",
    _popular_by,
    {"type": "string", "enum": list(POPULAR_SLOTS)},
    example="trending",
    default="most_read",
)
