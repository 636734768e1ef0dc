"""Who watches a file hears of every commit, and hears nothing in between."""

import multiprocessing
import os
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index.bell import SILENT, Bell, Watched
from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.errors import CatalogError
from recommender.readers.events import Event, EventLog

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
PROCESSES = multiprocessing.get_context("spawn")


def test_a_ring_is_heard_by_all_that_have_the_bell(tmp_path: Path) -> None:
    path = tmp_path / "bell"
    one, other = Bell(path), Bell(path)
    heard = {other.heard()}
    assert heard == {one.heard()}
    for _ in range(3):
        one.ring()
        assert one.heard() == other.heard()
        heard.add(other.heard())
    assert len(heard - {SILENT}) == 4


def test_between_lifting_and_ringing_nobody_is_told_anything(tmp_path: Path) -> None:
    path = tmp_path / "bell"
    one, other = Bell(path), Bell(path)
    one.lift()
    assert other.heard() == SILENT
    assert Bell(path).heard() == SILENT  # as after a writer that was killed
    one.ring()
    assert other.heard() != SILENT


def test_where_there_is_no_bell_there_is_silence(tmp_path: Path) -> None:
    assert Bell(tmp_path / "no such folder" / "bell").heard() == SILENT
    assert Bell(None).heard() == SILENT


def lift_and_be_killed(path: Path) -> None:
    Bell(path).lift()
    os.kill(os.getpid(), signal.SIGKILL)


def unfinished(article: Article) -> Article:
    return article


def bell_of(catalog: Path) -> Path:
    (found,) = catalog.parent.glob("*-bell")
    return found


def commit_without_ringing(path: Path) -> None:
    with closing(sqlite3.connect(path)) as foreign, foreign:
        foreign.execute("CREATE TABLE of_somebody_else (n)")


def test_a_writer_that_was_killed_leaves_the_file_to_be_asked(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as watching:
        seen = watching.data_version()
        killed = PROCESSES.Process(target=lift_and_be_killed, args=(bell_of(path),))
        killed.start()
        killed.join()
        assert killed.exitcode == -signal.SIGKILL
        assert watching.data_version() == seen
        commit_without_ringing(path)
        assert watching.data_version() != seen


def test_between_two_rings_the_file_is_not_asked(tmp_path: Path) -> None:
    bell, asked = Bell(tmp_path / "bell"), []
    watched: Watched[int] = Watched(bell)

    def ask() -> int:
        asked.append(1)
        return len(asked)

    assert [watched.value(ask) for _ in range(5)] == [1] * 5
    bell.ring()
    assert [watched.value(ask) for _ in range(5)] == [2] * 5
    bell.lift()
    assert [watched.value(ask) for _ in range(3)] == [3, 4, 5]


def test_who_cannot_ring_waits_until_everybody_has_asked(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as watching, Catalog.open(path) as writing:
        bell = bell_of(path)
        seen = watching.data_version()
        bell.unlink()
        bell.mkdir()  # cannot be opened as a file
        writing.upsert([Article(id="a", title="One")], complete=unfinished)
        assert watching.data_version() != seen


def test_a_bell_that_was_taken_away_is_hung_again(tmp_path: Path) -> None:
    path = tmp_path / "bell"
    watching, ringing = Bell(path), Bell(path)
    path.unlink()
    ringing.lift()
    watching.renew()
    assert watching.heard() == SILENT
    ringing.ring()
    assert watching.heard() == ringing.heard() != SILENT


def test_a_file_of_two_names_has_one_bell(tmp_path: Path) -> None:
    path, other = tmp_path / "events.sqlite", tmp_path / "other" / "log.sqlite"
    other.parent.mkdir()
    with EventLog.open(path) as log:
        other.symlink_to(path)
        with EventLog.open(other) as same:
            before = same.data_version()
            log.append([Event(type="view", article_id="a", reader="r", at=NOON)])
            assert same.data_version() != before


def test_who_may_write_the_file_may_ring(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    path.touch()
    path.chmod(0o660)
    with EventLog.open(path):
        assert bell_of(path).stat().st_mode & 0o777 == 0o660


def test_a_commit_is_noticed_at_once_without_a_bell(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.with_name("catalog.sqlite-bell").mkdir()
    with Catalog.open(path) as watching:
        seen = watching.data_version()
        commit_without_ringing(path)
        assert watching.data_version() != seen


def test_what_writes_without_ringing_is_noticed_soon(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    with EventLog.open(path) as log:
        seen = log.data_version()
        commit_without_ringing(path)
        until = time.monotonic() + 10
        while log.data_version() == seen and time.monotonic() < until:
            time.sleep(0.02)
        assert log.data_version() != seen


def test_a_closed_file_is_not_answered_for_by_its_bell(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "events.sqlite")
    log.data_version()
    log.close()
    with pytest.raises(CatalogError, match="closed"):
        log.data_version()
