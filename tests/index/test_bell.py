"""Who watches a file hears of every commit, and hears nothing in between."""

import multiprocessing
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from index.bell import SILENT, Bell
from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.readers.events import EventLog

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
    bell = Bell(tmp_path / "no such folder" / "bell")
    bell.lift()
    bell.ring()
    assert bell.heard() == SILENT


def ring_and_be_killed(path: Path) -> None:
    Bell(path).lift()
    os.kill(os.getpid(), signal.SIGKILL)


def unfinished(article: Article) -> Article:
    return article


def bell_of(catalog: Path) -> Path:
    (found,) = catalog.parent.glob("*-bell")
    return found


def test_a_writer_that_was_killed_leaves_the_file_to_be_asked(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as watching, Catalog.open(path) as writing:
        seen = watching.data_version()
        killed = PROCESSES.Process(target=ring_and_be_killed, args=(bell_of(path),))
        killed.start()
        killed.join()
        assert killed.exitcode == -signal.SIGKILL
        assert watching.data_version() == seen
        writing.upsert([Article(id="a", title="One")], complete=unfinished)
        assert watching.data_version() != seen


def test_a_commit_is_noticed_at_once_without_a_bell(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.with_name("catalog.sqlite-bell").mkdir()  # cannot be opened as a file
    with Catalog.open(path) as watching, Catalog.open(path) as writing:
        seen = watching.data_version()
        writing.upsert([Article(id="a", title="One")], complete=unfinished)
        assert watching.data_version() != seen


def test_what_writes_without_ringing_is_noticed_soon(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    with EventLog.open(path) as log:
        seen = log.data_version()
        with sqlite3.connect(path) as foreign:
            foreign.execute("CREATE TABLE of_somebody_else (n)")
        until = time.monotonic() + 10
        while log.data_version() == seen and time.monotonic() < until:
            time.sleep(0.02)
        assert log.data_version() != seen


def test_a_closed_file_is_not_answered_for_by_its_bell(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "events.sqlite")
    log.data_version()
    log.close()
    with pytest.raises(Exception, match="closed"):
        log.data_version()
