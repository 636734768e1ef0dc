from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recommender.readers.event import Event
from recommender.readers.events import EventLog
from recommender.readers.hourly import hourly
from tests.readers.made_up_events import HOUR, MINUTE, NOON, clicked, happened, shown

TWELVE = int(NOON.timestamp()) // 3600


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "events.sqlite") as opened:
        yield opened


def test_each_hour_has_its_own_counts(log: EventLog) -> None:
    log.append(
        [
            happened("z", HOUR, "ann"),
            happened("b", HOUR, "ann"),
            happened("b", HOUR + MINUTE, aside="bot"),
            shown("i", "z", "b", ago=HOUR),
            shown("j", "b"),
            clicked("b", "j", "ann"),
            Event(type="read_time", article_id="z", at=NOON, seconds=90),
            Event(type="read_time", article_id="z", at=NOON, seconds=30),
            happened("old", 3 * HOUR),
        ]
    )
    found = hourly(log, since=NOON - HOUR - 59 * MINUTE, until=NOON)
    rows = zip(
        [found.article_ids[one] for one in found.article],
        (found.hour - TWELVE).tolist(),
        found.views.tolist(),
        found.clicks.tolist(),
        found.shown.tolist(),
        strict=True,
    )
    assert found.article_ids == ("b", "z")
    assert sorted(rows) == [
        ("b", -1, 1, 0, 1),
        ("b", 0, 0, 1, 1),
        ("z", -1, 1, 0, 1),
        ("z", 0, 0, 0, 0),  # read times alone
    ]


def test_an_empty_log_has_no_hours(log: EventLog) -> None:
    found = hourly(log, since=datetime(2000, 1, 1, tzinfo=UTC), until=NOON)
    assert found.article_ids == ()
    assert found.views.shape == found.shown.shape == (0,)
