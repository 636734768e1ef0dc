"""The query parameters: one table, from which requests are read and the documentation is made."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from recommender.api.problems import Fault, Problem
from recommender.articles.times import parse_time
from recommender.engine import DEFAULT_PIPELINE, PAGE
from recommender.slots.slot import MAX_LIMIT, Filters, SlotName

T = TypeVar("T")
Default = TypeVar("Default")

MAX_IDS = 1_000
"""Ids that `seen` or `exclude` take."""

SLOT_NAMES: tuple[SlotName, ...] = ("related", "popular", "latest", "editors_choice", "story")

_MAX_WINDOW = timedelta(days=3650)
_WINDOW = re.compile(r"(\d{1,6})([hd])")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query string asks for; see `Recommender.related` and `Recommender.popular`.

    Attributes:
        explain: tell every signal and its weight, not only those that contributed.
        slots: those of a page, in the order in which they choose.
    """

    limit: int = 5
    offset: int = 0
    filters: Filters = Filters()  # noqa: RUF009 - frozen, so one may serve all
    seen: tuple[str, ...] = ()
    at: datetime | None = None
    window: timedelta | None = None
    explain: bool = False
    pipeline: str = DEFAULT_PIPELINE
    slots: tuple[SlotName, ...] = PAGE


NOTHING_SPECIAL = Asked()


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
        raise ValueError("something")
    return text


def _slot(text: str) -> SlotName:
    for name in SLOT_NAMES:
        if name == text:
            return name
    raise ValueError(f"one of {', '.join(SLOT_NAMES)}")


_TEXT = {"type": "string", "minLength": 1}
_TIME = {"type": "string", "format": "date-time"}

LIMIT = Parameter(
    "limit",
    "How many articles at the most.",
    integer(1, MAX_LIMIT),
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
    example=5,
    default=5,
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
EXCLUDE = Parameter("exclude", "Never this article.", word, _TEXT, example="hp-0007", repeated=True)
SEEN = Parameter(
    "seen",
    "The reader knows this article already: neither it nor a copy of it is shown.",
    word,
    _TEXT,
    example="hp-0008",
    repeated=True,
)
AT = Parameter(
    "at", "As of this time instead of now.", _time, _TIME, example="2026-01-31T12:00:00Z"
)
WINDOW = Parameter(
    "window",
    "Views and clicks of this long count, in hours or days; else as in the settings.",
    window_of,
    {"type": "string", "pattern": r"^\d+[hd]$"},
    example="24h",
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
SLOT = Parameter(
    "slot",
    "A slot of the page, in the order in which they choose; related and popular by default.",
    _slot,
    {"type": "string", "enum": list(SLOT_NAMES)},
    example="related",
    repeated=True,
)

_COMMON: tuple[Parameter[Any], ...] = (
    LIMIT,
    OFFSET,
    SECTION,
    LANGUAGE,
    PUBLISHED_AFTER,
    PUBLISHED_BEFORE,
    EXCLUDE,
    SEEN,
    AT,
    EXPLAIN,
    PIPELINE,
)


class Values:
    """Converts what was given, and gathers what cannot be."""

    def __init__(self, given: Mapping[str, list[str]]) -> None:
        """Of texts by the names of parameters."""
        self._given = given
        self.faults: list[Fault] = []

    def one(self, parameter: Parameter[T], default: Default) -> T | Default:
        """Its value; `default` where it was not given or cannot be converted."""
        texts = self._given.get(parameter.name)
        found = self._converted(parameter, texts[0]) if texts else None
        return default if found is None else found

    def refuse(self) -> None:
        """Raises a problem that tells what could not be converted, where anything could not."""
        if self.faults:
            raise Problem.of_faults(self.faults)

    def many(self, parameter: Parameter[T]) -> tuple[T, ...]:
        """Its values, in the order in which they were given."""
        texts = self._given.get(parameter.name, [])
        if len(texts) > MAX_IDS:
            self.faults.append(
                Fault(parameter.name, f"{parameter.name} may be given {MAX_IDS} times at the most.")
            )
            return ()
        found = (self._converted(parameter, text) for text in texts)
        return tuple(one for one in found if one is not None)

    def _converted(self, parameter: Parameter[T], text: str) -> T | None:
        try:
            return parameter.convert(text)
        except ValueError as error:
            self.faults.append(
                Fault(parameter.name, f"{parameter.name}: expected {error}, got {text[:60]!r}.")
            )
            return None


class QueryString:
    """The parameters that one address takes."""

    def __init__(self, parameters: Sequence[Parameter[Any]]) -> None:
        """Takes those and refuses every other one."""
        self.parameters = tuple(parameters)
        self._by_name = {one.name: one for one in parameters}

    def read(self, request: Request) -> Asked:
        """What the request asks for.

        Raises:
            Problem: a parameter is unknown, twice there, or has a value that cannot be used.
        """
        query: bytes = request.scope["query_string"]
        if not query:
            return NOTHING_SPECIAL
        given = self._given(query)
        values = Values(given)
        asked = Asked(
            limit=values.one(LIMIT, 5),
            offset=values.one(OFFSET, 0),
            filters=Filters(
                sections=values.many(SECTION),
                languages=values.many(LANGUAGE),
                published_after=values.one(PUBLISHED_AFTER, None),
                published_before=values.one(PUBLISHED_BEFORE, None),
                exclude=values.many(EXCLUDE),
            ),
            seen=values.many(SEEN),
            at=values.one(AT, None),
            window=values.one(WINDOW, None),
            explain=values.one(EXPLAIN, default=False),
            pipeline=values.one(PIPELINE, DEFAULT_PIPELINE),
            slots=values.many(SLOT) or PAGE,
        )
        values.refuse()
        return asked

    def values(self, request: Request) -> Values:
        """What the request gives, for addresses that ask for something else than slots.

        Raises:
            Problem: a parameter is unknown, or twice there.
        """
        return Values(self._given(request.scope["query_string"]))

    def _given(self, query: bytes) -> dict[str, list[str]]:
        given: dict[str, list[str]] = {}
        faults = []
        for name, value in parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True):
            known = self._by_name.get(name)
            if known is None:
                faults.append(Fault(name, unknown_name(name, list(self._by_name))))
            elif name in given and not known.repeated:
                faults.append(Fault(name, f"{name} may be given once only."))
            else:
                given.setdefault(name, []).append(value)
        if faults:
            raise Problem.of_faults(faults)
        return given


def unknown_name(name: str, valid: Sequence[str]) -> str:
    """Refuses a name, with the nearest valid ones."""
    close = difflib.get_close_matches(name, valid, n=2, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(valid)}."
    return f"There is no {name[:60]!r} here. {hint}"


RELATED = QueryString(_COMMON)
POPULAR = QueryString((*_COMMON, WINDOW))
SLOTS = QueryString((*(one for one in _COMMON if one is not OFFSET), WINDOW, SLOT))
NONE = QueryString(())
