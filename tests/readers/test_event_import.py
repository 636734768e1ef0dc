import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.articles.sources.reject import Reject
from recommender.errors import SourceError
from recommender.readers.circumstances import networks
from recommender.readers.event import Event
from recommender.readers.event_import import ImportedEvents, import_events
from recommender.readers.event_lines import Line, csv_rows, json_lines, parquet_rows
from recommender.readers.event_records import event_of
from recommender.readers.events import EventLog
from recommender.readers.keeping import Keeping
from tests.readers.made_up_events import DAY, NOON
from tests.real_data import DATA, needs_real_data

MIND = DATA / "mind" / "events.jsonl.gz"
LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "events.sqlite") as opened:
        yield opened


def line(**changes: object) -> str:
    record = {"type": "view", "article_id": "a", "at": "2024-05-01T12:00:00Z"} | changes
    return json.dumps({name: value for name, value in record.items() if value is not None})


def read(lines: Iterable[str | bytes]) -> Iterator[Line | Reject]:
    raw = [one.encode() if isinstance(one, str) else one for one in lines]
    return json_lines([b"\n".join(raw)], name="log")


def imported(
    log: EventLog, items: Iterable[Line | Reject], now: datetime = LATER
) -> tuple[ImportedEvents, list[Reject]]:
    rejects: list[Reject] = []
    done = import_events(
        log,
        items,
        name="log",
        now=now,
        own=networks(["192.0.2.0/24"]),
        on_reject=rejects.append,
    )
    assert done.rejected == len(rejects)
    return done, rejects


def event(**changes: object) -> Event:
    return event_of(json.loads(line(**changes)))


@pytest.mark.parametrize("field", ["reader", "user_id", "reader_id", "session_id"])
def test_a_reader_goes_by_many_names(field: str) -> None:
    assert event(**{field: " r-1 "}) == Event(type="view", article_id="a", reader="r-1", at=NOON)


def test_a_user_is_a_better_reader_than_a_session() -> None:
    assert event(session_id="s", user_id="u").reader == "u"
    assert event(session_id="s", user_id="").reader == "s"


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
    expected = Event(type="click", article_id="7", at=NOON)
    assert event(type="click", article_id=7, at=time) == expected
    assert event(type="click", article_id=7, at=None, timestamp=time) == expected


def test_the_future_is_now_and_still_the_same_event_when_it_is_read_again(log: EventLog) -> None:
    ahead = [line(at="2024-05-01T14:00:00Z")]  # of a clock that is two hours ahead
    assert imported(log, read(ahead), now=NOON)[0].kept == 1
    assert log.newest() == NOON
    assert imported(log, read(ahead), now=NOON + DAY)[0].known == 1


def test_whole_numbers_of_a_column_with_gaps_are_ids() -> None:
    assert event(article_id=7.0, reader=12.0) == event(article_id="7", reader="12")


def test_all_that_an_event_may_say() -> None:
    assert event(
        type="impression", article_id=None, shown=["a", 7], impression_id=3, event_id=9
    ) == Event(
        type="impression", article_id="", at=NOON, shown=("a", "7"), impression_id="3", id="9"
    )
    assert event(type="read_time", seconds=2.5, position=3) == Event(
        type="read_time", article_id="a", at=NOON, seconds=2.5, position=3
    )
    assert event(user_agent="curl/8.5.0").aside == "bot"
    assert event(prefetch=True).aside == event(prefetch="1").aside == "prefetch"


