"""Contestants over one corpus: built one after the other, then asked round by round in turn."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.contestants.cores import bandwidth, last_core
from benchmarks.contestants.definitions import Asked
from benchmarks.contestants.known import Known
from benchmarks.contestants.process import Ask, Built, ContestantFailedError, Running, Task
from benchmarks.contestants.protocol import Rows
from benchmarks.figures import figure, ratio
from benchmarks.lineup import Entry, Lineup, Point

Judge = Callable[[Sequence[int], Rows], float]
"""The quality of the rows found for the queries of these numbers, in [0, 1]."""

_PATIENCE = 4  # times what an answer is expected to take, and
_LEAST_PATIENCE = 120.0  # seconds
_ENOUGH = 0.9995  # of quality: looking more widely shows nothing more
_TOLD = 20  # queries whose reading is counted
_MS = 1e3


@dataclass(frozen=True, slots=True)
class Contest:
    """What all are asked.

    Attributes:
        name, quality_is, wanted: as in `Lineup`.
        size: of the corpus.
        corpus, queries: files, see `Task`; there are `Asked.drawn` queries.
        judge: tells the quality.
    """

    name: str
    size: int
    quality_is: str
    wanted: float | None
    corpus: Path
    queries: Path
    judge: Judge


@dataclass(slots=True)
class _Standing:
    """One contestant on its way; `failed` says why it goes no further."""

    who: Known
    running: Running
    built: Built | None = None
    curve: list[Point] = field(default_factory=list)
    chosen: Point | None = None
    tuned: Point | None = None
    rounds: list[list[float]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    bytes_read: float | None = None
    failed: str = ""


def line_up(contest: Contest, asked: Asked, known: Sequence[Known]) -> Lineup:
    """Builds and asks each; the first of them is what the others stand beside.

    One that fails is told as failed, and the others go on.
    """
    bytes_a_second = bandwidth()
    with ExitStack() as stack:
        standing = []
        for who in known:
            recall = contest.wanted or 1.0
            core = last_core()
            task = Task(who, contest.corpus, contest.queries, recall, asked.k, core)
            one = _Standing(who, stack.enter_context(Running(task)))
            standing.append(one)
            with _guarded(one):
                _prepare(one, contest, asked)
            print(f"  {contest.size:,} {who.called}: {_words(one)}", flush=True)
        for number in range(asked.rounds):
            for one in standing:
                with _guarded(one):
                    _round(one, asked, number)
        for one in standing:
            with _guarded(one):
                _told(one)
    return Lineup(
        name=contest.name,
        size=contest.size,
        quality_is=contest.quality_is,
        wanted=contest.wanted,
        bandwidth=_rounded(bytes_a_second / 1e9),
        entries=tuple(_entry(one, standing[0], contest, bytes_a_second) for one in standing),
    )


@contextmanager
def _guarded(one: _Standing) -> Iterator[None]:
    """Whatever fails in here is the failure of that one."""
    try:
        yield
    except ContestantFailedError as error:
        one.failed = str(error)
        one.running.close()


def _prepare(one: _Standing, contest: Contest, asked: Asked) -> None:
    """Builds it, and finds how widely it has to look."""
    one.built = one.running.built(asked.build_seconds)
    breadths: Sequence[int | None] = one.built.breadths or [None]
    wanted = contest.wanted or 0.0
    spent, took = 0.0, _median_ms(one, breadths[0], range(asked.fewest))
    for breadth in breadths:
        left = asked.seconds - spent
        if left <= 0 and any(point.quality >= wanted for point in one.curve):
            break  # who has not come to it may look more widely yet, with the fewest queries
        # half of what is left: those that come look more widely
        count = _affordable(took, left / 2, asked.learned, asked.fewest)
        point, seconds = _looked(one, breadth, count, took, contest)
        spent, took = spent + seconds, _MS / point.rate
        one.curve.append(point)
        if point.quality >= _ENOUGH:
            break
    enough = [point for point in one.curve if point.quality >= wanted]
    nearest = max(one.curve, key=lambda point: point.quality)
    one.chosen = (enough or [nearest])[0]
    if one.built.tuned is not None:
        one.tuned, _ = _looked(one, one.built.tuned, asked.learned, took, contest)
    warm_up = range(asked.learned, asked.learned + asked.warm_up)
    count = _affordable(took, asked.seconds / 4, asked.warm_up, asked.fewest)
    _median_ms(one, one.chosen.breadth, warm_up[:count])


def _looked(
    one: _Standing, breadth: int | None, count: int, took: float, contest: Contest
) -> tuple[Point, float]:
    """What comes of so many queries at a breadth, of `took` ms each or so; and seconds in all."""
    answers = one.running.ask(Ask(breadth, range(count)), _patience(count, took))
    quality = _rounded(contest.judge(range(count), answers.rows))
    rate = _rounded(_MS / float(np.median(answers.took)))
    return Point(breadth=breadth, quality=quality, rate=rate), sum(answers.took) / _MS


def _round(one: _Standing, asked: Asked, number: int) -> None:
    if one.failed or one.chosen is None:
        return
    took = _MS / one.chosen.rate
    count = _affordable(took, asked.seconds / asked.rounds, asked.queries, asked.fewest)
    first = asked.learned + asked.warm_up + number * asked.queries
    numbers = range(first, first + min(count, asked.queries))
    # the others have had the caches since
    _median_ms(one, one.chosen.breadth, range(asked.fewest))
    answers = one.running.ask(Ask(one.chosen.breadth, numbers), _patience(count, took))
    one.rounds.append(answers.took)
    one.numbers += numbers
    one.rows.append(answers.rows)


def _told(one: _Standing) -> None:
    if one.failed:
        return
    one.bytes_read = one.running.bytes_read(one.numbers[:_TOLD], _LEAST_PATIENCE)
    one.running.close()


def _entry(one: _Standing, first: _Standing, contest: Contest, bytes_a_second: float) -> Entry:
    if one.failed or one.built is None or one.chosen is None:
        return Entry(who=one.who.called, name=one.who.called, failed=one.failed)
    took = figure("ms", one.rounds)
    beside = None if first.failed else ratio(took, figure("ms", first.rounds))
    read = one.bytes_read
    return Entry(
        who=one.who.called,
        name=one.built.name,
        version=version(one.who.library),
        took=took,
        quality=_rounded(contest.judge(one.numbers, np.concatenate(one.rows))),
        ratio=beside,
        breadth=one.chosen.breadth,
        built_s=_rounded(one.built.seconds),
        memory_mib=_rounded(max(0.0, one.built.memory_mib)),
        disk_mib=_rounded(one.built.disk_mib),
        limit_ms=None if read is None else _rounded(read / bytes_a_second * _MS),
        curve=tuple(one.curve),
        tuned=one.tuned,
    )


def _median_ms(one: _Standing, breadth: int | None, numbers: Sequence[int]) -> float:
    answers = one.running.ask(Ask(breadth, numbers), _LEAST_PATIENCE)
    return float(np.median(answers.took))


def _affordable(took: float, seconds: float, most: int, fewest: int) -> int:
    """Queries of `took` milliseconds each that fit into the seconds."""
    return max(min(fewest, most), min(most, int(seconds * _MS / took)))


def _patience(count: int, took: float) -> float:
    """Seconds after which so many queries of `took` milliseconds are given up."""
    return _LEAST_PATIENCE + _PATIENCE * count * took / _MS


def _words(one: _Standing) -> str:
    built, chosen = one.built, one.chosen
    if built is None or chosen is None:
        return one.failed
    return f"built in {built.seconds:.1f} s, {chosen.quality:.4f} at {chosen.rate:,.0f} a second"


def _rounded(value: float) -> float:
    """Five digits that count; more would be noise."""
    return float(f"{value:.5g}")
