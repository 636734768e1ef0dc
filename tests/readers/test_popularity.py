from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
import sqlalchemy
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import InputError
from recommender.readers.events import Event, EventLog, EventType
from recommender.readers.popularity import Popularity, popularity

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "events.sqlite") as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventLog]:
    with EventLog.open(tmp_path_factory.mktemp("shared") / "events.sqlite") as opened:
        yield opened


def event(article_id: str, hours_ago: float, reader: str = "", kind: EventType = "view") -> Event:
    return Event(type=kind, article_id=article_id, reader=reader, at=NOON - hours_ago * HOUR)


def at_noon(log: EventLog, **changes: timedelta) -> Popularity:
    spans = {"window": DAY, "half_life": 2 * HOUR} | changes
    return popularity(log, at=NOON, window=spans["window"], half_life=spans["half_life"])


def test_worked_out_by_hand(log: EventLog) -> None:
    log.append(
        [
            event("a", 0, "ann"),  # 1
            event("a", 2, "bob"),  # 1/2
            event("a", 9, "bob"),  # the same reader, earlier
            event("a", 0, "ann", kind="click"),  # the same reader at the same time
            event("b", 4, "ann"),  # 1/4
            event("b", 4),  # 1/4
            event("b", 6),  # 1/8
            event("c", 1, "ann"),  # 0.5 ** 0.5
            event("d", 24, "ann"),  # just out of the window
            event("e", -1, "ann"),  # not yet
        ]
    )
    found = at_noon(log)
    assert found.article_ids == ("a", "c", "b")
    np.testing.assert_allclose(found.scores, [1.5, 0.5**0.5, 0.625], rtol=1e-12)
    assert found.readers.tolist() == [2, 1, 3]
    assert [found.scores.dtype.name, found.readers.dtype.name] == ["float64", "int64"]


def test_the_window_begins_after_its_first_moment(log: EventLog) -> None:
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


def test_an_article_that_only_old_readers_saw_again_counts_their_latest_inside(
    log: EventLog,
) -> None:
    log.append([event("a", 30, "ann"), event("a", 2, "ann"), event("a", -5, "ann")])
    assert at_noon(log).scores.tolist() == [0.5]


def test_equal_scores_are_ordered_by_id_to_the_last_bit(log: EventLog) -> None:
    ages = [0.1 * number for number in range(40)]
    shuffled = np.random.default_rng(0).permutation(ages).tolist()
    log.append([event("z", age, f"r{n}") for n, age in enumerate(ages)])
    log.append([event("b", age, f"r{n}") for n, age in enumerate(shuffled)])
    log.append([event("m", age) for age in reversed(shuffled)])
    found = at_noon(log)
    assert found.article_ids == ("b", "m", "z")
    assert len(set(found.scores.tolist())) == 1


def test_an_empty_log_and_an_endless_window(log: EventLog) -> None:
    found = at_noon(log)
    assert (found.article_ids, found.scores.shape, found.readers.shape) == ((), (0,), (0,))
    log.append([event("a", 1_000_000)])
    assert at_noon(log, window=timedelta.max, half_life=HOUR).article_ids == ("a",)


def test_spans_and_times_that_mean_nothing_are_refused(log: EventLog) -> None:
    with pytest.raises(InputError, match="half_life"):
        at_noon(log, half_life=timedelta(0))
    with pytest.raises(InputError, match="window"):
        at_noon(log, window=-HOUR)
    with pytest.raises(InputError, match="zone"):
        popularity(log, at=NOON.replace(tzinfo=None), window=DAY, half_life=HOUR)


def test_a_window_is_read_from_the_index_alone(log: EventLog) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    def listen(*call: object) -> None:
        _, _, statement, parameters, *_ = call
        assert isinstance(statement, str)
        assert isinstance(parameters, tuple)
        asked.append((statement, parameters))

    with listening(log, listen):
        at_noon(log)
    (query,) = [call for call in asked if "events" in call[0]]
    with log.database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query[0]}", query[1]).all()
    searches = [row[3] for row in plan if "events" in row[3]]
    assert searches == ["SEARCH events USING COVERING INDEX events_by_time (at>? AND at<?)"] * 2


@contextmanager
def listening(log: EventLog, listen: Callable[..., None]) -> Iterator[None]:
    sqlalchemy.event.listen(log.database._engine, "before_cursor_execute", listen)
    yield
    sqlalchemy.event.remove(log.database._engine, "before_cursor_execute", listen)


happenings = st.lists(
    st.builds(
        event,
        article_id=st.sampled_from(["a", "b", "c"]),
        hours_ago=st.floats(-5, 40),
        reader=st.sampled_from(["", "ann", "bob", "cyd"]),
        kind=st.sampled_from(["view", "click"]),
    ),
    max_size=25,
)


def refilled(log: EventLog, events: Sequence[Event]) -> EventLog:
    with log.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM events")
    log.append(events)
    return log


def by_the_definition(events: Sequence[Event], at: datetime) -> dict[str, float]:
    latest: dict[tuple[str, str], datetime] = {}
    for number, one in enumerate(events):
        if at - DAY < one.at <= at:
            key = (one.article_id, one.reader or f"unknown {number}")
            latest[key] = max(one.at, latest.get(key, one.at))
    scores: dict[str, float] = {}
    for (article_id, _), time in latest.items():
        scores[article_id] = scores.get(article_id, 0.0) + 0.5 ** ((at - time) / (2 * HOUR))
    return scores


@settings(max_examples=60, deadline=None)
@given(happenings)
def test_scores_follow_the_definition(shared: EventLog, events: list[Event]) -> None:
    found = at_noon(refilled(shared, events))
    expected = by_the_definition(events, NOON)
    assert dict(zip(found.article_ids, found.scores.tolist(), strict=True)) == pytest.approx(
        expected
    )
    assert np.all(found.scores > 0)
    assert np.all(found.scores <= found.readers)
    assert sorted(found.scores.tolist(), reverse=True) == found.scores.tolist()


@settings(max_examples=40, deadline=None)
@given(happenings, st.randoms(use_true_random=False))
def test_repeating_and_reordering_what_known_readers_did_changes_nothing(
    shared: EventLog, events: list[Event], random: Random
) -> None:
    before = at_noon(refilled(shared, events))
    again = [*events, *(one for one in events if one.reader)]
    random.shuffle(again)
    after = at_noon(refilled(shared, again))
    assert after.article_ids == before.article_ids
    assert after.scores.tolist() == before.scores.tolist()
    assert after.readers.tolist() == before.readers.tolist()


@settings(max_examples=40, deadline=None)
@given(happenings, st.floats(0, 30))
def test_without_new_readers_popularity_only_falls(
    shared: EventLog, events: list[Event], hours: float
) -> None:
    past = [one for one in events if one.at <= NOON]
    now = at_noon(refilled(shared, past))
    later = popularity(shared, at=NOON + hours * HOUR, window=DAY, half_life=2 * HOUR)
    before = dict(zip(now.article_ids, now.scores.tolist(), strict=True))
    for article_id, score in zip(later.article_ids, later.scores.tolist(), strict=True):
        assert score <= before[article_id] * (1 + 1e-12)
