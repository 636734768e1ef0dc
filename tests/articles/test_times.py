from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles.times import EARLIEST, LATEST, parse_time

NOON = datetime(2024, 5, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-31T12:00:00Z",
        "2024-05-31 14:00:00+02:00",
        "2024-05-31T14:00:00 +0200",
        "2024-05-31 12:00:00 UTC",
        "20240531T120000Z",
        "2024/5/31 12:00",
        "Fri, 31 May 2024 08:00:00 -0400",
        "31 May 2024 12:00:00 GMT",
        "1717156800",
        1717156800,
        1717156800.0,
        1717156800000,
        1717156800000000,
    ],
)
def test_every_spelling_of_one_moment(value: str | float) -> None:
    assert parse_time(value) == NOON
    assert parse_time(value).tzinfo == UTC


def test_a_date_is_its_midnight() -> None:
    assert parse_time("2023-01-16") == datetime(2023, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        *("", "yesterday", "2024-02-30", "31.05.2024", "05/31/2024", "0001-01-01", "3024-01-01"),
        *("0001-01-01T00:00:00+23:59", "Mon, 99 Foo 2024 10:00:00", "99999999999999999999"),
        *(0, -5, 2024, 20240531, 1e300, float("inf"), float("nan"), 10**400),
    ],
)
def test_nonsense_is_refused(value: str | float) -> None:
    with pytest.raises(ValueError, match=r"^(it is|the year)"):
        parse_time(value)


@given(st.text(max_size=40) | st.floats() | st.integers())
def test_anything_is_a_plausible_time_or_a_value_error(value: str | float) -> None:
    try:
        time = parse_time(value)
    except ValueError:
        return
    assert EARLIEST <= time < LATEST
    assert time.utcoffset() == timedelta(0)


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1700, 1, 1), datetime(2099, 12, 30), timezones=ZONES))  # noqa: DTZ001 - the library asks for naive bounds
def test_iso_times_keep_their_moment(moment: datetime) -> None:
    assert parse_time(moment.isoformat()) == moment
