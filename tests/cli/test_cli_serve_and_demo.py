import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from recommender.articles.times import parse_time
from tests.api.server import answers
from tests.cli.ended_command import Run
from tests.waiting import LONG, until

CLI = [sys.executable, "-c", "import sys; from recommender.cli import main; sys.exit(main())"]


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server of the default home, and what it said once it has ended well."""
    command = [*CLI, "serve", "--port", "0", "--json", *options]
    said: list[bytes] = []
    told = Path("told.txt")
    with (
        told.open("wb") as output,
        Path("said.txt").open("wb") as log,
        subprocess.Popen(command, stdout=output, stderr=log) as process,
    ):
        try:
            # the port that it found is in what it prints first
            until(
                lambda: told.read_bytes().endswith(b"}\n") or process.poll() is not None,
                "the address of the server",
            )
            yield json.loads(told.read_bytes())["address"], said
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(LONG)
            finally:
                process.kill()
            said.append(Path("said.txt").read_bytes())
    assert process.returncode == 0, said


@pytest.mark.usefixtures("place")
def test_it_serves_until_it_is_told_to_end() -> None:
    with serving() as (address, said):
        answer = asked(f"{address}/v1/articles/hp-0021/slots")
        port = address.rpartition(":")[2]
        second = subprocess.run(
            [*CLI, "serve", "--port", port], capture_output=True, timeout=LONG, check=False
        )

    assert {"related", "popular"} == set(answer["data"])
    assert said[0].count(b"Started server process") == 1
    assert second.returncode == 1
    assert second.stdout == b""
    assert second.stderr.decode() == (
        f"recommender: Another program listens at port {port} of 127.0.0.1 already. End it, or "
        "name another port with --port; --port 0 takes any free one.\n"
    )


@pytest.mark.usefixtures("place")
def test_several_workers_serve_the_home_that_was_named() -> None:
    Path("recommender-data").rename("elsewhere")
    with serving("--workers", "2", "--home", "elsewhere") as (address, said):
        answer = asked(f"{address}/v1/articles/hp-0021/slots")

    assert {"related", "popular"} == set(answer["data"])
    assert said[0].count(b"Started server process") == 2


@pytest.mark.usefixtures("place")
def test_workers_end_with_a_server_that_is_killed() -> None:
    log = Path("said.txt")
    with log.open("wb") as said:
        server = subprocess.Popen(
            [*CLI, "serve", "--port", "0", "--workers", "2"], stdout=subprocess.DEVNULL, stderr=said
        )
    try:
        until(lambda: len(started(log)) == 2, "two workers")
        workers = started(log)
        until(lambda: log.read_text().count("startup complete") == 2, "two workers that answer")
    finally:
        server.kill()
        server.wait(LONG)
    try:
        until(lambda: not any(map(alive, workers)), "workers to end")
    finally:
        for one in filter(alive, workers):
            os.kill(one, signal.SIGKILL)


@pytest.mark.usefixtures("place")
def test_workers_that_loaded_a_model_leave_nothing_behind() -> None:
    command = [*CLI, "serve", "--port", "0", "--workers", "2", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert server.stdout is not None
        address = json.loads(b"".join(iter(server.stdout.readline, b"}\n")) + b"}")["address"]
        until(lambda: answers(address), f"{address} to be ready")
        text = {"title": "A bridge", "body": "It crosses the river at the weir."}
        embedded = httpx.post(f"{address}/v1/related", json=text, timeout=LONG)
    finally:
        server.terminate()
        # to the end, at which Python tells of what was left
        _, said = server.communicate(timeout=LONG)
    assert embedded.status_code == 200, embedded.text
    assert b"resource_tracker" not in said


def started(log: Path) -> list[int]:
    """The workers that a server said it started."""
    return [int(one) for one in re.findall(r"Started server process \[(\d+)\]", log.read_text())]


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_cannot_start_says_so_and_fails(workers: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.cli.broken_server", workers],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        timeout=LONG,
        check=False,
    )
    assert ended.returncode == 1
    assert b"nothing lies where it should" in ended.stderr


def asked(address: str) -> dict[str, dict[str, object]]:
    """What it answers, once it takes connections."""
    until(lambda: answers(address, ""), f"{address} to answer")
    found: dict[str, dict[str, object]] = httpx.get(address, timeout=LONG).json()
    return found


@pytest.mark.usefixtures("place")
def test_demo_of_another_corpus_shows_its_own_page(run: Run) -> None:
    ended = run("demo", "export.csv", "--map", "title=headline", "--home", "try")

    assert ended.status == 0
    assert "The page of csv-1: Bees in the tower" in ended.out
    assert "recommender serve --home try" in ended.out


@pytest.mark.usefixtures("place")
def test_demo_fills_both_slots_from_the_sample_and_may_run_again(run: Run) -> None:
    first = run("demo", "--home", "shown")
    second = run("demo", "--home", "shown", "--json")

    assert first.status == second.status == 0, first.err + second.err
    assert "make serve" in first.out
    page = json.loads(second.out)
    assert page["meta"]["fallback"] == {"related": None, "popular": None}
    related, popular = page["data"]["related"], page["data"]["popular"]
    assert len(related) == len(popular) == 5
    shown = [card["id"] for card in (*related, *popular)]
    assert len(set(shown)) == 10
    subject = first.out.partition("The page of ")[2].partition(":")[0]
    assert subject not in shown
    assert all(one in first.out for one in shown)
    status = json.loads(run("status", "--home", "shown", "--json").out)
    lines = Path(__file__).parents[2] / "recommender" / "sample" / "events.jsonl"
    times = [parse_time(json.loads(line)["at"]) for line in lines.read_text().splitlines()]
    kept = [one for one in times if one >= max(times) - timedelta(days=90)]
    assert status["events"] == len(kept)  # read once, not twice
