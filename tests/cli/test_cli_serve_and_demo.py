import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from recommender.articles.times import parse_time
from tests.cli.ended_command import Run

CLI = [sys.executable, "-c", "import sys; from recommender.cli import main; sys.exit(main())"]


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server of the default home, and what it said once it has ended well."""
    command = [*CLI, "serve", "--port", "0", "--json", *options]
    said: list[bytes] = []
    with (
        Path("said.txt").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        try:
            # the port that it found is in what it prints first
            assert process.stdout is not None
            told = b"".join(iter(process.stdout.readline, b"}\n")) + b"}"
            yield json.loads(told)["address"], said
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            said.append(Path("said.txt").read_bytes())
    assert process.returncode == 0, said


@pytest.mark.usefixtures("place")
def test_it_serves_until_it_is_told_to_end() -> None:
    with serving() as (address, said):
        answer = asked(f"{address}/v1/articles/hp-0021/slots")
        port = address.rpartition(":")[2]
        second = subprocess.run(
            [*CLI, "serve", "--port", port], capture_output=True, timeout=60, check=False
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


def asked(address: str) -> dict[str, dict[str, object]]:
    until = time.monotonic() + 60
    while True:
        try:
            answer = httpx.get(address)
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            answer.raise_for_status()
            found: dict[str, dict[str, object]] = answer.json()
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
