"""Runs the parts, each in a process of its own, and writes what they found."""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from benchmarks.definitions import FULL, PARTS, QUICK, SEED, Definitions, Part
from benchmarks.figures import Contest, Goal
from benchmarks.raw import Raw, commit_of, this_machine, write
from benchmarks.report import write_report

HERE = Path(__file__).resolve().parent

_Found: TypeAlias = tuple[Sequence[Contest], Sequence[Goal]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all parts, or those named, and makes the report out of the raw results."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="a rehearsal; figures say nothing")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where they go")
    parser.add_argument("--report", type=Path, default=HERE / "REPORT.md", help="where it goes")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    for name in chosen.parts:
        if name not in PARTS:
            parser.error(f"there is no part {name!r}; there are {', '.join(PARTS)}")
    for part in chosen.parts or PARTS:
        if chosen.here:
            _measure(part, QUICK if chosen.quick else FULL, chosen.results)
            continue
        # a process for each: none finds the other's threads, caches or memory
        again = [sys.executable, str(HERE / "run.py"), part, "--here"]
        again += ["--results", str(chosen.results), *(["--quick"] if chosen.quick else [])]
        subprocess.run(again, check=True)
    if not chosen.here:
        write_report(chosen.results, chosen.report)
        print(f"The report: {chosen.report}")


def _measure(part: Part, definitions: Definitions, results: Path) -> None:
    machine = this_machine()
    commit, changed = commit_of(HERE.parent)
    print(f"{part} ...", flush=True)
    start = time.perf_counter()
    measure, about, corpus, warm_up = _plan(part, definitions)
    contests, goals = measure()
    raw = Raw(
        part=part,
        about=about,
        taken_at=datetime.now(UTC),
        commit=commit,
        changed=changed,
        machine=machine,
        corpus=corpus,
        seed=SEED,
        warm_up=warm_up,
        contests=tuple(contests),
        goals=tuple(goals),
    )
    print(f"{part}: {time.perf_counter() - start:.0f} s, {write(raw, results)}", flush=True)


def _plan(part: Part, definitions: Definitions) -> tuple[Callable[[], _Found], str, str, str]:
    """What measures the part; about, corpus and warm-up in words."""
    # imported one by one: torch's threads have no place beside the others' measurements
    match part:
        case "index":
            from benchmarks import index_latency  # noqa: PLC0415

            index = definitions.index
            return (
                lambda: index_latency.measure(index, SEED),
                "One query at a time on one thread.",
                "vectors between pairs of the sample's real ones, a random direction added",
                f"{index.warm_up} queries",
            )
        case "related":
            from benchmarks import related_latency  # noqa: PLC0415

            related = definitions.related
            return (
                lambda: (related_latency.measure(related, SEED), ()),
                "One call at a time on one thread, default pipeline, articles drawn uniformly.",
                "the sample that ships, and articles made up of its words",
                f"{related.warm_up} calls",
            )
        case "http":
            from benchmarks import http_rate  # noqa: PLC0415

            http = definitions.http
            return (
                lambda: http_rate.measure(http, SEED),
                f"One worker and the load on a core each, uniform ids, {http.seconds} s in turn.",
                "articles made up of the sample's words",
                f"{http.warm_up_seconds} s of each",
            )
        case "embedding":
            from benchmarks import embedding_rate  # noqa: PLC0415

            embedding = definitions.embedding
            return (
                lambda: embedding_rate.measure(embedding),
                "All cores, the packaged model, the model loaded before.",
                "the sample's articles, varied",
                f"{embedding.warm_up} texts",
            )
        case "rebuild":
            from benchmarks import rebuild_time  # noqa: PLC0415

            rebuild = definitions.rebuild
            return (
                lambda: rebuild_time.measure(rebuild, SEED),
                "All cores; made-up articles are embedded by hashing, the sample by the model.",
                "the sample that ships, and articles made up of its words",
                "the model is loaded",
            )
