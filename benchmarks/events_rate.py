"""How fast events are kept, and what is read at the end of a short and of a long log."""

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.definitions import EventsRate
from benchmarks.event_load import ARTICLES, READERS, batches, beacons
from benchmarks.figures import Contest, Goal, figure, ratio
from benchmarks.http_server import cores, serving
from benchmarks.load import generator
from benchmarks.load_rounds import CONSTANTS, Kind, contests, in_turn
from recommender.readers.event import Event
from recommender.readers.events import EventLog

_ROOT = Path(__file__).resolve().parents[1]
_ANSWER_BYTES = 68  # of a beacon's answer
_SPAN = timedelta(days=30)
_AT_ONCE = 32_000

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


def measure(asked: EventsRate, seed: int) -> tuple[list[Contest], list[Goal]]:
    """All three: beacons, batches, and the popular slot of two logs."""
    rate, ratio_goal = _beacons(asked, seed)
    in_batches, rate_goal = _batches(asked, seed)
    popular, goals = _popular(asked, seed)
    return [*rate, in_batches, *popular], [ratio_goal, rate_goal, *goals]


def _beacons(asked: EventsRate, seed: int) -> tuple[list[Contest], Goal]:
    sent = Kind("POST /v1/events, one event, durable", beacons(asked.bodies, seed))
    kinds = (sent, *CONSTANTS)
    core, _ = cores()
    with TemporaryDirectory() as folder:
        with serving(Path(folder), constant_bytes=_ANSWER_BYTES, core=core) as address:
            loads = in_turn(
                address,
                kinds,
                connections=asked.connections,
                seconds=asked.seconds,
                rounds=asked.rounds,
                warm_up_seconds=asked.warm_up_seconds,
                seed=seed,
            )
        with EventLog.open(Path(folder) / "events.sqlite") as log:
            kept = len(log)
    answered = sum(one.requests for one in loads[0])
    if kept < answered:
        raise RuntimeError(f"{answered} beacons were answered, but only {kept} events were kept.")
    found = contests(f"{asked.connections} connections", kept, kinds, loads, {})
    goal = Goal(name="beacons to a constant", at_least=asked.least_ratio, came=found[0].ratio)
    return found, goal


def _batches(asked: EventsRate, seed: int) -> tuple[Contest, Goal]:
    pool = max(1, asked.bodies // asked.batch_size)
    kinds = (
        Kind(
            f"POST /v1/events, {asked.batch_size:,} events",
            batches(pool, asked.batch_size, seed),
        ),
        Kind("the same, one event", batches(pool, 1, seed)),
    )
    with (
        TemporaryDirectory() as folder,
        # a worker reads one batch while it writes another, and who sends so few has little to do
        serving(Path(folder), constant_bytes=_ANSWER_BYTES, core=None) as address,
    ):
        many, single = in_turn(
            address,
            kinds,
            connections=asked.batch_connections,
            seconds=asked.seconds,
            rounds=asked.rounds,
            warm_up_seconds=asked.warm_up_seconds,
            seed=seed,
            pinned=False,
        )
    measured = figure("events/s", [[one.rate * asked.batch_size] for one in many])
    baseline = figure("events/s", [[one.rate] for one in single])
    found = Contest(
        name=f"events a second, {asked.batch_connections} connections",
        size=asked.batch_size,
        measured_by=kinds[0].by,
        measured=measured,
        baseline_by=kinds[1].by,
        baseline=baseline,
        ratio=ratio(measured, baseline),
        facts={"load by": generator()},
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
            if days == 7.0:
                goals.append(
                    Goal(
                        name=f"{contest.name}: long to short",
                        at_most=asked.most_longer,
                        came=contest.ratio,
                    )
                )
    return found, goals


def write_log(path: Path, count: int, seed: int) -> None:
    """A log of `count` events, one after another over a month up to now."""
    rng = random.Random(seed)  # noqa: S311 - draws ids, keeps no secret
    begin, step = datetime.now(UTC) - _SPAN, _SPAN / count
    with EventLog.open(path) as log:
        for first in range(0, count, _AT_ONCE):
            log.append(
                [
                    Event(
                        type="view" if rng.random() < 0.8 else "click",
                        article_id=f"a{int(ARTICLES * rng.random() ** 3)}",
                        reader=f"r{rng.randrange(READERS)}",
                        at=begin + number * step,
                        id=f"{rng.getrandbits(96):024x}",
                    )
                    for number in range(first, min(first + _AT_ONCE, count))
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
