"""How fast events are kept, and what is read at the end of a short and of a long log."""

import argparse
import json
import random
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.event_load import ARTICLES, READERS, batch_bodies, beacons, send
from benchmarks.figures import Contest, Goal, figure, ratio
from benchmarks.http_app import CONSTANT
from benchmarks.http_server import cores, serving
from benchmarks.load import Load, generator, put
from recommender.readers.event import Event
from recommender.readers.events import EventLog

_ROOT = Path(__file__).resolve().parents[1]
_ANSWER_BYTES = 68  # of a beacon's answer
_SPAN = timedelta(days=30)

# what a server does at its start and for its first popular slot, in a process of its own
_ASK = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from recommender.readers.events import EventLog
from recommender.readers.popularity import popularity
days = timedelta(days=float(sys.argv[2]))
start = time.perf_counter()
with EventLog.open(Path(sys.argv[1])) as log:
    found = popularity(log, at=datetime.now(UTC), window=days, half_life=timedelta(days=1))
    print((time.perf_counter() - start) * 1e3, len(found.article_ids))
"""


@dataclass(frozen=True, slots=True)
class EventsRate:
    """What is measured.

    Attributes:
        connections: that send beacons.
        batches: of `batch_size` events in a round.
        short, long: events of the two logs.
        least_ratio: of the rates of beacons and of a constant.
        least_rate: events a second, in batches.
        most_longer: times that the long log may take.
    """

    connections: int = 256
    seconds: int = 4
    rounds: int = 5
    batches: int = 100
    batch_size: int = 1_000
    batch_connections: int = 4
    short: int = 10_000
    long: int = 3_000_000
    asked: int = 9
    least_ratio: float = 0.5
    least_rate: float = 50_000
    most_longer: float = 2.0


def measure(asked: EventsRate, seed: int) -> tuple[list[Contest], list[Goal]]:
    """All three: beacons, batches, and the popular slot of two logs."""
    rate, ratio_goal = _beacons(asked, seed)
    batches, rate_goal = _batches(asked, seed)
    popular, goals = _popular(asked, seed)
    return [rate, batches, *popular], [ratio_goal, rate_goal, *goals]


def _beacons(asked: EventsRate, seed: int) -> tuple[Contest, Goal]:
    server_core, load_core = cores()
    measured: list[Load] = []
    constant: list[Load] = []
    with (
        TemporaryDirectory() as folder,
        serving(Path(folder), constant_bytes=_ANSWER_BYTES, core=server_core) as address,
    ):
        for number in range(asked.rounds + 1):
            sent = beacons(
                address,
                connections=asked.connections,
                seconds=asked.seconds,
                seed=seed + number,
                core=load_core,
            )
            same = put(
                address,
                (CONSTANT,),
                connections=asked.connections,
                seconds=asked.seconds,
                seed=seed + number,
                core=load_core,
                using=generator(),
            )
            if number:  # the first is the warm-up
                measured.append(sent)
                constant.append(same)
        with EventLog.open(Path(folder) / "events.sqlite") as log:
            kept = len(log)
    found = Contest(
        name=f"beacons a second, {asked.connections} connections",
        size=kept,
        measured_by="POST /v1/events, one event, durable",
        measured=figure("answers/s", [[one.rate] for one in measured]),
        baseline_by="GET /constant",
        baseline=figure("answers/s", [[one.rate] for one in constant]),
        ratio=0,
        facts={"p50 ms": measured[0].p50_ms, "p99 ms": measured[0].p99_ms},
    )
    found = found.model_copy(update={"ratio": ratio(found.measured, found.baseline)})
    goal = Goal(name="beacons to a constant", at_least=asked.least_ratio, came=found.ratio)
    return found, goal


def _batches(asked: EventsRate, seed: int) -> tuple[Contest, Goal]:
    server_core, load_core = cores()
    rates: list[list[float]] = []
    alone: list[list[float]] = []
    with (
        TemporaryDirectory() as folder,
        serving(Path(folder), constant_bytes=_ANSWER_BYTES, core=server_core) as address,
    ):
        for number in range(asked.rounds + 1):
            bodies = list(batch_bodies(asked.batches, asked.batch_size, seed + number))
            seconds = send(address, bodies, connections=asked.batch_connections, core=load_core)
            small = list(batch_bodies(asked.batches, 1, seed + 1000 + number))
            single = send(address, small, connections=asked.batch_connections, core=load_core)
            if number:
                rates.append([asked.batches * asked.batch_size / seconds])
                alone.append([asked.batches / single])
    measured, baseline = figure("events/s", rates), figure("events/s", alone)
    found = Contest(
        name=f"events a second, {asked.batch_connections} connections",
        size=asked.batch_size,
        measured_by=f"POST /v1/events, {asked.batch_size:,} events",
        measured=measured,
        baseline_by="the same, one event",
        baseline=baseline,
        ratio=ratio(measured, baseline),
    )
    return found, Goal(name="events/s in batches", at_least=asked.least_rate, came=measured.median)


def _popular(asked: EventsRate, seed: int) -> tuple[list[Contest], list[Goal]]:
    found, goals = [], []
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name / "events.sqlite" for name in ("short", "long")]
        for path, count in zip(paths, (asked.short, asked.long), strict=True):
            path.parent.mkdir()
            write_log(path, count, seed)
        for name, days in (("as in the settings", 7.0), ("of a day", 1.0)):
            took: list[list[list[float]]] = [[], []]
            for _ in range(asked.asked):
                for path, own in zip(paths, took, strict=True):
                    own.append([_ask(path, days)])
            short, long = (figure("ms", own) for own in took)
            contest = Contest(
                name=f"opening the log and the popular slot, window {name}",
                size=asked.long,
                measured_by=f"{asked.long:,} events",
                measured=long,
                baseline_by=f"{asked.short:,} events",
                baseline=short,
                ratio=ratio(long, short),
            )
            found.append(contest)
            bound = asked.most_longer if days == 7.0 else None
            goals.append(
                Goal(name=f"{contest.name}: long to short", at_most=bound, came=contest.ratio)
            )
    return found, goals


def write_log(path: Path, count: int, seed: int) -> None:
    """A log of `count` events, one after another over a month up to now."""
    rng = random.Random(seed)  # noqa: S311 - draws ids, keeps no secret
    begin, step = datetime.now(UTC) - _SPAN, _SPAN / count
    with EventLog.open(path) as log:
        for first in range(0, count, 5_000):
            log.append(
                [
                    Event(
                        type="view" if rng.random() < 0.8 else "click",
                        article_id=f"a{int(ARTICLES * rng.random() ** 3)}",
                        reader=f"r{rng.randrange(READERS)}",
                        at=begin + number * step,
                        id=f"{rng.getrandbits(96):024x}",
                    )
                    for number in range(first, min(first + 5_000, count))
                ]
            )
        log.prune()


def _ask(path: Path, days: float) -> float:
    """Milliseconds."""
    done = subprocess.run(
        [sys.executable, "-c", _ASK, str(path), str(days)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[0])


def main() -> None:
    """Measures and prints; for the report see run.py."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=["beacons", "batches", "popular"])
    parser.add_argument("--long", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    asked = EventsRate(long=given.long, rounds=given.rounds)
    if given.part == "beacons":
        contest, goal = _beacons(asked, 0)
        contests, goals = [contest], [goal]
    elif given.part == "batches":
        contest, goal = _batches(asked, 0)
        contests, goals = [contest], [goal]
    elif given.part == "popular":
        contests, goals = _popular(asked, 0)
    else:
        contests, goals = measure(asked, 0)
    for contest in contests:
        print(json.dumps(contest.model_dump(), indent=1))
    for goal in goals:
        print(f"{goal.name}: {goal.came:.4g} {'reached' if goal.reached else 'NOT reached'}")


if __name__ == "__main__":
    main()
