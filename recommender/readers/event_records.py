"""Events out of records, as publishers and test collections write them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import orjson

from recommender.articles.times import parse_time
from recommender.readers.circumstances import Network, aside_of
from recommender.readers.event import (
    EVENT_TYPES,
    MAX_POSITION,
    MAX_SECONDS,
    Aside,
    Event,
    EventType,
    Trial,
)

_READERS: Final = ("reader", "reader_id", "user_id", "session_id")
_TIMES: Final = ("at", "timestamp")
_IDS: Final = ("id", "event_id")
_TYPES: Final[Mapping[str, EventType]] = {one: one for one in EVENT_TYPES}
_OR_TYPES: Final = f"{', '.join(EVENT_TYPES[:-1])} or {EVENT_TYPES[-1]}"
MAX_NAME: Final = 200
"""Characters of the name of an experiment, an arm or a team."""
_YES: Final = frozenset({"1", "true", "yes"})

FIELDS: Final = frozenset(
    {
        *("type", "article_id", *_READERS, *_TIMES, *_IDS, "impression_id", "shown", "position"),
        *("seconds", "user_agent", "prefetch", "address", "experiment", "arm", "teams"),
    }
)
"""All that `event_of` looks at."""


def event_of(record: Mapping[str, object], *, own: Sequence[Network] = ()) -> Event:
    """The event that a record tells of; fields that it does not know are passed over.

    The reader is the first of `reader`, `reader_id`, `user_id` and `session_id` that says
    something, else unknown; the time is `at` or `timestamp`, UTC where it names no zone; the id is
    `id` or `event_id`. `user_agent`, `prefetch` and `address` decide whether it counts, and are
    not kept. A column of text may hold numbers, and the ids of `shown` as a JSON list or with
    spaces between them. `experiment` is an object with name, arm and teams, also as JSON, or a
    name with columns `arm` and `teams` beside it.

    Raises:
        ValueError: it is none; says what was expected and what came.
    """
    kind = record.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ValueError(f"type: expected {_OR_TYPES}, came {_shown(kind)}")
    shown = _ids(record.get("shown")) if kind == "impression" else ()
    article_id = _name(record.get("article_id"))
    if not article_id and not shown:
        raise ValueError("article_id: expected an article's id, came none")
    seconds = _number(record, "seconds", 0, MAX_SECONDS)
    if kind == "read_time" and seconds is None:
        raise ValueError("seconds: expected how long it was read, came none")
    position = _number(record, "position", 1, MAX_POSITION)
    return Event(
        type=_TYPES[kind],
        article_id=article_id,
        reader=_first_name(record, _READERS),
        at=_time(record),
        id=_first_name(record, _IDS),
        impression_id=_name(record.get("impression_id")),
        shown=shown,
        position=None if position is None else int(position),
        seconds=seconds,
        aside=_aside(record, own),
        trial=_trial(record, len(shown)) if kind == "impression" else None,
    )


def trial_of(record: Mapping[str, object], places: int) -> Trial | None:
    """The experiment of an impression out of `name`, `arm` and, where interleaved, `teams`.

    Args:
        record: None and "" mean: nothing there.
        places: articles that the impression showed.

    Raises:
        ValueError: it says less, or other things; tells what was expected.
    """
    name, arm, teams = record.get("name"), record.get("arm"), record.get("teams")
    if not name and not arm and not teams:
        return None
    if not all(isinstance(one, str) and 0 < len(one) <= MAX_NAME for one in (name, arm)):
        raise ValueError(
            f"experiment: expected a name and an arm of 1 to {MAX_NAME} characters, as "
            f"meta.experiment has them, came {_shown(name)} and {_shown(arm)}"
        )
    if not teams:
        return Trial(str(name), str(arm))
    if not isinstance(teams, list) or len(teams) != places:
        raise ValueError(f"teams: expected one for each of {places} shown, came {_shown(teams)}")
    if not all(isinstance(one, str) and len(one) <= MAX_NAME for one in teams):
        raise ValueError(f"teams: expected names of pipelines, came {_shown(teams)}")
    return Trial(str(name), str(arm), tuple(teams))


def _trial(record: Mapping[str, object], places: int) -> Trial | None:
    told = _parsed("experiment", record.get("experiment"), "{")
    if isinstance(told, dict):
        return trial_of(told, places)
    arm = record.get("arm")
    if not told or not arm:  # a column of another meaning
        return None
    teams = _parsed("teams", record.get("teams"), "[")
    return trial_of({"name": told, "arm": arm, "teams": teams}, places)


def _parsed(field: str, value: object, begins: str) -> object:
    """What stands there, JSON in a column of text too."""
    if not isinstance(value, str) or not value.startswith(begins):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{field}: {_shown(value)} is no JSON: {error}") from None


def _aside(record: Mapping[str, object], own: Sequence[Network]) -> Aside | None:
    prefetch = record.get("prefetch")
    return aside_of(
        user_agent=_name(record.get("user_agent")),
        prefetch=prefetch is True or _name(prefetch).lower() in _YES,
        address=_name(record.get("address")),
        own=own,
    )


def _time(record: Mapping[str, object]) -> datetime:
    value = next((found for one in _TIMES if (found := record.get(one)) not in (None, "")), None)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError(  # noqa: TRY004 - the record is wrong, not a caller's argument
            f"at: expected a time such as 2024-05-01T12:00:00Z, came {_shown(value)}"
        )
    try:
        return parse_time(value)
    except ValueError as error:
        raise ValueError(f"at: {_shown(value)}: {error}") from None


def _first_name(record: Mapping[str, object], fields: Sequence[str]) -> str:
    return next((name for field in fields if (name := _name(record.get(field)))), "")


def _name(value: object) -> str:
    """An id as text; publishers write numbers too."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # whole numbers of a column with gaps in it
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def _ids(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        try:
            value = orjson.loads(value) if value.startswith("[") else value.split()
        except orjson.JSONDecodeError as error:
            raise ValueError(f"shown: {_shown(value)} is no JSON: {error}") from None
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError(f"shown: expected a list of ids, came {_shown(value)}")  # noqa: TRY004 - of the record
    names = tuple(_name(one) for one in value)
    if not all(names):
        raise ValueError(f"shown: expected ids of articles, came {_shown(value)}")
    return names


def _number(record: Mapping[str, object], field: str, least: int, most: int) -> float | None:
    value = record.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if least <= number <= most:  # false of NaN too
            return number
    raise ValueError(f"{field}: expected a number from {least} to {most:,}, came {_shown(value)}")


def _shown(value: object) -> str:
    """As JSON, short enough for a message."""
    text = orjson.dumps(value, default=str).decode()
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - a line's worth
