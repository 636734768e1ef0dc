from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import InputError
from recommender.readers.event import Event, EventType
from recommender.readers.events import EventLog
from recommender.readers.keeping import Keeping
from recommender.readers.popularity import Popularity, popularity
from tests.readers.made_up_events import DAY, HOUR, MINUTE, NOON, happened

KEEPING = Keeping(window=DAY, half_life=2 * HOUR)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "events.sqlite", KEEPING) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventLog]:
    with EventLog.open(tmp_path_factory.mktemp("shared") / "events.sqlite", KEEPING) as opened:
        yield opened


def event(article_id: str, hours_ago: float, reader: str = "", kind: EventType = "view") -> Event:
    return happened(article_id, hours_ago * HOUR, reader, kind)


def at_noon(log: EventLog, **changes: timedelta) -> Popularity:
    spans = {"window": DAY, "half_life": 2 * HOUR} | changes
    return popularity(log, at=NOON, window=spans["window"], half_life=spans["half_life"])


def as_dict(found: Popularity) -> dict[str, float]:
    return dict(zip(found.article_ids, found.scores.tolist(), strict=True))


def test_worked_out_by_hand(log: EventLog) -> None:
    log.append(
        [
            event("a", 0, "ann"),  # 1
            event("a", 9, "bob"),  # later again
            event("a", 2, "bob"),  # 1/2
            event("a", 0, "ann", kind="click"),  # the same reader at the same time
            event("b", 4, "ann"),  # 1/4
            event("b", 4),  # 1/4
            event("b", 6),  # 1/8
            event("c", 1, "ann"),  # 0.5 ** 0.5
            event("d", 25, "ann"),  # out of the window
            Event(type="read_time", article_id="f", at=NOON, seconds=60),
            Event(type="impression", article_id="f", at=NOON),
        ]
    )
    for found in (at_noon(log), at_noon(log, window=DAY - MINUTE)):
        assert found.article_ids == ("a", "c", "b")
        np.testing.assert_allclose(found.scores, [1.5, 0.5**0.5, 0.625], rtol=1e-9)
        assert found.readers.tolist() == [2, 1, 3]
        assert [found.scores.dtype.name, found.readers.dtype.name] == ["float64", "int64"]
    log.append([event("e", -1, "ann")])  # not yet
    assert at_noon(log).article_ids == ("a", "c", "b")


def test_in_the_past_the_window_begins_after_its_first_moment(log: EventLog) -> None:
    microsecond = timedelta(microseconds=1)
    log.append(
        [
            Event(type="view", article_id="out", at=NOON - HOUR),
            Event(type="view", article_id="in", at=NOON - HOUR + microsecond),
            Event(type="view", article_id="now", at=NOON),
            Event(type="view", article_id="later", at=NOON + microsecond),
        ]
    )
    assert at_noon(log, window=HOUR).article_ids == ("now", "in")


@pytest.mark.parametrize("window", [DAY, 2 * DAY])
def test_now_the_window_begins_with_the_hour_it_begins_in(log: EventLog, window: timedelta) -> None:
    begin = NOON + 59 * MINUTE - window
    for name, at in (
        ("out", begin - 59 * MINUTE - timedelta(microseconds=1)),
        ("in", begin - 59 * MINUTE),
        ("now", NOON),
    ):
        log.append([Event(type="view", article_id=name, at=at)])
    found = popularity(log, at=NOON + 59 * MINUTE, window=window, half_life=2 * HOUR)
    assert found.article_ids == ("now", "in")
    later = popularity(log, at=NOON + 60 * MINUTE, window=window, half_life=2 * HOUR)
    assert later.article_ids == ("now",)


def test_a_reader_who_comes_back_counts_once_with_their_latest(log: EventLog) -> None:
    log.append([event("a", 30, "ann"), event("a", 20, "ann")])
    log.append([event("a", 2, "ann")])
    assert as_dict(at_noon(log)) == {"a": 0.5}
    assert as_dict(at_noon(log, window=2 * DAY)) == {"a": 0.5}
    log.append([event("a", 10, "ann")])  # it came late
    assert as_dict(at_noon(log)) == {"a": 0.5}


