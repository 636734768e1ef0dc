"""Kinds of load on one server, in turn, and the contests between them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from benchmarks.figures import Contest, Figure, figure, ratio
from benchmarks.http_app import CONSTANT, ORDINARY
from benchmarks.http_server import cores
from benchmarks.load import Load, generator, put
from benchmarks.request import Request

BARE = Request(CONSTANT)
"""A constant, by the product's own routing."""

PLAIN = Request(ORDINARY)
"""The same bytes, as FastAPI's documentation would have it."""


class Meanwhile(Protocol):
    """Makes what goes on beside a load."""

    def __call__(self, address: str, *, seed: int) -> AbstractContextManager[None]:
        """Goes on within."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of load.

    Attributes:
        by: what is asked, in words.
        requests: drawn uniformly.
        meanwhile: what arrives besides, by the server's address and a `seed`; None for nothing.
    """

    by: str
    requests: Sequence[Request]
    meanwhile: Meanwhile | None = None


CONSTANTS = (
    Kind(f"GET {CONSTANT}", (BARE,)),
    Kind(f"GET {ORDINARY}, FastAPI", (PLAIN,)),
)
"""The two baselines of every answer."""


def in_turn(
    address: str,
    kinds: Sequence[Kind],
    *,
    connections: int,
    seconds: int,
    rounds: int,
    warm_up_seconds: int,
    seed: int,
    pinned: bool = True,
) -> list[list[Load]]:
    """The loads of each kind, by round.

    Args:
        address: of the server.
        kinds: take turns in each round.
        connections: kept alive, each with one request under way.
        seconds: of each kind in a round.
        rounds: that count.
        warm_up_seconds: of each kind before them; 0 for a server that is to be met cold.
        seed: of the first round.
        pinned: whether the load keeps to a core of its own.
    """
    found: list[list[Load]] = [[] for _ in kinds]
    core = cores()[1] if pinned else None
    for number in range(0 if warm_up_seconds else 1, rounds + 1):
        for place, (kind, own) in enumerate(zip(kinds, found, strict=True)):
            # another one for each: no number in a body comes twice
            drawn = seed + number * len(kinds) + place
            # far from the seeds of the rounds
            besides = kind.meanwhile and kind.meanwhile(address, seed=drawn + 2**30)
            with besides or nullcontext():
                load = put(
                    address,
                    kind.requests,
                    connections=connections,
                    seconds=seconds if number else warm_up_seconds,
                    seed=drawn,
                    core=core,
                )
            if number:
                own.append(load)
    return found


_TIMES = "time of an answer in the same rounds"


def contests(
    what: str,
    size: int,
    kinds: Sequence[Kind],
    loads: Sequence[Sequence[Load]],
    facts: Mapping[str, float | str],
) -> list[Contest]:
    """Rates of the first kind beside each of the others, then times.

    Args:
        what: was asked of all, such as "16 connections".
        size: of the corpus.
        kinds: at least two.
        loads: what `in_turn` found of them.
        facts: told beside the first rate.
    """
    told = {**facts, "load by": generator()}
    found: list[Contest] = []
    for name, figure_of in ((f"answers a second, {what}", rates), (_TIMES, times)):
        measured = figure_of(loads[0])
        for other, beside in zip(kinds[1:], loads[1:], strict=True):
            baseline = figure_of(beside)
            found.append(
                Contest(
                    name=name,
                    size=size,
                    measured_by=kinds[0].by,
                    measured=measured,
                    baseline_by=other.by,
                    baseline=baseline,
                    ratio=ratio(measured, baseline),
                    facts=told if not found else {},
                )
            )
    return found


def rates(loads: Sequence[Load]) -> Figure:
    """Answers a second, by round."""
    return figure("answers/s", [[one.rate] for one in loads])


def times(loads: Sequence[Load]) -> Figure:
    """The percentiles are medians of the rounds': the generator keeps no single times."""
    medians = figure("ms", [[one.p50_ms] for one in loads])
    return medians.model_copy(
        update={
            "runs": sum(one.requests for one in loads),
            "p95": figure("ms", [[one.p95_ms] for one in loads]).median,
            "p99": figure("ms", [[one.p99_ms] for one in loads]).median,
        }
    )
