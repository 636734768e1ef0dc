"""Events out of request bodies: checked by hand, a thousand in a few milliseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recommender.api.problems import Fault, Problem, unknown_name
from recommender.articles.times import parse_time
from recommender.readers.circumstances import is_bot
from recommender.readers.event import (
    EVENT_TYPES,
    MAX_POSITION,
    MAX_SECONDS,
    Aside,
    Event,
    EventType,
    Trial,
)
from recommender.readers.event_records import trial_of

MAX_EVENTS: Final = 1_000
MAX_SHOWN: Final = 1_000
MAX_ID: Final = 512

FIELDS: Final = (
    "id",
    "type",
    "article_id",
    "reader",
    "at",
    "impression_id",
    "shown",
    "position",
    "seconds",
    "user_agent",
    "prefetch",
    "experiment",
)
_KNOWN = frozenset(FIELDS)
_TYPES: Mapping[str, EventType] = {one: one for one in EVENT_TYPES}
_OR_TYPES = f"{', '.join(EVENT_TYPES[:-1])} or {EVENT_TYPES[-1]}"
_FAULTS_TOLD = 20


@dataclass(frozen=True, slots=True)
class Arrival:
    """How the events of a request came.

    Attributes:
        now: when; what claims to be later is of now.
        oldest: what is older is refused.
        bot: whether it was a bot that sent it; an event may name another sender.
        aside: why else none of them counts; None where they do.
    """

    now: datetime
    oldest: datetime
    bot: bool = False
    aside: Aside | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What a body holds.

    Attributes:
        events: to be kept, in their order.
        refused: those that are too old: where in the body, and why.
    """

    events: list[Event]
    refused: list[Fault]


class _Wrong(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.detail = detail


def read_events(raw: object, arrival: Arrival) -> Read:
    """The events of a body, which is one of them or a list.

    Raises:
        Problem: it is no event, or one of them is none (422).
    """
    many = isinstance(raw, list)
    if isinstance(raw, list):
        if not 1 <= len(raw) <= MAX_EVENTS:
            detail = f"The body: expected 1 to {MAX_EVENTS:,} events, got {len(raw):,}."
            raise Problem.of_faults([Fault("", detail)])
        given: Sequence[object] = raw
    else:
        given = (raw,)
    read = Read([], [])
    faults: list[Fault] = []
    for number, one in enumerate(given):
        try:
            event = _event(one, arrival)
        except _Wrong as wrong:
            field = f"/{wrong.field}" if wrong.field else ""
            place = f"/{number}{field}" if many else field
            faults.append(Fault(place, f"{place or 'The body'}: {wrong.detail}"))
            if len(faults) == _FAULTS_TOLD:
                break
            continue
        if event.at < arrival.oldest:
            place = f"/{number}" if many else ""
            detail = (
                f"{event.at.isoformat()} is older than the events that are kept, "
                f"those since {arrival.oldest.isoformat(timespec='seconds')}."
            )
            read.refused.append(Fault(place, detail))
        else:
            read.events.append(event)
    if faults:
        raise Problem.of_faults(faults)
    return read


def _event(raw: object, arrival: Arrival) -> Event:
    if not isinstance(raw, dict):
        raise _Wrong("", f"expected an event as an object, got {_shown(raw)}.")
    if not raw.keys() <= _KNOWN:
        name = next(name for name in raw if name not in _KNOWN)
        if "type" not in raw and isinstance(raw[name], list):
            raise _Wrong("", f"expected one event, or a list of events, not {name!r} around it.")
        raise _Wrong(name.replace("~", "~0").replace("/", "~1"), unknown_name(name, FIELDS))
    get = raw.get
    named = get("type")
    kind = _TYPES.get(named) if isinstance(named, str) else None
    if kind is None:
        raise _Wrong("type", f"expected {_OR_TYPES}, got {_shown(named)}.")
    shown = () if (listed := get("shown")) is None else _ids(listed, kind)
    article_id = "" if shown and get("article_id") is None else _id(raw, "article_id", least=1)
    at = arrival.now if (time := get("at")) is None else min(_time(time), arrival.now)
    return Event(
        type=kind,
        article_id=article_id,
        reader=_id(raw, "reader") if "reader" in raw else "",
        at=at,
        id=_id(raw, "id") if "id" in raw else "",
        impression_id=_id(raw, "impression_id") if "impression_id" in raw else "",
        shown=shown,
        position=_position(raw) if "position" in raw else None,
        seconds=_seconds(raw, kind),
        aside=_aside(raw, arrival),
        trial=_trial(raw, kind, shown) if "experiment" in raw else None,
    )


def _id(raw: Mapping[str, object], field: str, *, least: int = 0) -> str:
    value = raw.get(field)
    if isinstance(value, str):
        if least <= len(value) <= MAX_ID:
            return value
    elif isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    elif value is None and not least:
        return ""
    raise _Wrong(field, f"expected a text of {least} to {MAX_ID} characters, got {_shown(value)}.")


def _ids(listed: object, kind: EventType) -> tuple[str, ...]:
    if kind != "impression":
        raise _Wrong("shown", f"expected it of an impression only, not of a {kind}.")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_SHOWN:
        raise _Wrong("shown", f"expected a list of 1 to {MAX_SHOWN:,} ids, got {_shown(listed)}.")
    if all(isinstance(one, str) and 0 < len(one) <= MAX_ID for one in listed):
        return tuple(listed)
    return tuple(_id({"shown": one}, "shown", least=1) for one in listed)


def _time(value: object) -> datetime:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return parse_time(value)
        except ValueError as error:
            raise _Wrong("at", f"{error}, got {_shown(value)}.") from None
    raise _Wrong("at", f"expected a time such as 2026-01-31T12:00:00Z, got {_shown(value)}.")


def _position(raw: Mapping[str, object]) -> int | None:
    value = raw["position"]
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_POSITION:
        return value
    raise _Wrong("position", f"expected a whole number from 1, got {_shown(value)}.")


def _seconds(raw: Mapping[str, object], kind: EventType) -> float | None:
    value = raw.get("seconds")
    if value is None:
        if kind == "read_time":
            raise _Wrong("seconds", "expected how long it was read, got none.")
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, int | float) and number and 0 <= value <= MAX_SECONDS:
        return float(value)
    raise _Wrong("seconds", f"expected a number from 0 to {MAX_SECONDS:,}, got {_shown(value)}.")


def _trial(raw: Mapping[str, object], kind: EventType, shown: Sequence[str]) -> Trial | None:
    value = raw["experiment"]
    if value is None:
        return None
    if kind != "impression":
        raise _Wrong("experiment", f"expected it of an impression only, not of a {kind}.")
    if not isinstance(value, dict):
        raise _Wrong("experiment", f"expected meta.experiment as it came, got {_shown(value)}.")
    try:
        return trial_of(value, len(shown))
    except ValueError as error:
        raise _Wrong("experiment", f"{error}.") from None


def _aside(raw: Mapping[str, object], arrival: Arrival) -> Aside | None:
    bot = is_bot(_agent(raw["user_agent"])) if "user_agent" in raw else arrival.bot
    prefetch = raw.get("prefetch")
    if prefetch is not None and not isinstance(prefetch, bool):
        raise _Wrong("prefetch", f"expected true or false, got {_shown(prefetch)}.")
    if bot:
        return "bot"
    return "prefetch" if prefetch else arrival.aside


def _agent(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise _Wrong("user_agent", f"expected a text, got {_shown(value)}.")


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return f"a {type(value).__name__}"
    return "none" if value is None else repr(value)[:60]