def test_equal_scores_are_ordered_by_id(log: EventLog) -> None:
    ages = [0.1 * number for number in range(40)]
    shuffled = np.random.default_rng(0).permutation(ages).tolist()
    log.append([event("z", age, f"r{n}") for n, age in enumerate(ages)])
    log.append([event("b", age, f"r{n}") for n, age in enumerate(shuffled)])
    for age in reversed(shuffled):
        log.append([event("m", age)])
    for found in (at_noon(log), at_noon(log, window=2 * DAY)):
        assert found.article_ids == ("b", "m", "z")
        assert len(set(found.scores.tolist())) == 1


def test_an_empty_log_and_an_endless_window(log: EventLog) -> None:
    for found in (at_noon(log), at_noon(log, window=timedelta.max)):
        assert (found.article_ids, found.scores.shape, found.readers.shape) == ((), (0,), (0,))
    log.append([event("a", 1_000)])
    assert at_noon(log).article_ids == ()
    assert at_noon(log, window=timedelta.max).article_ids == ("a",)
    assert at_noon(log, window=timedelta.max, half_life=HOUR).article_ids == ("a",)


def test_spans_and_times_that_mean_nothing_are_refused(log: EventLog) -> None:
    with pytest.raises(InputError, match="half_life"):
        at_noon(log, half_life=timedelta(0))
    with pytest.raises(InputError, match="window"):
        at_noon(log, window=-HOUR)
    with pytest.raises(InputError, match="zone"):
        popularity(log, at=NOON.replace(tzinfo=None), window=DAY, half_life=HOUR)


def test_as_of_now_no_event_is_read(log: EventLog) -> None:
    """Structurally: neither opening the log nor asking it reads a table as long as the log."""
    log.append([event("a", 1, f"r{number}") for number in range(50)])
    asked: list[str] = []
    with listening(log, asked.append):
        at_noon(log)
        at_noon(log, window=2 * DAY)
        at_noon(log, half_life=DAY)
        log._count()
        log.prune()
    with log.database.reading() as connection:
        for query in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
            scanned = [row[3] for row in plan if row[3].startswith("SCAN")]
            assert not [one for one in scanned if "events" in one or "pairs" in one], query
            assert not [one for one in scanned if "hours" in one], query
    assert len(asked) >= 8


@contextmanager
def listening(log: EventLog, told: Callable[[str], None]) -> Iterator[None]:
    def listen(statement: str) -> None:
        if statement.startswith(("SELECT", "DELETE")) and statement != "SELECT 1":
            told(statement)

    # one after another they all use the same connection
    with log.database.reading_plainly() as connection:
        connection.set_trace_callback(listen)
    yield
    connection.set_trace_callback(None)


happenings = st.lists(
    st.builds(
        event,
        article_id=st.sampled_from(["a", "b", "c"]),
        hours_ago=st.floats(0, 40),
        reader=st.sampled_from(["", "ann", "bob", "cyd"]),
        kind=st.sampled_from(["view", "click"]),
    ),
    max_size=25,
)


