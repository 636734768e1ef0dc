"""Points in time as publishers write them."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

EARLIEST = datetime(1600, 1, 1, tzinfo=UTC)  # the first newspapers appeared in 1605
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SMALLEST_STAMP = 1e8  # March 1973: anything below is a year, a counter or "unknown"
_MILLISECONDS = 1e11  # as seconds this would be the year 5138
_MICROSECONDS = 1e14
_LARGEST_STAMP = 1e16  # microseconds in the year 2286

_NUMBER = re.compile(r"\d{9,17}(?:\.\d+)?")
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?!\d)")
_LOOSE_ZONE = re.compile(r"\s+(?:UTC|GMT)$|\s+(?=[+-]\d\d:?\d\d$)")


class TooLateError(ValueError):
    """A time that is not before `LATEST`."""


def parse_time(value: str | float) -> datetime:
    """An aware UTC time of ISO 8601, RFC 2822 or a unix time in seconds, milli- or microseconds.

    A time without a zone is taken as UTC, a date as its midnight.

    Raises:
        ValueError: not a time, or one that no article can have; the message says which.
        TooLateError: such a time because it is too late.
    """
    if not isinstance(value, str):
        return _of_number(value)
    text = value.strip()
    try:
        time = datetime.fromisoformat(text)  # the common case first
    except ValueError:
        if _NUMBER.fullmatch(text):
            return _of_number(float(text))
        time = _of_odd_text(text)
    return _checked(time)


def parse_expiry(value: str | float) -> datetime | None:
    """As `parse_time`; None of the year 9999 and the like, by which systems mean never."""
    try:
        return parse_time(value)
    except TooLateError:
        return None


def _of_number(number: float) -> datetime:
    if not _SMALLEST_STAMP <= number < _LARGEST_STAMP:  # false of NaN too
        raise ValueError("it is out of the range that unix times of articles have")
    scale = 1.0 if number < _MILLISECONDS else 1e3 if number < _MICROSECONDS else 1e6
    return _checked(_EPOCH + timedelta(seconds=number / scale))


def _of_odd_text(text: str) -> datetime:
    loose = _LOOSE_ZONE.sub(lambda m: "Z" if m[0].strip() else "", text)
    slashed = _SLASHED.match(loose)
    if slashed:
        year, month, day = slashed.groups()
        loose = f"{year}-{month:0>2}-{day:0>2}{loose[slashed.end() :]}"
    try:
        return datetime.fromisoformat(loose)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise ValueError("it is no time that I can read") from None


def _checked(time: datetime) -> datetime:
    aware = time.replace(tzinfo=UTC) if time.tzinfo is None else time
    # compared before conversion: the year 1 in Tokyo has no UTC
    if not EARLIEST <= aware < LATEST:
        refused = ValueError if aware < EARLIEST else TooLateError
        raise refused(f"the year {time.year} is none that an article can have")
    return aware.astimezone(UTC)
