from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from recommender.errors import CatalogError
from recommender.readers.event import Event
from recommender.readers.events import EventLog
from recommender.readers.group_commit import GroupCommit
from recommender.readers.storing import KEPT, KNOWN
from tests.readers.made_up_events import happened

FOR_EVER = 3600.0
"""Seconds: nothing is written before the group is closed."""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "events.sqlite") as opened:
        yield opened


def submitted(commits: GroupCommit, batch: Sequence[Event]) -> "Future[list[int]]":
    waiting: Future[list[int]] = Future()

    def done(found: list[int] | Exception) -> None:
        if isinstance(found, Exception):
            waiting.set_exception(found)
        else:
            waiting.set_result(found)

    commits.submit(batch, done)
    return waiting


def test_many_share_a_commit_and_each_is_told_its_own(log: EventLog) -> None:
    commits = GroupCommit(log, gather=FOR_EVER)
    before = log.data_version()
    ours = [
        submitted(commits, [happened("a", event_id=str(number % 50)), happened("b")])
        for number in range(100)
    ]
    commits.close()
    assert [one.result(30) for one in ours] == [[KEPT, KEPT]] * 50 + [[KNOWN, KEPT]] * 50
    assert log.data_version() == before + 1  # SQLite counts commits
    assert len(log) == 150


def test_what_is_told_is_on_disk(log: EventLog, tmp_path: Path) -> None:
    commits = GroupCommit(log)
    seen: list[int] = []

    def done(_: object) -> None:
        with EventLog.open(tmp_path / "events.sqlite") as other:
            seen.append(len(other))

    commits.submit([happened("a")], done)
    commits.close()
    assert seen == [1]


def test_one_fault_is_not_everybodys(log: EventLog) -> None:
    commits = GroupCommit(log, gather=FOR_EVER)
    broken = happened("b")
    broken.seconds = object()  # type: ignore[assignment]
    good, bad, late = (submitted(commits, [one]) for one in (happened("a"), broken, happened("c")))
    commits.close()
    assert good.result(30) == late.result(30) == [KEPT]
    with pytest.raises(Exception, match="type"):
        bad.result(30)
    assert len(log) == 2


def test_a_fault_of_the_file_is_told_to_all_without_another_try(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    write = log.outcomes

    def watched(batch: Sequence[Event]) -> list[int]:
        tries.append(len(batch))
        return write(batch)

    monkeypatch.setattr(log, "outcomes", watched)
    with log.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE pairs")
    commits = GroupCommit(log, gather=FOR_EVER)
    ours = [submitted(commits, [happened("a", reader=name)]) for name in "xyz"]
    commits.close()
    for one in ours:
        with pytest.raises(CatalogError, match="pairs"):
            one.result(30)
    assert tries == [3]


def test_closing_writes_what_waits_and_takes_no_more(log: EventLog) -> None:
    commits = GroupCommit(log, gather=FOR_EVER)
    ours = submitted(commits, [happened("a")])
    commits.close()
    assert ours.result(30) == [KEPT]
    commits.close()
    with pytest.raises(CatalogError, match="closed"):
        submitted(commits, [happened("a")])
    GroupCommit(log).close()


def test_more_than_the_disk_can_follow_is_refused(log: EventLog) -> None:
    commits = GroupCommit(log, gather=FOR_EVER, most_waiting=10)
    ours = submitted(commits, [happened("a")] * 10)
    with pytest.raises(CatalogError, match="10 events wait"):
        submitted(commits, [happened("a")])
    commits.close()
    assert ours.result(30) == [KEPT] * 10