def refilled(log: EventLog, events: Sequence[Event], batch: int = 1000) -> EventLog:
    with log.database.writing() as connection:
        for table in ("events", "pairs", "rates", "hours", "totals", "quality"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - our own names
        connection.exec_driver_sql("DELETE FROM state WHERE name IN ('newest', 'edge')")
    for begin in range(0, len(events), batch):
        log.append(events[begin : begin + batch])
    return log


def by_the_definition(
    events: Sequence[Event],
    at: datetime,
    begin: datetime,
    half_life: timedelta,
    *,
    by_the_hour: bool,
) -> dict[str, float]:
    """Of events in the order in which they came; `begin` is the first moment that counts."""
    counted: dict[tuple[str, str, str], datetime] = {}
    latest: dict[tuple[str, str], datetime] = {}
    for number, one in enumerate(events):
        reader = one.reader or f"unknown {number}"
        same = counted.get((one.article_id, reader, one.type))
        if same is not None and abs(one.at - same) < 30 * MINUTE:
            continue
        counted[one.article_id, reader, one.type] = max(one.at, same or one.at)
        key = (one.article_id, reader)
        latest[key] = max(one.at, latest.get(key, one.at))
    scores: dict[str, float] = {}
    for (article_id, _), time in latest.items():
        if begin <= time <= at:
            age = at - (middle_of_hour(time, at) if by_the_hour else time)
            scores[article_id] = scores.get(article_id, 0.0) + 0.5 ** (age / half_life)
    return scores


def middle_of_hour(time: datetime, at: datetime) -> datetime:
    return min(time.replace(minute=30, second=0, microsecond=0), at)


@settings(max_examples=60, deadline=None)
@given(happenings, st.integers(1, 7), st.floats(0, 30))
def test_scores_follow_the_definition(
    shared: EventLog, events: list[Event], batch: int, hours: float
) -> None:
    refilled(shared, events, batch)
    at = NOON + hours * HOUR
    for window, half_life, by_the_hour in (
        (DAY, 2 * HOUR, False),
        (9 * HOUR, 2 * HOUR, False),
        (DAY, 3 * HOUR, True),  # nothing is kept with this half-life
    ):
        found = popularity(shared, at=at, window=window, half_life=half_life)
        begin = (at - window).replace(minute=0, second=0, microsecond=0)
        expected = by_the_definition(events, at, begin, half_life, by_the_hour=by_the_hour)
        assert as_dict(found) == pytest.approx(expected, rel=1e-8)
        assert np.all(found.scores > 0)
        assert np.all(found.scores <= found.readers)
        assert sorted(found.scores.tolist(), reverse=True) == found.scores.tolist()


@settings(max_examples=30, deadline=None)
@given(happenings, st.randoms(use_true_random=False))
def test_counting_anew_changes_nothing(
    shared: EventLog, events: list[Event], random: Random
) -> None:
    random.shuffle(events)
    refilled(shared, events, 3)
    kept = at_noon(shared), at_noon(shared, window=2 * DAY)
    with shared.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM state")
    shared._count()
    anew = at_noon(shared), at_noon(shared, window=2 * DAY)
    for before, after in zip(kept, anew, strict=True):
        assert after.article_ids == before.article_ids
        assert after.scores.tolist() == pytest.approx(before.scores.tolist())
        assert after.readers.tolist() == before.readers.tolist()


def test_what_is_left_of_a_sum_is_as_exact_as_before(log: EventLog) -> None:
    log.append([event("a", 0, "ann"), event("a", 22, "bob"), event("a", 23.5, "cyd")])
    for hours in (1, 2, 3):
        log.append([event("a", -24 * hours * 10, "ann")])
        log.append([event("a", -24 * hours * 10 + 23, "bob")])
        assert log.erase("ann") > 0
        found = popularity(log, at=NOON + 240 * hours * HOUR, window=DAY, half_life=2 * HOUR)
        assert as_dict(found)["a"] == pytest.approx(0.5**11.5, rel=1e-9)


def test_a_log_with_another_half_life_is_counted_anew(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    with EventLog.open(path, KEEPING) as log:
        log.append([event("a", 4, "ann"), event("b", 30, "ann")])
    with EventLog.open(path, Keeping(window=2 * DAY, half_life=4 * HOUR)) as log:
        found = at_noon(log, window=2 * DAY, half_life=4 * HOUR)
        assert as_dict(found) == pytest.approx({"a": 0.5, "b": 0.5 ** (30 / 4)})


def test_weights_of_years_do_not_overflow(tmp_path: Path) -> None:
    keeping = Keeping(window=DAY, half_life=MINUTE)
    with EventLog.open(tmp_path / "events.sqlite", keeping) as log:
        for years in range(10, -1, -1):
            log.append([event("a", 24 * 365 * years, f"r{years}")])
        assert as_dict(at_noon(log, half_life=MINUTE)) == {"a": 1.0}
        log.append([event("a", 1, "late")])
        expected = pytest.approx(1 + 0.5**60)
        assert as_dict(at_noon(log, half_life=MINUTE))["a"] == expected
