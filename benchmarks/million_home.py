"""A large catalog on the disk: rebuilt in processes of their own, whose time and memory is told."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from shutil import rmtree

from pydantic import BaseModel, ConfigDict

from benchmarks.corpora import opened, real_vectors
from benchmarks.raw import commit_of
from benchmarks.streamed import GivenVectors, Streamed
from index.protocol import Vectors
from recommender.jobs.steps import Watch

_RECORD = "rebuilds.json"
_STATUS = Path("/proc/self/status")
_EVERY = 0.2  # seconds
_KIB_IN_GIB = 1024**2


class Rebuilt(BaseModel):
    """One rebuild.

    Attributes:
        articles: in the snapshot that is served after it.
        seconds: from the first record to the end.
        stages: seconds of each.
        own_gib: the most memory that was its own, not of mapped files.
        own_in: the step in which that was.
        peak_gib: the most memory, pages of mapped files included; the system takes those back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    articles: int
    seconds: float
    stages: dict[str, float]
    own_gib: float
    own_in: str = ""  # records of before it was told lack it
    peak_gib: float


class Rebuilds(BaseModel):
    """What was rebuilt one after another, kept beside the home.

    Attributes:
        whole: from nothing.
        added: after some articles more.
        again: with nothing new.
        commit: of the code.
        taken_at: when the last ended.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    whole: Rebuilt
    added: Rebuilt
    again: Rebuilt
    commit: str
    taken_at: datetime


def rebuilds(home: Path, articles: int, added: int, seed: int) -> Rebuilds:
    """Makes the home, or tells what it took where it is there already.

    Args:
        home: removed where a run was broken off in it.
        articles: of the first rebuild.
        added: articles of the second one.
        seed: of the articles.
    """
    record = home / _RECORD
    if record.is_file():
        return Rebuilds.model_validate_json(record.read_bytes())
    rmtree(home, ignore_errors=True)
    ends = (articles, articles + added, articles + added)
    starts = (0, articles, articles + added)
    real = real_vectors()
    whole, more, again = (
        _in_a_process(home, real, Streamed(start, end, articles + added, seed))
        for start, end in zip(starts, ends, strict=True)
    )
    commit, _ = commit_of(Path(__file__).resolve().parents[1])
    made = Rebuilds(whole=whole, added=more, again=again, commit=commit, taken_at=datetime.now(UTC))
    record.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return made


def _in_a_process(home: Path, real: Vectors, records: Streamed) -> Rebuilt:
    # spawned: what this process keeps in memory is not the rebuild's
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_rebuilt, home, real, records).result()


def _rebuilt(home: Path, real: Vectors, records: Streamed) -> Rebuilt:
    with opened(home, GivenVectors(real), follow=False) as recommender, _memory() as most:
        start = time.perf_counter()
        report = recommender.rebuild(records, watch=Watch(step=most.begin))
        return Rebuilt(
            articles=report.articles,
            seconds=round(time.perf_counter() - start, 3),
            stages=report.seconds,
            own_gib=round(most.own, 2),
            own_in=most.own_in,
            peak_gib=round(most.all, 2),
        )


@dataclass(slots=True)
class _Most:
    """GiB, and the step in which the most was its own."""

    own: float = 0.0
    own_in: str = ""
    all: float = 0.0
    step: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def begin(self, step: str) -> None:
        self.step = step

    def watch(self) -> None:
        while not self.ended.wait(_EVERY):
            own, mapped = memory_gib(_STATUS, ("RssAnon", "RssFile"))
            if own > self.own:
                self.own, self.own_in = own, self.step
            self.all = max(self.all, own + mapped)


@contextmanager
def _memory() -> Iterator[_Most]:
    most = _Most()
    thread = threading.Thread(target=most.watch)
    thread.start()
    try:
        yield most
    finally:
        most.ended.set()
        thread.join()


def memory_gib(status: Path, names: Sequence[str]) -> list[float]:
    """Of a process, as the lines of these names in its `status` file of Linux say."""
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return [int(lines[name].split()[0]) / _KIB_IN_GIB for name in names]
