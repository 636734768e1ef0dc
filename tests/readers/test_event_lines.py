import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recommender.readers.event_lines import (
    EventReject,
    ImportedEvents,
    ShownOnly,
    import_events,
    read_events,
)
from recommender.readers.events import Event, EventLog

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MIND = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "mind" / "events.jsonl.gz"


def line(**changes: object) -> str:
    record = {"type": "view", "article_id": "a", "at": "2024-05-01T12:00:00Z"} | changes
    return json.dumps({name: value for name, value in record.items() if value is not None})


@pytest.mark.parametrize("field", ["reader", "user_id", "reader_id", "session_id"])
def test_a_reader_goes_by_many_names(field: str) -> None:
    assert list(read_events([line(**{field: " r-1 "})])) == [
        Event(type="view", article_id="a", reader="r-1", at=NOON)
    ]


def test_a_user_is_a_better_reader_than_a_session() -> None:
    (both,) = read_events([line(session_id="s", user_id="u")])
    (anonymous,) = read_events([line(session_id="s", user_id="")])
    assert isinstance(both, Event)
    assert isinstance(anonymous, Event)
    assert (both.reader, anonymous.reader) == ("u", "s")


@pytest.mark.parametrize(
    "time",
    [
        "2024-05-01T12:00:00Z",
        "2024-05-01T14:00:00+02:00",
        "2024-05-01 12:00:00",
        1714564800,
        1714564800.0,
        1714564800000,
    ],
)
def test_a_time_comes_in_many_forms(time: object) -> None:
    expected = [Event(type="click", article_id="7", at=NOON)]
    assert list(read_events([line(type="click", article_id=7, at=time)])) == expected
    assert (
        list(read_events([line(type="click", article_id=7, at=None, timestamp=time)])) == expected
    )


def test_a_bad_line_is_rejected_with_its_number_and_the_rest_goes_on() -> None:
    lines: list[str | bytes] = [
        line(),
        "",
        "{broken",
        b"\xff\xfe",
        "[1]",
        line(type="purchase"),
        line(type=["view"]),
        line(article_id=" "),
        line(at=None),
        line(at=True),
        line(at="yesterday"),
        line(type="impression", at=None),
        line().encode() + b"\r\n",
    ]
    items = list(read_events(lines))
    assert [type(item) for item in items] == [Event, *[EventReject] * 9, ShownOnly, Event]
    rejects = [item for item in items if isinstance(item, EventReject)]
    assert [reject.line for reject in rejects] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    for reject, word in zip(
        rejects,
        ["JSON", "JSON", "object", "type", "type", "article_id", "at", "at", "yesterday"],
        strict=True,
    ):
        assert word in reject.reason


def test_importing_appends_and_counts(tmp_path: Path) -> None:
    rejects: list[EventReject] = []
    lines = [line(reader=str(number)) for number in range(6_000)]
    lines += [line(type="impression"), "nonsense"]
    with EventLog.open(tmp_path / "events.sqlite") as log:
        done = import_events(log, lines, on_reject=rejects.append)
        assert done == ImportedEvents(added=6_000, impressions=1, rejected=1)
        assert len(log) == 6_000
    assert [reject.line for reject in rejects] == [6_002]


@pytest.mark.skipif(not MIND.exists(), reason="needs the mind set of the shared data folder")
def test_the_log_of_a_real_publisher(tmp_path: Path) -> None:
    rejects: list[EventReject] = []
    with (
        EventLog.open(tmp_path / "events.sqlite") as log,
        gzip.open(MIND, "rb") as lines,
    ):
        done = import_events(log, lines, on_reject=rejects.append)
        assert rejects == []
        assert done.added == len(log) > 1_000
        assert done.impressions > done.added
        span = log.span()
        assert span is not None
        assert span[0] >= datetime(2019, 11, 9, tzinfo=UTC)
        assert span[1] < datetime(2019, 11, 13, tzinfo=UTC)
