"""Four workers under everything at once: nothing lost, nothing stale, no failure.

Some seconds by default; `MIXED_LOAD_SECONDS=600` for ten minutes.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from recommender.cli import main
from recommender.engine import Recommender
from recommender.readers.event import Event
from recommender.readers.events import EventLog
from tests.api.mixed_load import (
    Actor,
    Beacon,
    Desk,
    Editor,
    Load,
    Paper,
    Publisher,
    Reader,
    Rebuilds,
)
from tests.api.server import answers, free_port
from tests.waiting import LONG, until

_SECONDS = float(os.environ.get("MIXED_LOAD_SECONDS", "8"))
_WORKERS = 4
_SOURCE = Path(str(files("recommender").joinpath("sample", "articles.jsonl")))
_LAST = 600.0
"""Seconds within which everything has happened and everybody stops, on whatever machine."""
_WANTED = (
    *("GET 200", "GET 304", "GET 404", "POST 200", "POST 201", "POST 202"),
    *("PUT 201", "DELETE 200", "DELETE 204", "rebuild"),
)
"""Else there was nothing to be seen."""


@pytest.fixture
def paper_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the invented newspaper; its embedder is quick, so that there are many changes."""
    monkeypatch.delenv("RECOMMENDER_HOME", raising=False)
    home = tmp_path / "home"
    home.mkdir()
    # changes are folded in as they are in a large catalog, and now and then all is made anew
    settings = '[embedder]\nmodel = "wordllama"\n[rebuild]\nfold_from = 1\nfold_share = 0.2\n'
    (home / "recommender.toml").write_text(settings)
    assert main(["rebuild", str(_SOURCE), "--home", str(home)]) == 0
    return home


@contextmanager
def served(home: Path, counted: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """The server as operators start it; what its workers count lies in `counted`."""
    counted.mkdir()
    port, log = free_port(), home.parent / "server.log"
    command = "import sys; from recommender.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["serve", "--home", str(home), "--port", str(port), "--workers", str(_WORKERS)]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-c", command, *arguments],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(counted)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: server.poll() is None and answers(address), "the server to be ready")
        # whoever has answered has counted it
        until(
            lambda: answers(address) and len(workers(counted)) == _WORKERS, "all workers to answer"
        )
        yield server, port, log
    finally:
        if server.poll() is None:
            server.terminate()
        try:
            server.wait(LONG)
        except subprocess.TimeoutExpired:
            server.kill()
            raise


def workers(counted: Path) -> set[str]:
    """The processes that have answered anything."""
    names = (one.name for one in counted.iterdir())
    return {found[1] for one in names if (found := re.fullmatch(r"counter_(\d+)\.db", one))}


def paper() -> tuple[Paper, list[str]]:
    """What is there from the beginning, and words to write more with."""
    lines = [json.loads(line) for line in _SOURCE.read_text(encoding="utf-8").splitlines()]
    ids = list(dict.fromkeys(one["id"] for one in lines))
    words = sorted({word for one in lines for word in re.findall(r"[a-z]{4,}", one["body"])})
    return Paper(stable=ids[::2], doomed=ids[1::4], blockable=ids[3::4]), words


def test_nothing_is_lost_nothing_is_stale_and_nothing_fails(
    paper_home: Path, tmp_path: Path
) -> None:
    told, words = paper()
    with served(paper_home, tmp_path / "counted") as (server, port, log):
        load = Load(port, told)
        actors: list[Actor] = [
            *(Reader(load, number) for number in range(4)),
            *(Beacon(load, number) for number in range(2)),
            *(Publisher(load, number, words) for number in range(2)),
            Editor(load, 0),
            Desk(load, 0, _SECONDS),
            Rebuilds(load, 0, _SOURCE, paper_home),
        ]
        for one in actors:
            one.start()
        try:
            load.over.wait(_SECONDS)
            until(
                lambda: load.failures or all(load.done[one] for one in _WANTED),
                f"all of {', '.join(_WANTED)}",
                _LAST,
            )
        finally:
            load.over.set()
            for one in actors:
                one.join(_LAST)
        assert not load.failures, "\n".join(load.failures[:20])
        assert not [one.name for one in actors if one.is_alive()]
        assert not [what for what in load.done if re.search(" 5..$", what)], load.done
        assert_serves_what_was_published_last(port, paper_home)
        # none has died and was replaced
        assert len(workers(tmp_path / "counted")) == _WORKERS
        server.send_signal(signal.SIGTERM)
        assert server.wait(_LAST) in {0, -signal.SIGTERM}
    assert "Traceback" not in log.read_text(), log.read_text()[-10_000:]
    assert_log_has_each_once(paper_home, load.events)


def assert_serves_what_was_published_last(port: int, home: Path) -> None:
    with Recommender.open(home) as here:
        published = here.parts.store.current_version()

    def version() -> str:
        told = httpx.get(f"http://127.0.0.1:{port}/v1/index").json()["data"]["version"]
        return str(told)

    until(lambda: {version() for _ in range(20)} == {published}, "the last snapshot everywhere")


def assert_log_has_each_once(home: Path, acknowledged: set[str]) -> None:
    with EventLog.open(home / "events.sqlite") as log:
        assert len(log) == len(acknowledged)
        at = datetime.now(UTC)
        again = [Event(type="view", article_id="a", at=at, id=one) for one in acknowledged]
        assert log.append(again).known == len(acknowledged)
