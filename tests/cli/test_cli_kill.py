"""Killed at any moment, a rebuild damages nothing and the next one ends well."""

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from recommender import Recommender
from recommender.cli import main
from tests.cli.village_paper import records, write_articles

STEPS = ("read", "embed", "vectors", "gather", "neighbours", "recall", "write", "publish")
KILLED_IN = (*STEPS, *STEPS, "write", "publish", "publish", "publish")
"""Twenty kills, each at a random moment of its step."""

LAST = 30


def rebuild(home: str, source: str, log: str) -> None:
    """What a process of its own runs: the command, whole."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.exit(main(["rebuild", source, "--home", home, "--json"]))


def edition(number: int) -> list[dict[str, str]]:
    """Articles as they are after so many changes: other sections, now and then a new text."""
    changed = [{**one, "section": f"section {number}"} for one in records()]
    new = [
        {"id": f"new-{one}", "title": f"Extra {one}", "body": f"Bees in clock number {one}."}
        for one in range(number // 5 + 1)
    ]
    return changed + new


class Runs:
    """Rebuilds of one home, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self._source = folder / "source.jsonl"
        self._log = folder / "log.txt"
        # its children have everything imported, so that a kill hits the work and not the start
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["recommender.cli", "sentence_transformers"])

    def start(self, number: int) -> BaseProcess:
        write_articles(self._source, edition(number))
        self._log.unlink(missing_ok=True)
        process = self._context.Process(
            target=rebuild, args=(str(self.home), str(self._source), str(self._log))
        )
        process.start()
        return process

    def whole(self, number: int) -> dict[str, float]:
        """Runs to the end; returns the seconds of each step."""
        process = self.start(number)
        process.join()
        assert process.exitcode == 0, self.said()
        seconds: dict[str, float] = json.loads(self.said().partition("publish\n")[2])["report"][
            "seconds"
        ]
        return seconds

    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def kill(self, number: int, step: str, after: float) -> bool:
        """Kills a run `after` seconds of `step`; whether it was still at work."""
        process = self.start(number)
        while f"{step}\n" not in self.said() and process.is_alive():
            time.sleep(0.001)
        time.sleep(after)
        process.kill()
        process.join()
        return process.exitcode == -signal.SIGKILL


def test_killed_at_random_moments_it_damages_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECOMMENDER_HOME", raising=False)
    runs = Runs(tmp_path)
    runs.whole(0)
    seconds = runs.whole(5)  # the first with a new text
    rng = random.Random(7)  # noqa: S311 - moments, not secrets
    killed = 0
    with Recommender.open(runs.home) as server:  # open all the time, as a server is
        for number, step in enumerate(rng.sample(KILLED_IN, len(KILLED_IN)), start=6):
            killed += runs.kill(number, step, rng.uniform(0, seconds[step]))
            assert_serves(server)
            with Recommender.open(runs.home) as fresh:
                assert_serves(fresh)
    assert killed > len(KILLED_IN) // 2, f"only {killed} runs were still at work"

    runs.whole(LAST)
    with Recommender.open(runs.home) as fresh:
        assert_serves(fresh)
        corpus = fresh.corpus()
        ids = {one["id"] for one in edition(LAST)}
        assert {corpus.id_at(one) for one in range(len(corpus))} == ids
        assert not len(corpus.overlay)
        assert fresh.related("hp-0021")[0].card.section == f"section {LAST}"
        assert len(fresh.parts.store.versions()) <= fresh.parts.settings.rebuild.keep


def assert_serves(recommender: Recommender) -> None:
    """The published snapshot is whole, and every page can be filled from it."""
    store = recommender.parts.store
    version = store.current_version()
    assert version is not None
    _, refused = store.open_last_good()
    assert refused == ()
    for article in records():
        related, popular = recommender.slots(article["id"], limit=3)
        assert related.index_version == version
        shown = [one.id for one in (*related, *popular)]
        assert related
        assert len(set(shown)) == len(shown)