def test_a_bad_line_is_rejected_with_its_number_and_the_rest_goes_on(log: EventLog) -> None:
    bad: dict[int, tuple[str | bytes, str]] = {
        3: ("{broken", "JSON"),
        4: (b"\xff\xfe", "JSON"),
        5: ("[1]", "object"),
        6: (line(type="purchase"), "type"),
        7: (line(type=["view"]), "type"),
        8: (line(article_id=" "), "article_id"),
        9: (line(at=None), "at"),
        10: (line(at=True), "at"),
        11: (line(at="yesterday"), "yesterday"),
        12: (line(type="impression", shown="[1"), "shown"),
        13: (line(type="impression", shown=[None]), "shown"),
        14: (line(type="read_time"), "seconds"),
        15: (line(seconds="long"), "seconds"),
        16: (line(position=True), "position"),
        17: (line(position=1e300), "position"),
        18: (line(position=0), "position"),
        19: (line(seconds=1e308), "seconds"),
        20: (line(seconds=float("inf")), "JSON"),
    }
    lines: list[str | bytes] = [
        line(),
        "",
        *(text for text, _ in bad.values()),
        line().encode() + b"\r",
    ]
    done, rejects = imported(log, read(lines))
    assert (done.kept, done.rejected) == (2, len(bad))
    assert [one.position for one in rejects] == list(bad)
    for reject, (_, word) in zip(rejects, bad.values(), strict=True):
        assert word in reject.reason
        assert reject.source == "log"


def test_a_rejected_record_is_quoted_without_its_reader(log: EventLog) -> None:
    told = {"reader": "ann", "user_id": "u", "address": "192.0.2.1", "user_agent": "X"}
    lines = [
        line(),
        line(type="purchase", **told),
        line(at="1999-01-01", **told),
        '["ann"]',
        '{"ann',
    ]
    _, rejects = imported(log, read(lines))
    assert [one.excerpt for one in rejects] == [
        '{"type":"purchase","article_id":"a","at":"2024-05-01T12:00:00Z"}',
        '{"type":"view","article_id":"a","at":"1999-01-01"}',
        "",
        "",
    ]


def test_a_file_that_is_read_twice_is_kept_once(tmp_path: Path) -> None:
    lines = [line(reader=str(number)) for number in range(6_000)]
    lines += [line()] * 3  # three readers of whom nothing is known
    lines += [line(id="one"), line(id="one", article_id="b"), line(type="impression"), "nonsense"]
    path = tmp_path / "events.sqlite"
    with EventLog.open(path) as log:
        done, rejects = imported(log, read(lines))
        assert done == ImportedEvents(kept=6_005, known=1, rejected=1, pruned=0)
        assert [one.position for one in rejects] == [6_007]
    with EventLog.open(path) as log:
        again, _ = imported(log, read(lines))
        assert (again.kept, again.known) == (0, 6_006)
        more, _ = imported(log, read([line()] * 5))
        assert (more.kept, more.known) == (2, 3)
        assert len(log) == 6_007


def test_what_does_not_count_is_told(log: EventLog) -> None:
    lines = [line(user_agent="curl/8.5.0"), line(address="192.0.2.7"), line(address="192.0.3.7")]
    done, _ = imported(log, read([*lines, line(reader="r"), line(reader="r", type="view", x=1)]))
    assert done.set_aside == {"bot": 1, "own_address": 1, "repeat": 1}
    assert done.kept == 2


def test_past_logs_are_kept_from_their_newest_event_back(tmp_path: Path) -> None:
    with EventLog.open(tmp_path / "events.sqlite", Keeping(retention=10 * DAY)) as log:
        days = [line(at=(NOON - number * DAY).isoformat()) for number in (15, 9, 0, 11)]
        done, rejects = imported(log, read(days))
        assert (done.kept, done.rejected, done.pruned) == (3, 1, 1)
        assert (rejects[0].position, "older" in rejects[0].reason) == (4, True)
        assert log.span() == (NOON - 9 * DAY, NOON)


