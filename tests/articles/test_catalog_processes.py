"""Real processes and threads on one file."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
PROCESSES = multiprocessing.get_context("spawn")


def unfinished(article: Article) -> Article:
    return article


def put_batches(path: Path, name: str, batches: int, size: int, gate: Connection) -> None:
    gate.send("ready")
    gate.recv()
    with Catalog.open(path) as catalog:
        for batch in range(batches):
            articles = [Article(id=f"{name}-{batch}-{n}", title=name) for n in range(size)]
            articles.append(Article(id=f"shared-{batch}", title=name))
            catalog.upsert(articles, complete=unfinished)


def put_forever(path: Path, told: Connection) -> None:
    with Catalog.open(path) as catalog:
        batch = 0
        while True:
            articles = [Article(id=f"{batch}-{n}", body="x" * 2_000) for n in range(50)]
            catalog.upsert(articles, complete=unfinished)
            told.send(batch)
            batch += 1


def started(target: Callable[..., None], *arguments: object) -> tuple[SpawnProcess, Connection]:
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=target, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def test_two_processes_make_and_fill_a_new_catalog_at_once(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    writers = [started(put_batches, path, name, 20, 25) for name in ("x", "y")]
    for _, gate in writers:
        assert gate.recv() == "ready"
    for _, gate in writers:
        gate.send("go")
    for process, _ in writers:
        process.join(60)
        assert process.exitcode == 0
    with Catalog.open(path) as catalog:
        assert catalog.counts("").published == 2 * 20 * 25 + 20
        # each committed transaction took a revision of its own
        revisions = {
            stored.revision
            for stored in catalog.get_many(
                [f"{name}-{batch}-0" for name in ("x", "y") for batch in range(20)]
            ).values()
        }
        assert len(revisions) == 40
        assert catalog.revision == max(revisions)


def test_many_threads_open_one_new_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"

    def opened(number: int) -> int:
        with Catalog.open(path) as catalog:
            return catalog.upsert([Article(id=str(number))], complete=unfinished).added

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(opened, range(24))) == 24


def test_threads_share_one_catalog(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:

        def worked(number: int) -> bool:
            catalog.upsert([Article(id=str(number))], complete=unfinished)
            catalog.data_version()
            return catalog.get(str(number)) is not None

        with ThreadPoolExecutor(16) as pool:
            assert all(pool.map(worked, range(100)))
        assert catalog.revision == 100


def test_a_reader_sees_whole_batches_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog:
        process, told = started(put_forever, path)
        seen: set[int] = set()
        versions: set[int] = set()
        while len(seen) < 10:
            assert told.poll(30)
            told.recv()
            versions.add(catalog.data_version())
            with catalog._database.reading() as connection:
                counts = [
                    connection.exec_driver_sql("SELECT count(*) FROM articles").scalar_one()
                    for _ in range(2)
                ]
            assert counts[0] == counts[1]
            assert counts[0] % 50 == 0
            seen.add(counts[0])
        process.kill()
        process.join(30)
    assert len(versions) > 5


@pytest.mark.parametrize("delay", [0.0, 0.013, 0.05])
def test_kill_9_loses_nothing_that_was_committed(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "catalog.sqlite"
    process, told = started(put_forever, path)
    for _ in range(3):
        assert told.poll(30)
        last = told.recv()
    time.sleep(delay)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    try:
        while told.poll():
            last = told.recv()
    except EOFError:
        pass
    with Catalog.open(path) as catalog:
        published = catalog.counts("").published
        # the batch being told of when it was killed may be there too, but whole
        assert published in {50 * (last + 1), 50 * (last + 2)}
        assert catalog.revision == published // 50
        with catalog._database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert catalog.upsert([Article(id="after")], complete=unfinished).added == 1


def test_completing_does_not_keep_others_from_writing(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog, Catalog.open(path) as other:

        def interrupted(article: Article) -> Article:
            # would wait for the lock and fail, were it held here
            other.upsert([Article(id=article.id, title="faster")], complete=unfinished)
            return article

        done = catalog.upsert([Article(id="a", title="slower")], complete=interrupted)
        # it was new when first looked at, and no longer when written
        assert (done.added, done.changed) == (0, 1)
        found = catalog.get("a")
        assert found is not None
        assert found.article.title == "slower"


def test_an_article_withdrawn_while_another_version_is_completed_stays_withdrawn(
    tmp_path: Path,
) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog, Catalog.open(path) as other:
        catalog.upsert([Article(id="a", title="1")], complete=unfinished)

        def interrupted(article: Article) -> Article:
            other.withdraw(["a"], at=NOON)
            return article

        done = catalog.upsert([Article(id="a", title="2")], complete=interrupted)
        assert (done.changed, done.withheld) == (0, 1)
        found = catalog.get("a")
        assert found is not None
        assert found.article.status == "withdrawn"
