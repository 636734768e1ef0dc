import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from xxhash import xxh3_128_digest

from recommender.articles.catalog import Catalog
from recommender.articles.database import Database
from recommender.errors import CatalogError, InputError
from recommender.readers.event import Appended, Event
from recommender.readers.event_layout import LAYOUT
from recommender.readers.events import EventLog
from recommender.readers.keeping import Keeping
from recommender.readers.popularity import popularity
from tests.readers.made_up_events import DAY, HOUR, MINUTE, NOON, clicked, happened, shown

PROCESSES = multiprocessing.get_context("spawn")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "events.sqlite") as opened:
        yield opened


def test_an_empty_log(log: EventLog) -> None:
    assert len(log) == 0
    assert log.span() is None
    assert log.quality() == []
    assert log.append([]) == Appended()
    assert log.prune() == log.erase("nobody") == 0


def test_what_was_appended_is_there_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    early = datetime(1969, 7, 20, 22, 17, 40, 1, tzinfo=timezone(timedelta(hours=2)))
    long_ago = Event(type="view", article_id="a", at=early)
    with EventLog.open(path) as log:
        assert log.append([clicked("b", reader="r"), long_ago, long_ago]).kept == 3
    with EventLog.open(path) as log:
        assert len(log) == 3
        assert log.span() == (early, NOON)


def test_a_time_without_a_zone_is_no_time() -> None:
    with pytest.raises(InputError, match="zone"):
        Event(type="view", article_id="a", at=NOON.replace(tzinfo=None))


def test_appending_is_all_or_nothing(log: EventLog) -> None:
    log.append([happened("a")])
    broken = happened("b")
    broken.seconds = object()  # type: ignore[assignment]
    with pytest.raises(Exception, match="type"):
        log.append([happened("new"), broken])
    assert len(log) == 1
    assert log.append([happened("new")]).kept == 1


def test_commits_wait_for_the_disk(log: EventLog) -> None:
    with log.database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_the_data_version_tells_of_every_append(log: EventLog, tmp_path: Path) -> None:
    before = log.data_version()
    assert log.data_version() == before
    log.append([happened("a")])
    after = log.data_version()
    with EventLog.open(tmp_path / "events.sqlite") as other:
        other.append([happened("a")])
    assert len({before, after, log.data_version()}) == 3


def test_a_catalog_is_no_event_log(tmp_path: Path) -> None:
    Catalog.open(tmp_path / "catalog.sqlite").close()
    with pytest.raises(CatalogError, match="not the event log"):
        EventLog.open(tmp_path / "catalog.sqlite")


def test_an_id_counts_once_in_a_batch_after_a_restart_and_in_two_logs(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    first = happened("a", event_id="one")
    with EventLog.open(path) as log, EventLog.open(path) as other:
        assert log.append([first, happened("b", event_id="one")]) == Appended(kept=1, known=1)
        assert other.append([first]) == Appended(known=1)
    with EventLog.open(path) as log:
        assert log.append([first, happened("a", event_id="two")]) == Appended(kept=1, known=1)
        assert len(log) == 2


def test_a_click_belongs_to_an_impression_that_showed_the_article(log: EventLog) -> None:
    assert log.append([clicked("a", "later"), shown("later", "a", "b")]).kept == 2
    assert log.append([clicked("b", "later")]).kept == 1
    assert log.append([clicked("c", "later")]).aside == {"not_shown": 1}
    assert log.append([clicked("a", "unheard of")]).aside == {"no_impression": 1}
    assert log.append([clicked("c")]).kept == 1
    one = Event(type="impression", article_id="d", at=NOON, impression_id="later")
    assert log.append([one, clicked("d", "later")]).kept == 2


def test_the_same_again_within_half_an_hour_is_set_aside(log: EventLog) -> None:
    ann = [happened("a", minutes * MINUTE, "ann") for minutes in (60, 40, 31, 30, 29)]
    assert log.append(ann) == Appended(kept=2, aside={"repeat": 3})
    assert log.append([happened("a", 45 * MINUTE, "ann")]).aside == {"repeat": 1}  # it came late
    # another kind, another reader, another article, nobody in particular
    others = [
        happened("a", reader="ann", ago=60 * MINUTE, kind="click"),
        happened("a", reader="bob", ago=60 * MINUTE),
        happened("b", reader="ann", ago=60 * MINUTE),
        happened("a", ago=60 * MINUTE),
        happened("a", ago=60 * MINUTE),
    ]
    assert log.append(others) == Appended(kept=5)
    assert log.append(others[:2]) == Appended(aside={"repeat": 2})


def test_a_reader_who_does_more_than_people_do_is_set_aside(tmp_path: Path) -> None:
    keeping = Keeping(hourly=3)
    path = tmp_path / "events.sqlite"
    with EventLog.open(path, keeping) as log:
        assert log.append([happened(name, reader="ann") for name in "ab"]).kept == 2
        assert log.append([happened(name, reader="bob") for name in "abc"]).kept == 3
    with EventLog.open(path, keeping) as log:
        many = log.append([happened(name, reader="ann") for name in "cde"])
        assert many == Appended(kept=1, aside={"too_many": 2})
        assert log.append([happened("f", -HOUR, reader="ann")]).kept == 1


def test_what_was_set_aside_before_is_told_and_does_not_count(log: EventLog) -> None:
    log.append([happened("a"), happened("b", aside="bot"), happened("b", aside="prefetch")])
    log.append([happened("a", DAY, kind="click")])
    told = {(one.day.isoformat(), one.type, one.aside): one.count for one in log.quality()}
    assert told == {
        ("2024-05-01", "view", None): 1,
        ("2024-05-01", "view", "bot"): 1,
        ("2024-05-01", "view", "prefetch"): 1,
        ("2024-04-30", "click", None): 1,
    }
    assert popularity(log, at=NOON, window=7 * DAY, half_life=DAY).article_ids == ("a",)


def test_what_is_older_than_the_retention_is_pruned_with_its_counts(tmp_path: Path) -> None:
    keeping = Keeping(retention=10 * DAY, window=30 * DAY)
    with EventLog.open(tmp_path / "events.sqlite", keeping) as log:
        log.append([happened("a", 11 * DAY, "ann"), happened("b", 9 * DAY, "ann")])
        log.append([happened("b", 10 * DAY), happened("b", 10 * DAY + HOUR)])  # of one day
        log.append([happened("c", reader="bob")])
        assert log.prune() == 2
        assert len(log) == sum(one.count for one in log.quality()) == 3
        found = popularity(log, at=NOON, window=30 * DAY, half_life=DAY)
        assert found.article_ids == ("c", "b")
        assert popularity(log, at=NOON, window=29 * DAY, half_life=DAY).article_ids == ("c", "b")
        assert log.prune() == 0


def append_forever(path: Path, told: Connection) -> None:
    with EventLog.open(path) as log:
        while True:
            log.append([happened(str(number)) for number in range(7)])
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
            mine += log.append([happened("mine") for _ in range(7)]).kept
        process.kill()
        process.join(30)
        assert len(log) >= max(kept, mine)
        assert len(log) % 7 == 0


def test_threads_share_one_log(log: EventLog) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda name: log.append([happened(str(name))]).kept, range(40))) == 40
    assert len(log) == 40


