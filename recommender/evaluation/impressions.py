"""What was shown and what of it was clicked: a log, read line by line in the order of time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from recommender.articles.times import parse_time
from recommender.articles.values import id_value, shortened
from recommender.errors import InputError, SourceError
from recommender.evaluation.lines import numbered_lines

MOST_SHOWN = 1000
"""Articles of one list; what is longer is no list that anybody was shown."""


@dataclass(frozen=True, slots=True)
class LoggedImpression:
    """One list of recommendations that somebody was shown.

    Attributes:
        at: when, aware.
        shown: n distinct article ids.
        clicked: some of them, distinct; none where nothing was clicked.
        read: distinct articles that this reader had read before.
        places: n numbers from 0, where each stood; None where the log does not say.
    """

    at: datetime
    shown: tuple[str, ...]
    clicked: tuple[str, ...]
    read: tuple[str, ...]
    places: tuple[int, ...] | None

    @property
    def undecided(self) -> bool:
        """Whether all or none were clicked, which no order can foresee better than another."""
        return len(self.clicked) in {0, len(self.shown)}


def read_impressions(path: Path) -> Iterator[LoggedImpression]:
    """Reads JSON Lines, plain or gzip, in the memory of one line; empty lines are nothing.

    A line is `{"timestamp": "2019-11-09T00:01:13Z", "shown": ["a", "b", "c"], "clicked": ["b"]}`,
    with `history` (articles that this reader had read before) and `positions` (from 1, one for
    each shown) where they are known; `at` may stand for `timestamp`. Other fields are passed over.

    Raises:
        SourceError: while iterating; absent, cut short, empty, not in the order of time, or a line
            that is no such thing, with its number and what was expected.
    """
    before: datetime | None = None
    for number, line in numbered_lines(path):
        try:
            found = impression_of(record_of(line))
            if before is not None and found.at < before:
                raise InputError(  # noqa: TRY301 - told as any other fault of the line is
                    f"expected lines in the order of time, got {found.at.isoformat()} after "
                    f"{before.isoformat()}. Sort the file by timestamp."
                )
        except InputError as error:
            raise SourceError(f"{path}, line {number}: {error}") from None
        before = found.at
        yield found
    if before is None:
        raise SourceError(
            f"{path} is empty; expected a JSON object a line, with timestamp, shown and clicked."
        )


def record_of(line: str) -> Mapping[str, object]:
    """The JSON object that a line of a log is.

    Raises:
        InputError: it is none; says what came.
    """
    try:
        record: object = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(
            f"expected one JSON object on the line: {error.msg} at column {error.colno}."
        ) from None
    if not isinstance(record, dict):
        raise InputError(
            f"expected a JSON object with timestamp, shown and clicked, got {shortened(record)}."
        )
    return record


def impression_of(record: Mapping[str, object]) -> LoggedImpression:
    """The list that a record tells of; fields that it does not know are passed over.

    Raises:
        InputError: it tells of none; says what was expected.
    """
    at = _time(record.get("timestamp", record.get("at")))
    shown = _ids("shown", record.get("shown"))
    if not 0 < len(shown) <= MOST_SHOWN:
        raise InputError(f"shown: expected 1 to {MOST_SHOWN:,} article ids, got {len(shown):,}.")
    if len(set(shown)) < len(shown):
        raise InputError("shown: expected each article once, got one twice.")
    clicked = _ids("clicked", record.get("clicked"))
    strangers = set(clicked).difference(shown)
    if strangers:
        raise InputError(
            f"clicked: expected only articles that were shown, got {shortened(min(strangers))}."
        )
    history = record.get("history")
    return LoggedImpression(
        at,
        shown,
        tuple(dict.fromkeys(clicked)),
        () if history is None else tuple(dict.fromkeys(_ids("history", history))),
        _places(record.get("positions"), len(shown)),
    )


def _time(value: object) -> datetime:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(
            f"timestamp: expected a time such as 2019-11-09T00:01:13Z, got {shortened(value)}."
        )
    try:
        return parse_time(value)
    except ValueError as error:
        raise InputError(f"timestamp: {shortened(value)}: {error}.") from None


def _ids(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        came = "none" if value is None else shortened(value)
        raise InputError(f"{name}: expected a list of article ids, got {came}.")
    found = tuple(id_value(name, one) for one in value)
    if not all(found):
        raise InputError(f"{name}: expected article ids, got an empty one.")
    return found


def _places(value: object, count: int) -> tuple[int, ...] | None:
    if value is None:
        return None
    if not (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(one, int) and 1 <= one <= MOST_SHOWN for one in value)
        and len(set(value)) == count
    ):
        raise InputError(
            f"positions: expected {count} distinct whole numbers from 1 to {MOST_SHOWN:,}, one "
            f"for each shown, got {shortened(value)}."
        )
    return tuple(one - 1 for one in value)
