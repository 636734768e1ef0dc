"""The whole product over a large catalog: rebuilt, started, asked in process and over HTTP, scored.

The catalog takes long to make, and stays; what was made of other code says so.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import httpx
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from benchmarks.corpora import opened
from benchmarks.definitions import Million
from benchmarks.figures import Contest, Figure, Goal, figure, ratio
from benchmarks.http_rate import beside_constants, middle_size, usual_questions
from benchmarks.http_server import serving, started
from benchmarks.load import put
from benchmarks.load_rounds import Kind
from benchmarks.million_home import Rebuilds, Rebuilt, memory_gib, rebuilds
from benchmarks.related_latency import slot_contests
from benchmarks.streamed import GivenVectors
from recommender.cli.score_files import opened as output
from recommender.engine import Recommender

_BEFORE_CATALOG = ("read", "embed")
_AT_ONCE = 1_024
_READ = 1 << 24


def measure(asked: Million, seed: int, homes: Path) -> tuple[list[Contest], list[Goal]]:
    """All of it; the rebuilds only where the home is not there."""
    home = homes / f"million-{asked.articles}"
    contests, goals, ids = measure_alone(asked, seed, home)
    more, others = _over_http(asked, home, ids, seed)
    return [*contests, *more], [*goals, *others]


def measure_alone(
    asked: Million, seed: int, home: Path
) -> tuple[list[Contest], list[Goal], list[str]]:
    """All but what is measured beside a constant over HTTP; and the ids of all articles."""
    made = rebuilds(home, asked.articles, asked.added, seed)
    contests, goals = _of_rebuilds(asked, made)
    _remember(home)
    with opened(home, GivenVectors(), follow=False) as recommender:
        base = recommender.corpus().base
        ids = [base.ids.at(at) for at in range(len(base))]
        parts = (
            slot_contests(asked.related, "streamed", recommender, seed),
            _scored(asked, recommender, home),
        )
    for found in parts:
        contests += found
    filled = parts[0][0].measured
    goals += [
        Goal(
            name="ms of a slot with its cards, median",
            at_most=asked.most_median_ms,
            came=filled.median,
        ),
        Goal(name="ms of a slot with its cards, p99", at_most=asked.most_p99_ms, came=filled.p99),
        Goal(
            name="articles/s scored of a million",
            at_least=asked.least_scored,
            came=parts[1][0].measured.median,
        ),
    ]
    for contest, goal in (_started(asked, home, ids[0]), _grown(asked, home, ids, seed)):
        contests.append(contest)
        goals.append(goal)
    return contests, goals, ids


def _over_http(
    asked: Million, home: Path, ids: Sequence[str], seed: int
) -> tuple[list[Contest], list[Goal]]:
    """Ids drawn uniformly, and as readers draw them."""
    contests: list[Contest] = []
    goals = []
    usual = usual_questions(ids)
    size = middle_size(home, usual.requests, np.random.default_rng(seed), 200, embedder="given")
    drawn = _as_readers_draw(usual, asked.zipf, seed)
    for kind, least in ((usual, asked.least_ratio), (drawn, asked.least_zipf)):
        found = beside_constants(
            asked.http, home, kind, articles=len(ids), size=size, seed=seed, embedder="given"
        )
        contests += found
        goals.append(
            Goal(
                name=f"rate to that of an ordinary route, {kind.by}, of a million",
                at_least=least,
                came=found[1].ratio,
            )
        )
        times = found[-1]
        goals.append(
            Goal(
                name=f"times the p99 of an ordinary route, {kind.by}, of a million",
                at_most=asked.most_slower,
                came=times.measured.p99 / times.baseline.p99,
            )
        )
    return contests, goals


def _of_rebuilds(asked: Million, made: Rebuilds) -> tuple[list[Contest], list[Goal]]:
    whole = figure("s", [[made.whole.seconds]])
    facts: dict[str, float | str] = {
        "by code": f"{made.commit[:12]}, {made.taken_at:%Y-%m-%d %H:%M} UTC",
        "from catalog to snapshot, s": round(_from_catalog(made.whole), 1),
    }
    contests = [
        Contest(
            name=f"rebuild {what}",
            size=one.articles,
            measured_by="Recommender.rebuild",
            measured=(took := figure("s", [[one.seconds]])),
            baseline_by="Recommender.rebuild, from nothing",
            baseline=whole,
            ratio=ratio(took, whole),
            facts={
                **(facts if one is made.whole else {}),
                "most memory of its own, GiB": one.own_gib,
                **({"in": one.own_in} if one.own_in else {}),
                "with mapped files, GiB": one.peak_gib,
            },
            stages={name: figure("s", [[seconds]]) for name, seconds in one.stages.items()},
        )
        for what, one in (
            ("from nothing", made.whole),
            (f"after {asked.added:,} new articles", made.added),
            ("with nothing new", made.again),
        )
    ]
    goals = [
        Goal(
            name="minutes from a million articles with vectors to a snapshot",
            at_most=asked.minutes,
            came=_from_catalog(made.whole) / 60,
        ),
        Goal(
            name=f"minutes of a rebuild after {asked.added:,} new articles",
            at_most=asked.minutes_added,
            came=made.added.seconds / 60,
        ),
        Goal(
            name="seconds of a rebuild of a million with nothing new",
            at_most=asked.seconds_again,
            came=made.again.seconds,
        ),
        Goal(
            name="GiB of its own that a rebuild of a million takes",
            at_most=asked.rebuild_gib,
            came=made.whole.own_gib,
        ),
        Goal(
            name="GiB of a rebuild of a million, mapped files included",
            at_most=asked.rebuild_gib,
            came=made.whole.peak_gib,
        ),
    ]
    return contests, goals


def _from_catalog(one: Rebuilt) -> float:
    return one.seconds - sum(one.stages[name] for name in _BEFORE_CATALOG)


def _scored(asked: Million, recommender: Recommender, folder: Path) -> list[Contest]:
    """Into a Parquet file on one core, beside bare FAISS on one core."""
    base = recommender.corpus().base
    vectors = np.array(base.texts.vectors[: asked.searched])
    bare = recommender.corpus().index
    path = folder / "scores.parquet"
    with threadpool_limits(1):
        start = time.perf_counter()
        with output(path, {}, "") as file:
            file.write(recommender.score(limit=asked.limit))
        score = figure("articles/s", [[len(base) / (time.perf_counter() - start)]])
        start = time.perf_counter()
        for at in range(0, len(vectors), _AT_ONCE):
            bare.search(vectors[at : at + _AT_ONCE], asked.limit + 1)
        faiss = figure("articles/s", [[len(vectors) / (time.perf_counter() - start)]])
    path.unlink()
    return [
        Contest(
            name=f"related of every article, limit {asked.limit}",
            size=len(base),
            measured_by="Recommender.score into Parquet, default pipeline",
            measured=score,
            baseline_by=f"FAISS alone, {_AT_ONCE:,} at once",
            baseline=faiss,
            ratio=ratio(score, faiss),
        )
    ]


def _started(asked: Million, home: Path, article_id: str) -> tuple[Contest, Goal]:
    """From the start of the process to its first answer: files in no memory, files in memory."""
    cold, warm = (
        figure("s", [[_first_answer(home, article_id, forget=forget)] for _ in range(asked.starts)])
        for forget in (True, False)
    )
    contest = Contest(
        name="from the start of a server to its first answer",
        size=asked.articles,
        measured_by="its files in no memory",
        measured=cold,
        baseline_by="its files in memory",
        baseline=warm,
        ratio=ratio(cold, warm),
    )
    goal = Goal(
        name="seconds from a cold start to the first of a million's answers",
        at_most=asked.ready_seconds,
        came=cold.median,
    )
    return contest, goal


def _first_answer(home: Path, article_id: str, *, forget: bool) -> float:
    if forget:
        for path in home.rglob("*"):
            if path.is_file():
                _forget(path)
    start = time.perf_counter()
    with serving(home, constant_bytes=2, core=None, embedder="given") as address:
        asked = f"{address}/v1/articles/{quote(article_id)}/related"
        httpx.get(asked, timeout=60).raise_for_status()
        return time.perf_counter() - start


def _remember(home: Path) -> None:
    """Brings the files of what is served into the system's memory: calls are timed, not disks."""
    for path in (home / "snapshots" / "current").resolve().iterdir():
        with path.open("rb", buffering=0) as file:
            while file.read(_READ):
                pass


