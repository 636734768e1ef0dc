import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from recommender.articles.catalog import Catalog
from recommender.errors import CatalogError, InputError
from recommender.readers.events import Event, EventLog

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
PROCESSES = multiprocessing.get_context("spawn")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "events.sqlite") as opened:
        yield opened


def view(article_id: str, at: datetime = NOON, reader: str = "") -> Event:
    return Event(type="view", article_id=article_id, reader=reader, at=at)


def test_an_empty_log(log: EventLog) -> None:
    assert len(log) == 0
    assert log.span() is None
    assert log.append([]) == 0


def test_what_was_appended_is_there_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    early = datetime(1969, 7, 20, 22, 17, 40, 1, tzinfo=timezone(timedelta(hours=2)))
    with EventLog.open(path) as log:
        click = Event(type="click", article_id="b", reader="r", at=NOON)
        assert log.append([click, view("a", early), view("a", early)]) == 3
    with EventLog.open(path) as log:
        assert len(log) == 3
        assert log.span() == (early, NOON)


def test_a_time_without_a_zone_is_no_time() -> None:
    with pytest.raises(InputError, match="zone"):
        view("a", NOON.replace(tzinfo=None))


def test_appending_is_all_or_nothing(log: EventLog) -> None:
    log.append([view("a")])
    broken = view("b")
    object.__setattr__(broken, "type", "purchase")
    with pytest.raises(Exception, match="CHECK"):
        log.append([view("a"), broken])
    assert len(log) == 1


def test_commits_wait_for_the_disk(log: EventLog) -> None:
    with log.database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_the_data_version_tells_of_every_append(log: EventLog, tmp_path: Path) -> None:
    before = log.data_version()
    assert log.data_version() == before
    log.append([view("a")])
    after = log.data_version()
    with EventLog.open(tmp_path / "events.sqlite") as other:
        other.append([view("a")])
    assert len({before, after, log.data_version()}) == 3


def test_a_catalog_is_no_event_log(tmp_path: Path) -> None:
    Catalog.open(tmp_path / "catalog.sqlite").close()
    with pytest.raises(CatalogError, match="not the event log"):
        EventLog.open(tmp_path / "catalog.sqlite")


def append_forever(path: Path, told: Connection) -> None:
    with EventLog.open(path) as log:
        while True:
            log.append([view(str(number)) for number in range(7)])
            told.send(len(log))


def test_two_processes_append_and_one_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=append_forever, args=(path, theirs), daemon=True)
    process.start()
    theirs.close()
    with EventLog.open(path) as log:
        mine = 0
        kept = 0
        while kept < 100:
            assert ours.poll(30)
            kept = ours.recv()
            mine += log.append([view("mine") for _ in range(7)])
        process.kill()
        process.join(30)
        assert len(log) >= max(kept, mine)
        assert len(log) % 7 == 0


def test_threads_share_one_log(log: EventLog) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda name: log.append([view(str(name))]), range(40))) == 40
    assert len(log) == 40