ROWS = [
    ["type", "article_id", "user_id", "timestamp", "shown", "seconds"],
    ["view", "a", "ann", "2024-05-01T12:00:00Z", "", ""],
    ["impression", "", "ann", "2024-05-01T12:00:00Z", "a b", ""],
    ["read_time", "a", "ann", "2024-05-01 12:00:00", "", "12.5"],
    ["view", "", "ann", "2024-05-01T12:00:00Z", "", ""],
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("packed", [False, True])
def test_csv(tmp_path: Path, log: EventLog, delimiter: str, packed: bool) -> None:
    path = tmp_path / "log.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([*ROWS, ["view", "a"], ['vi"ew'] * 6])
    raw = path.read_bytes().replace(b'"vi""ew"', b'"vi"ew')
    content = gzip.compress(raw) if packed else raw
    items = list(csv_rows([content], name="log.csv"))
    assert isinstance(items[1], Line)
    assert event_of(items[1].record).shown == ("a", "b")
    done, rejects = imported(log, items)
    assert (done.kept, done.rejected) == (3, 3)
    assert [one.position for one in rejects] == [5, 6, 7]
    assert "columns" in rejects[1].reason
    with pytest.raises(SourceError, match="article_id"):
        list(csv_rows([b"type;at\nview;2024-05-01\n"], name="log.csv"))


def test_csv_with_the_line_ends_of_old_spreadsheets(log: EventLog) -> None:
    content = b"type,article_id,at\rview,a,2024-05-01\rview,b,2024-05-01\r"
    assert imported(log, csv_rows([content], name="log.csv"))[0].kept == 2


def test_parquet(tmp_path: Path, log: EventLog) -> None:
    path = tmp_path / "log.parquet"
    times = [NOON, NOON.replace(tzinfo=None), NOON + timedelta(seconds=1), NOON]
    table = {
        "type": ["view", "click", "impression", "view"],
        "article_id": ["a", "a", None, ""],
        "reader": ["ann", None, None, None],
        "at": pa.array([one.replace(tzinfo=None) for one in times], pa.timestamp("us")),
        "shown": [None, None, ["a", "b"], None],
    }
    pq.write_table(pa.table(table), path)
    items = list(parquet_rows(path))
    assert isinstance(items[2], Line)
    assert event_of(items[2].record).shown == ("a", "b")
    done, rejects = imported(log, items)
    assert (done.kept, [one.position for one in rejects]) == (3, [4])
    assert imported(log, parquet_rows(path))[0].known == 3
    whole = bytearray(path.read_bytes())
    length = int.from_bytes(whole[-8:-4], "little")
    whole[-8 - length : -8] = b"\xff" * length  # what describes the columns
    for damaged in (b"PAR1 and nothing more", bytes(whole)):
        path.write_bytes(damaged)
        with pytest.raises(SourceError, match="Parquet"):
            list(parquet_rows(path))


@pytest.mark.parametrize(
    ("kind", "values", "rejected"),
    [
        (pa.timestamp("ns"), [1714564800000000001, 1714564799999999999], []),
        (pa.timestamp("ns", "Europe/Oslo"), [1714564800000000001, 1714564799999999999], []),
        (pa.timestamp("s"), [1714564800, 10**12], [2]),  # the year 33658
        (pa.date32(), [19844, 19843], []),
    ],
    ids=str,
)
def test_times_of_parquet_are_finer_and_later_than_pythons(
    tmp_path: Path, log: EventLog, kind: pa.DataType, values: list[int], rejected: list[int]
) -> None:
    path = tmp_path / "log.parquet"
    columns = {
        "type": ["view", "view"],
        "article_id": ["a", "b"],
        "at": pa.array(values, pa.int64() if kind != pa.date32() else pa.int32()).cast(kind),
        "spent": pa.array([1, 2], pa.int64()).cast(pa.duration("ns")),  # of no interest
    }
    pq.write_table(pa.table(columns), path)
    done, rejects = imported(log, parquet_rows(path))
    assert (done.kept, [one.position for one in rejects]) == (2 - len(rejected), rejected)
    newest = log.newest()
    assert newest is not None
    assert newest.replace(hour=12) == NOON


@needs_real_data
def test_the_log_of_a_real_publisher(log: EventLog) -> None:
    with gzip.open(MIND, "rb") as file:
        lines = [next(file) for _ in range(20_000)]
    done, rejects = imported(log, json_lines(lines, name="mind"))
    assert rejects == []
    assert done.kept + sum(done.set_aside.values()) + done.known == 20_000
    assert done.kept > 10_000
    span = log.span()
    assert span is not None
    assert span[0] >= datetime(2019, 11, 9, tzinfo=UTC)
    assert imported(log, json_lines(lines, name="mind"))[0].known == 20_000