def _forget(path: Path) -> None:
    """Takes a file's pages out of the system's memory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _grown(asked: Million, home: Path, ids: Sequence[str], seed: int) -> tuple[Contest, Goal]:
    """The server's memory after its first answer, and after many."""
    requests = usual_questions(ids).requests
    with started(home, constant_bytes=2, core=None, embedder="given") as (address, process):
        status = Path(f"/proc/{process.pid}/status")
        httpx.get(address + requests[0].path, timeout=60).raise_for_status()
        first = _resident(status)
        done = 0
        while done < asked.requests:
            done += put(
                address,
                requests,
                connections=asked.http.connections,
                seconds=asked.http.seconds,
                seed=seed + done,
                core=None,
            ).requests
        last = _resident(status)
        own, mapped = memory_gib(status, ("RssAnon", "RssFile"))
    contest = Contest(
        name=f"memory of a server after {done:,} requests, ids drawn uniformly",
        size=len(ids),
        measured_by="resident",
        measured=last,
        baseline_by="resident after its first answer",
        baseline=first,
        ratio=ratio(last, first),
        facts={
            "of its own, GiB": round(own, 2),
            "of mapped files, shared by all workers, GiB": round(mapped, 2),
        },
    )
    goal = Goal(
        name=f"GiB of a server of a million after {asked.requests:,} requests",
        at_most=asked.server_gib,
        came=last.median,
    )
    return contest, goal


def _resident(status: Path) -> Figure:
    return figure("GiB", [memory_gib(status, ("VmRSS",))])


def _as_readers_draw(usual: Kind, count: int, seed: int) -> Kind:
    """Zipf's law: the article of rank r is asked for in proportion to 1 / r."""
    rng = np.random.default_rng(seed)
    requests = rng.permutation(len(usual.requests))
    ranks = (len(requests) ** rng.random(count)).astype(np.int64) - 1
    return Kind(f"{usual.by}, by Zipf", [usual.requests[at] for at in requests[ranks]])
