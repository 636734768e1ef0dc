"""Measurements to figures: rounds of runs in, medians with their spread out."""

import time
from collections.abc import Callable, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Record):
    """One thing that was measured several times.

    Attributes:
        unit: of the numbers, such as "ms".
        runs: measurements, those of the warm-up left out.
        median, p95, p99: over all runs of all rounds.
        spread: third quartile less the first, over all runs.
        rounds: the median of each round, in their order.
    """

    unit: str
    runs: int
    median: float
    p95: float
    p99: float
    spread: float
    rounds: tuple[float, ...]


class Contest(_Record):
    """Something measured, beside its baseline in the same run, round by round in turn.

    Attributes:
        name: what was asked of both.
        size: of the corpus.
        measured_by, baseline_by: who did it.
        ratio: measured to baseline, the median over the rounds.
        facts: what else the run told.
        stages: parts of what was measured.
    """

    name: str
    size: int
    measured_by: str
    measured: Figure
    baseline_by: str
    baseline: Figure
    ratio: float
    facts: dict[str, float | str] = {}
    stages: dict[str, Figure] = {}


class Goal(_Record):
    """What a figure has to be.

    Attributes:
        name: which figure of which contest.
        at_least, at_most: bounds; None where there is none.
        came: what was measured.
    """

    name: str
    at_least: float | None = None
    at_most: float | None = None
    came: float

    @property
    def reached(self) -> bool:
        """Whether `came` keeps both bounds."""
        above = self.at_least is None or self.came >= self.at_least
        return above and (self.at_most is None or self.came <= self.at_most)


def figure(unit: str, rounds: Sequence[Sequence[float]]) -> Figure:
    """The figure of `rounds`, each of which holds its runs; there is at least one run in each."""
    runs = np.concatenate([np.asarray(one, dtype=np.float64) for one in rounds])
    first, median, third, p95, p99 = np.percentile(runs, (25, 50, 75, 95, 99))
    return Figure(
        unit=unit,
        runs=len(runs),
        median=_rounded(median),
        p95=_rounded(p95),
        p99=_rounded(p99),
        spread=_rounded(third - first),
        rounds=tuple(_rounded(np.median(one)) for one in rounds),
    )


def ratio(measured: Figure, baseline: Figure) -> float:
    """The median over the rounds: what disturbs a round disturbs both of its halves."""
    pairs = zip(measured.rounds, baseline.rounds, strict=True)
    return _rounded(np.median([one / other for one, other in pairs]))


_AGAIN = 5


def in_turn(
    contestants: Sequence[Callable[[int], object]], *, runs: int, warm_up: int, rounds: int
) -> list[Figure]:
    """Milliseconds of one call, for each contestant; they take turns round by round.

    Args:
        contestants: called with the number of the run, the same numbers for all, from 0 in the
            warm-up and going on through the rounds.
        runs: calls in a round.
        warm_up: calls before the first round, not counted; a few of them before each round.
        rounds: how often each contestant has its turn.
    """
    took: list[list[list[float]]] = [[] for _ in contestants]
    for call in contestants:
        _timed(call, range(warm_up))
    for start in range(warm_up, warm_up + rounds * runs, runs):
        for call, own in zip(contestants, took, strict=True):
            # the others have had the caches since
            _timed(call, range(min(warm_up, _AGAIN)))
            own.append(_timed(call, range(start, start + runs)))
    return [figure("ms", own) for own in took]


def _timed(call: Callable[[int], object], numbers: range) -> list[float]:
    took = []
    for number in numbers:
        start = time.perf_counter_ns()
        call(number)
        took.append((time.perf_counter_ns() - start) / 1e6)
    return took


def _rounded(value: float | np.floating) -> float:
    """Five digits that count; more would be noise."""
    return float(f"{float(value):.5g}")
