"""A contestant in a process of its own: built on all cores, then asked on one."""

import json
import multiprocessing
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, TypeVar

import numpy as np
import psutil
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from benchmarks.contestants.cores import bytes_below, memory_of, pin
from benchmarks.contestants.known import Known
from benchmarks.contestants.protocol import Contestant, Given, Rows

NO_ROW = -1
_MIB = 2**20
_PATIENCE = 30  # seconds to end by itself

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Task:
    """What the process is told.

    Attributes:
        who: the contestant.
        corpus, queries: files: `.npy` of vectors, which is mapped, or `.jsonl` of texts.
        recall: that it will be asked for.
        k: how many it is to find.
        core: that it keeps to after it is built; None for any.
    """

    who: Known
    corpus: Path
    queries: Path
    recall: float
    k: int
    core: int | None


@dataclass(frozen=True, slots=True)
class Built:
    """What a contestant is once it is made.

    Attributes:
        name, breadths, tuned: as in `Contestant`.
        seconds: to build, its library imported before.
        memory_mib: by which its processes grew, mapped files left out.
        disk_mib: in its own folder, or in its database.
    """

    name: str
    breadths: Sequence[int]
    tuned: int | None
    seconds: float
    memory_mib: float
    disk_mib: float


@dataclass(frozen=True, slots=True)
class Ask:
    """Queries one after the other, after looking so widely as `breadth`; None: as it is."""

    breadth: int | None
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Answers:
    """To an `Ask`.

    Attributes:
        rows: shape (queries, k), padded with `NO_ROW`.
        took: milliseconds of each.
    """

    rows: Rows
    took: list[float]


@dataclass(frozen=True, slots=True)
class Read:
    """How much the searches read, for these queries."""

    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Bytes:
    """To a `Read`: the mean; None where it is not told."""

    mean: float | None


@dataclass(frozen=True, slots=True)
class Failed:
    """What went wrong, in words."""

    why: str


class ContestantFailedError(Exception):
    """It could not be built or asked, ended by itself, or took too long."""


class Running:
    """The process of one contestant, as its parent sees it."""

    def __init__(self, task: Task) -> None:
        started = multiprocessing.get_context("spawn")
        self._connection, theirs = started.Pipe()
        self._process = started.Process(target=_serve, args=(theirs, task), daemon=True)
        self._process.start()
        theirs.close()

    def built(self, seconds: float) -> Built:
        """What it says once it is made.

        Raises:
            ContestantFailedError: see there; `seconds` is how long it may take.
        """
        return self._answer(None, Built, seconds)

    def ask(self, asked: Ask, seconds: float) -> Answers:
        """The answers, and how long each took.

        Raises:
            ContestantFailedError: see there.
        """
        return self._answer(asked, Answers, seconds)

    def bytes_read(self, numbers: Sequence[int], seconds: float) -> float | None:
        """The mean over these queries; None where it does not tell.

        Raises:
            ContestantFailedError: see there.
        """
        return self._answer(Read(numbers), Bytes, seconds).mean

    def close(self) -> None:
        """Ends it, and whatever it has started."""
        self._connection.close()  # which it takes for its end
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, asked: Ask | Read | None, kind: type[_Answer], seconds: float) -> _Answer:
        try:
            if asked is not None:
                self._connection.send(asked)
            if not self._connection.poll(seconds):
                self._kill()
                raise ContestantFailedError(f"took more than {seconds:.0f} s")
            found = self._connection.recv()
        except (EOFError, OSError) as error:
            self._process.join(_PATIENCE)
            ended = f"ended by itself, exit code {self._process.exitcode}"
            raise ContestantFailedError(ended) from error
        if not isinstance(found, kind):
            raise ContestantFailedError(found.why if isinstance(found, Failed) else str(found))
        return found

    def _kill(self) -> None:
        for one in _tree(self._process.pid):
            one.kill()
        self._process.join()


def _tree(pid: int | None) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return []


def _serve(connection: Connection, task: Task) -> None:
    """Builds and answers until the other end is closed."""
    try:
        with TemporaryDirectory() as folder:
            made, built = _build(task, Path(folder))
            try:
                pin(task.core, made.pids)
                connection.send(built)
                queries = _opened(task.queries)
                # who asks no more closes the other end
                with suppress(EOFError, BrokenPipeError), threadpool_limits(1):
                    while True:
                        connection.send(_done(connection.recv(), made, queries, task.k))
            finally:
                made.close()
    except Exception as error:  # noqa: BLE001  # whatever it was, it is told, and ends no other
        with suppress(OSError):  # nobody asks any more
            connection.send(Failed(f"{type(error).__name__}: {error}".splitlines()[0]))


def _build(task: Task, folder: Path) -> tuple[Contestant[Any], Built]:
    make = task.who.load()
    given = Given(_opened(task.corpus), folder, task.recall)
    before, start = memory_of(()), time.perf_counter()
    made = make(given)
    seconds = time.perf_counter() - start
    return made, Built(
        name=made.name,
        breadths=made.breadths,
        tuned=made.tuned,
        seconds=seconds,
        memory_mib=(memory_of(made.pids) - before) / _MIB,
        disk_mib=(bytes_below(folder) + made.bytes_on_disk()) / _MIB,
    )


def _done(asked: object, made: Contestant[Any], queries: Any, k: int) -> Answers | Bytes:
    if isinstance(asked, Read):
        read = [made.bytes_read(_query(queries, number), k) for number in asked.numbers]
        told = [one for one in read if one is not None]
        return Bytes(float(np.mean(told)) if told else None)
    if not isinstance(asked, Ask):
        raise TypeError(f"neither Ask nor Read: {asked!r}")
    if asked.breadth is not None:
        made.look(asked.breadth)
    rows = np.full((len(asked.numbers), k), NO_ROW, dtype=np.int64)
    took = []
    for place, number in enumerate(asked.numbers):
        query = _query(queries, number)
        start = time.perf_counter_ns()
        found = made.search(query, k)
        took.append((time.perf_counter_ns() - start) / 1e6)
        rows[place, : len(found)] = found
    return Answers(rows, took)


def _query(queries: Any, number: int) -> Any:
    """A text, or a copy of a vector in memory, shape (1, dim)."""
    if isinstance(queries, np.ndarray):
        return np.array(queries[number : number + 1])
    return queries[number]


def _opened(path: Path) -> Any:
    if path.suffix == ".npy":
        return np.load(path, mmap_mode="r")
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
