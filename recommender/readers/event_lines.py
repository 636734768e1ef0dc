"""Events out of JSON Lines, as publishers and test collections write them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import orjson

from recommender.articles.times import parse_time
from recommender.readers.events import Event, EventLog, EventType

_READERS = ("reader", "reader_id", "user_id", "session_id")
_TIMES = ("at", "timestamp")
_TYPES: dict[str, EventType] = {"view": "view", "click": "click"}
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class EventReject:
    """A line that is no event.

    Attributes:
        line: its number, from 1.
        reason: what is wrong with it, and what was expected.
    """

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ShownOnly:
    """A line that says an article was shown: it is no sign of interest, and is not kept.

    Attributes:
        line: its number, from 1.
    """

    line: int


@dataclass(frozen=True, slots=True)
class ImportedEvents:
    """What became of the lines that were not empty.

    Attributes:
        added: events that were kept.
        impressions: lines that only say that something was shown.
        rejected: lines that are no event.
    """

    added: int
    impressions: int
    rejected: int


def read_events(lines: Iterable[str | bytes]) -> Iterator[Event | ShownOnly | EventReject]:
    """Reads one JSON object a line: `type`, `article_id`, a reader and a time.

    The reader is the first of `reader`, `reader_id`, `user_id` and `session_id` that says
    something, else unknown; the time is `at` or `timestamp`, UTC where it names no zone. Empty
    lines count but yield nothing.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _event(line, number)
        except ValueError as error:
            yield EventReject(number, str(error))


def import_events(
    log: EventLog, lines: Iterable[str | bytes], *, on_reject: Callable[[EventReject], None]
) -> ImportedEvents:
    """Appends the events among the lines, in batches that are each kept as a whole."""
    added = impressions = rejected = 0
    batch: list[Event] = []
    for item in read_events(lines):
        match item:
            case Event():
                batch.append(item)
                if len(batch) == _BATCH:
                    added += log.append(batch)
                    batch.clear()
            case ShownOnly():
                impressions += 1
            case EventReject():
                rejected += 1
                on_reject(item)
    added += log.append(batch)
    return ImportedEvents(added, impressions, rejected)


def _event(line: str | bytes, number: int) -> Event | ShownOnly:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(record, dict):
        raise ValueError(f"expected a JSON object, came {_shown(record)}")  # noqa: TRY004 - of the line
    kind = record.get("type")
    if kind == "impression":
        return ShownOnly(number)
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ValueError(f"type: expected view, click or impression, came {_shown(kind)}")
    article_id = _name(record.get("article_id"))
    if not article_id:
        raise ValueError("article_id: expected an article's id, came none")
    reader = next((name for field in _READERS if (name := _name(record.get(field)))), "")
    time = next((value for field in _TIMES if (value := record.get(field)) is not None), None)
    if not isinstance(time, str | int | float) or isinstance(time, bool):
        raise ValueError(  # noqa: TRY004 - the line is wrong, not a caller's argument
            f"at: expected a time such as 2024-05-01T12:00:00Z, came {_shown(time)}"
        )
    try:
        at = parse_time(time)
    except ValueError as error:
        raise ValueError(f"at: {_shown(time)}: {error}") from None
    return Event(type=_TYPES[kind], article_id=article_id, reader=reader, at=at)


def _name(value: object) -> str:
    """An id as text; publishers write numbers too."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def _shown(value: object) -> str:
    """As JSON, short enough for a message."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - a line's worth
