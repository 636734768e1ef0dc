"""Query strings: the parameters that each address takes, read out of a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from recommender.api.parameters import (
    AT,
    BY,
    EXCLUDE,
    EXPLAIN,
    HALF_LIFE,
    LANGUAGE,
    LIMIT,
    MAX_AGE,
    MAX_IDS,
    OFFSET,
    PIPELINE,
    PUBLISHED_AFTER,
    PUBLISHED_BEFORE,
    READER,
    SAME_SECTION,
    SECTION,
    SEEN,
    SHOWN,
    SLOT,
    TAG,
    WINDOW,
    Parameter,
)
from recommender.api.problems import Fault, Problem, unknown_name
from recommender.pages import DEFAULT_PIPELINE, PAGE
from recommender.slots.slot import Filters, PopularBy, SlotName

T = TypeVar("T")
Default = TypeVar("Default")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query string asks for; see `Recommender.related` and `Recommender.popular`.

    Attributes:
        explain: tell every signal and its weight, not only those that contributed.
        slots: those of a page, in the order in which they choose.
        by: what popular means.
        reader: who may be part of an experiment; "" where unknown, or a pipeline was named.
    """

    limit: int | None = None
    offset: int = 0
    filters: Filters = Filters()  # noqa: RUF009 - frozen, so one may serve all
    seen: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    at: datetime | None = None
    window: timedelta | None = None
    half_life: timedelta | None = None
    explain: bool = False
    pipeline: str = DEFAULT_PIPELINE
    slots: tuple[SlotName, ...] = PAGE
    by: PopularBy = "most_read"
    reader: str = ""

    @property
    def personal(self) -> bool:
        """Whether the answer is for one reader."""
        return bool(self.seen or self.reader)


NOTHING_SPECIAL = Asked()


_COMMON: tuple[Parameter[Any], ...] = (
    LIMIT,
    OFFSET,
    SECTION,
    LANGUAGE,
    TAG,
    PUBLISHED_AFTER,
    PUBLISHED_BEFORE,
    MAX_AGE,
    EXCLUDE,
    SEEN,
    SHOWN,
    AT,
    EXPLAIN,
    PIPELINE,
    READER,
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

    def needed(self, parameter: Parameter[str]) -> str:
        """Its value; "" and a fault where it was not given or cannot be converted."""
        name = parameter.name
        if name not in self._given:
            told = (
                f"Expected {name} as a parameter of the query string, got none. "
                f"{parameter.about} Write it as ?{urlencode({name: parameter.example})}"
            )
            self.faults.append(Fault(name, told))
        return self.one(parameter, "")

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
        reader = values.one(READER, "")
        asked = Asked(
            limit=values.one(LIMIT, NOTHING_SPECIAL.limit),
            offset=values.one(OFFSET, NOTHING_SPECIAL.offset),
            filters=Filters(
                sections=values.many(SECTION),
                languages=values.many(LANGUAGE),
                published_after=values.one(PUBLISHED_AFTER, None),
                published_before=values.one(PUBLISHED_BEFORE, None),
                exclude=values.many(EXCLUDE),
                tags=values.many(TAG),
                same_section=values.one(SAME_SECTION, default=False),
                max_age=values.one(MAX_AGE, None),
            ),
            seen=values.many(SEEN),
            shown=values.many(SHOWN),
            at=values.one(AT, None),
            window=values.one(WINDOW, None),
            half_life=values.one(HALF_LIFE, None),
            explain=values.one(EXPLAIN, default=False),
            pipeline=values.one(PIPELINE, DEFAULT_PIPELINE),
            reader="" if PIPELINE.name in given else reader,
            slots=values.many(SLOT) or PAGE,
            by=values.one(BY, NOTHING_SPECIAL.by),
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


RELATED = QueryString((*_COMMON, SAME_SECTION))
POPULAR = QueryString((*_COMMON, BY, WINDOW, HALF_LIFE))
SLOTS = QueryString(
    (*(one for one in _COMMON if one is not OFFSET), SAME_SECTION, WINDOW, HALF_LIFE, SLOT)
)
NONE = QueryString(())
