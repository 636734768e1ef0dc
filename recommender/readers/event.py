"""What a reader did, and what may keep it from counting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias, get_args

from recommender.errors import InputError

EventType: TypeAlias = Literal["impression", "view", "click", "read_time"]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)

Aside: TypeAlias = Literal[
    "bot", "prefetch", "own_address", "no_impression", "not_shown", "too_many", "repeat"
]
ASIDES: tuple[Aside, ...] = get_args(Aside)
"""Why an event does not count: of several reasons the first of these; their numbers are kept, so
new ones come last."""

WHY: Mapping[Aside, str] = {
    "bot": "the user agent is that of a bot",
    "prefetch": "the browser fetched it ahead, nobody looked",
    "own_address": "it came from an address of the editors",
    "no_impression": "the click names an impression that is not known",
    "not_shown": "the click's impression did not show the article",
    "too_many": "the reader did more in an hour than people do",
    "repeat": "the same reader did the same to the same article within events.repeat_minutes",
}

MAX_SECONDS: Final = 86_400
"""Of one read time."""
MAX_POSITION: Final = 100_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Trial:
    """What an impression was part of, as the answer that it shows said.

    Attributes:
        experiment: its name.
        arm: of the reader.
        teams: of each place the pipeline that put an article there, "" where that says nothing;
            none where the list is of one pipeline.
    """

    experiment: str
    arm: str
    teams: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Event:
    """What one reader did at one moment; not to be changed.

    Attributes:
        type: an impression shows articles, a view opens one, a click follows a recommendation,
            read_time says how long an article was read.
        article_id: which article; of an impression that lists what it showed, the page's own
            or "".
        reader: who, under whatever name the publisher has for them; "" where unknown.
        at: when, aware.
        id: two events of one id are one event; "" where the publisher has none.
        impression_id: of an impression its name, of a click the impression it belongs to; "" where
            there is none.
        shown: articles of an impression, in their order; none where it is `article_id` alone.
        position: where the article stood, from 1.
        seconds: how long it was read.
        aside: why it does not count, where that was known when it came.
        trial: of an impression, the experiment that it was part of; None where there was none.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    type: EventType
    article_id: str
    reader: str = ""
    at: datetime
    id: str = ""
    impression_id: str = ""
    shown: tuple[str, ...] = ()
    position: int | None = None
    seconds: float | None = None
    aside: Aside | None = None
    trial: Trial | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise InputError(f"An event's time needs a zone; {self.at.isoformat()} has none.")


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of events that were given to the log; they are on disk.

    Attributes:
        kept: those that count.
        known: those whose id was there already; they are not kept twice.
        aside: those that are kept and do not count, by the reason.
    """

    kept: int = 0
    known: int = 0
    aside: Mapping[Aside, int] = field(default_factory=dict)

    def __add__(self, other: "Appended") -> "Appended":
        """Of both together."""
        aside = dict(self.aside)
        for reason, count in other.aside.items():
            aside[reason] = aside.get(reason, 0) + count
        return Appended(self.kept + other.kept, self.known + other.known, aside)


def microseconds(time: datetime) -> int:
    """Since 1970 in UTC."""
    return (time - _EPOCH) // _MICROSECOND


def moment(microseconds_since_1970: int) -> datetime:
    """The time that `microseconds` was given."""
    return _EPOCH + microseconds_since_1970 * _MICROSECOND
