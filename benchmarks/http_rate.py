"""How fast one worker answers, beside the same application answering a constant."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import httpx
import numpy as np

from benchmarks.corpora import HashedWords, made_up, opened
from benchmarks.definitions import HttpRate
from benchmarks.figures import Contest, Figure, Goal, figure, ratio
from benchmarks.http_app import CONSTANT
from benchmarks.http_server import cores, serving
from benchmarks.load import Load, generator, put

_USUAL = "GET /v1/articles/{id}/related"
_NEW = "the same, each a question not asked before"
_SIZED = 200  # answers whose middle length the constant has


def measure(asked: HttpRate, seed: int) -> tuple[list[Contest], list[Goal]]:
    """Rates and latencies of the same rounds: as asked by readers, and computed anew each time."""
    rng = np.random.default_rng(seed)
    with TemporaryDirectory() as folder:
        home = Path(folder)
        articles = made_up(asked.articles, rng)
        with opened(home, HashedWords()) as recommender:
            recommender.rebuild(articles)
        paths = [f"/v1/articles/{quote(one.id)}/related" for one in articles]
        # a question that nobody asked before cannot be answered from what is ready
        new = [f"{path}?exclude=nobody-{n}" for path in paths for n in range(asked.variants)]
        size = _usual_size(home, [paths[at] for at in rng.integers(0, len(paths), _SIZED)])
        # each with a server of its own: new questions would drive out what is ready
        loads = [_rounds(asked, home, kind, size, seed) for kind in (paths, new)]
    contests: list[Contest] = []
    goals: list[Goal] = []
    for which, (found, constant) in zip((_USUAL, _NEW), loads, strict=True):
        rate = Contest(
            name=f"answers a second, {asked.connections} connections",
            size=len(articles),
            measured_by=which,
            measured=figure("answers/s", [[one.rate] for one in found]),
            baseline_by="GET /constant",
            baseline=figure("answers/s", [[one.rate] for one in constant]),
            ratio=0,
            facts={"bytes of the constant": size, "load by": generator()},
        )
        rate = rate.model_copy(update={"ratio": ratio(rate.measured, rate.baseline)})
        contests += [rate, _latency(rate, found, constant)]
        goals.append(
            Goal(
                name=f"rate to that of a constant, {which}",
                at_least=asked.least_ratio,
                came=rate.ratio,
            )
        )
    return contests, goals


def _usual_size(home: Path, paths: Sequence[str]) -> int:
    with serving(home, constant_bytes=2, core=None) as address, httpx.Client() as client:
        answers = [client.get(address + path).raise_for_status() for path in paths]
    return int(np.median([len(one.content) for one in answers]))


def _rounds(
    asked: HttpRate, home: Path, paths: Sequence[str], size: int, seed: int
) -> tuple[list[Load], list[Load]]:
    """The loads of `paths` and of the constant, put in turn."""
    server_core, load_core = cores()
    measured: list[Load] = []
    constant: list[Load] = []
    with serving(home, constant_bytes=size, core=server_core) as address:
        for number in range(asked.rounds + 1):
            for wanted, found in ((paths, measured), ((CONSTANT,), constant)):
                load = put(
                    address,
                    wanted,
                    connections=asked.connections,
                    seconds=asked.seconds if number else asked.warm_up_seconds,
                    seed=seed + number,
                    core=load_core,
                    using=generator(),
                )
                if number:  # the first is the warm-up
                    found.append(load)
    return measured, constant


def _latency(rate: Contest, related: Sequence[Load], constant: Sequence[Load]) -> Contest:
    measured, baseline = _of(related), _of(constant)
    return Contest(
        name="time of an answer in the same rounds",
        size=rate.size,
        measured_by=rate.measured_by,
        measured=measured,
        baseline_by=rate.baseline_by,
        baseline=baseline,
        ratio=ratio(measured, baseline),
    )


def _of(loads: Sequence[Load]) -> Figure:
    """The percentiles are medians of the rounds': the generator keeps no single times."""
    medians = figure("ms", [[one.p50_ms] for one in loads])
    return medians.model_copy(
        update={
            "runs": sum(one.requests for one in loads),
            "p95": figure("ms", [[one.p95_ms] for one in loads]).median,
            "p99": figure("ms", [[one.p99_ms] for one in loads]).median,
        }
    )