def test_a_log_of_the_first_layout_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    old = Database.open(path, replace(LAYOUT, migrations=LAYOUT.migrations[:1]))
    with old.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO events (at, article_id, reader, type) VALUES (?, ?, ?, ?)",
            [
                (int(NOON.timestamp()) * 10**6, "a", "ann", "view"),
                (int(NOON.timestamp()) * 10**6, "a", "bob", "click"),
                (int((NOON - HOUR).timestamp()) * 10**6, "b", "ann", "view"),
                (int((NOON - HOUR).timestamp()) * 10**6, "b", "", "view"),
            ],
        )
    old.close()
    with EventLog.open(path) as log:
        assert len(log) == 4
        found = popularity(log, at=NOON, window=7 * DAY, half_life=DAY)
        assert dict(zip(found.article_ids, found.readers.tolist(), strict=True)) == {"a": 2, "b": 2}
        assert log.append([happened("a", reader="ann")]).aside == {"repeat": 1}
    assert b"ann" not in stored_readers(path)


def test_ids_of_the_third_layout_are_known(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    ids = [xxh3_128_digest(name.encode()) for name in ("one", "seen")]
    old = Database.open(path, replace(LAYOUT, migrations=LAYOUT.migrations[:3]))
    with old.writing() as connection:
        connection.exec_driver_sql("INSERT INTO article_numbers (id) VALUES ('a')")
        connection.exec_driver_sql(
            "INSERT INTO events (at, type, article, id, impression) VALUES (?, 0, 1, ?, ?)",
            (int(NOON.timestamp()) * 10**6, *ids),
        )
    old.close()
    with EventLog.open(path) as log:
        assert log.append([happened("a", event_id="one")]).known == 1
        assert log.append([clicked("a", "seen")]).kept == 1
        assert log.append([clicked("a", "unseen")]).aside == {"no_impression": 1}


def test_any_time_of_the_next_hundred_years_has_a_rate(log: EventLog) -> None:
    for year in (2029, 2030, 2100, 2120):
        at = datetime(year, 12, 1, tzinfo=UTC)
        assert log.append([Event(type="view", article_id="a", reader="ann", at=at)]).kept == 1


def stored_readers(path: Path) -> bytes:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT reader FROM events").all()
    engine.dispose()
    return repr(rows).encode()


def test_a_name_that_was_erased_is_in_no_file(tmp_path: Path) -> None:
    name = "who-may-never-be-named"
    path = tmp_path / "events.sqlite"

    def files_with_name() -> list[str]:
        found = tmp_path.rglob("*")
        return [one.name for one in found if one.is_file() and name.encode() in one.read_bytes()]

    with EventLog.open(path, Keeping(hashed=False)) as log:
        log.append([happened(f"a{n}", n * MINUTE, name) for n in range(300)])
        assert files_with_name()
        assert log.erase(name) == 300
        assert files_with_name() == []
