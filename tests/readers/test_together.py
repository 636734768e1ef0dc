import math
from pathlib import Path

import pytest

from recommender.readers.events import EventLog
from recommender.readers.together import ReadTogether, read_together
from tests.readers.made_up_events import DAY, HOUR, NOON, happened


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog.open(tmp_path / "events.sqlite")


def pairs(found: ReadTogether) -> dict[tuple[str, str], tuple[int, float]]:
    return {
        (found.article_ids[left], found.article_ids[right]): (readers, strength)
        for left, right, readers, strength in zip(
            found.left.tolist(),
            found.right.tolist(),
            found.readers.tolist(),
            found.strength.tolist(),
            strict=True,
        )
    }


def test_pairs_and_strengths_are_those_worked_out_by_hand(log: EventLog) -> None:
    # a: 4 readers, b: 3 of them, c: 2 of them
    for reader, articles in {"r1": "abc", "r2": "abc", "r3": "ab", "r4": "a"}.items():
        log.append([happened(one, reader=reader) for one in articles])
    found = pairs(read_together(log, since=NOON - DAY, until=NOON))
    # a and c, b and c have 2 readers in common, which is too few
    assert found.keys() == {("a", "b"), ("b", "a")}
    readers, strength = found["a", "b"]
    assert readers == 3
    assert strength == pytest.approx(3 / (math.sqrt(4 * 3) + 10))


def test_reading_one_article_twice_or_as_nobody_proves_nothing(log: EventLog) -> None:
    for number in range(5):
        log.append([happened("a", reader=f"r{number}"), happened("a", DAY / 2, f"r{number}")])
        log.append([happened("a"), happened("b")])
    assert pairs(read_together(log, since=NOON - DAY, until=NOON)) == {}


def test_only_the_time_that_is_asked_for_counts(log: EventLog) -> None:
    for number in range(3):
        log.append([happened("a", DAY * 2, f"r{number}"), happened("b", DAY * 2, f"r{number}")])
    assert pairs(read_together(log, since=NOON - DAY, until=NOON)) == {}
    assert len(pairs(read_together(log, since=NOON - DAY * 3, until=NOON))) == 2


def test_who_reads_everything_says_nothing(log: EventLog) -> None:
    for number in range(3):
        # over some hours: more within one would be set aside as no person's
        log.append([happened(f"x{one}", HOUR * (one % 3), f"all{number}") for one in range(205)])
    assert pairs(read_together(log, since=NOON - DAY, until=NOON)) == {}


def test_an_empty_log_has_no_pairs(log: EventLog) -> None:
    assert pairs(read_together(log, since=NOON - DAY, until=NOON)) == {}
