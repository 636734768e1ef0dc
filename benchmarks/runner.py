"""Runs the parts, each in a process of its own, and writes what they found."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.definitions import (
    FULL,
    LONG,
    ON_CARD,
    ON_DATA,
    PARTS,
    SEED,
    Part,
    PublicSets,
)
from benchmarks.figures import Contest
from benchmarks.lineup import Lineup
from benchmarks.plan import Plan, plan
from benchmarks.raw import Raw, commit_of, this_machine, write
from benchmarks.rehearsal import QUICK
from benchmarks.report import write_report

HERE = Path(__file__).resolve().parent
HOMES = HERE / "relevance" / "homes"
"""Where that part has its own; git ignores it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all parts but the long ones, or those named, and makes the report of all results."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="a rehearsal; figures say nothing")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where they go")
    parser.add_argument("--report", type=Path, default=HERE / "REPORT.md", help="where it goes")
    parser.add_argument("--data", type=Path, help=f"public sets, for {', '.join(ON_DATA)}")
    parser.add_argument("--homes", type=Path, default=HOMES, help="catalogs that take long stay")
    parser.add_argument("--archive-limit", type=int, metavar="N", help="articles; else all")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    for name in chosen.parts:
        if name not in PARTS:
            parser.error(f"there is no part {name!r}; there are {', '.join(PARTS)}")
        if name in ON_DATA and chosen.data is None:
            parser.error(f"the part {name} needs --data, the folder of the public sets")
    sets = chosen.data and PublicSets(chosen.data, chosen.homes, chosen.archive_limit)
    for part in chosen.parts or [one for one in PARTS if one not in LONG]:
        if part in ON_DATA and sets is None:
            print(f"{part}: not measured, there is no --data", flush=True)
            continue
        if part in ON_CARD and not _card():
            print(f"{part}: not measured, there is no card", flush=True)
            continue
        if chosen.here:
            definitions = QUICK if chosen.quick else FULL
            _measure(part, plan(part, definitions, sets, chosen.homes), chosen.results)
            continue
        # a process for each: none finds the other's threads, caches or memory
        again = [sys.executable, str(HERE / "run.py"), part, "--here"]
        again += ["--results", str(chosen.results), *(["--quick"] if chosen.quick else [])]
        again += ["--homes", str(chosen.homes)]
        if sets is not None:
            again += ["--data", str(sets.data)]
            again += ["--archive-limit", str(sets.limit)] if sets.limit else []
        subprocess.run(again, check=True)
    if not chosen.here:
        write_report(chosen.results, chosen.report)
        print(f"The report: {chosen.report}")


def _card() -> bool:
    from torch import cuda  # noqa: PLC0415 - seconds, for a part that hardly any machine measures

    return cuda.is_available()


def _measure(part: Part, planned: Plan, results: Path) -> None:
    machine = this_machine()
    commit, changed = commit_of(HERE.parent)
    print(f"{part} ...", flush=True)
    start = time.perf_counter()
    found, goals = planned.measure()
    raw = Raw(
        part=part,
        about=planned.about,
        taken_at=datetime.now(UTC),
        commit=commit,
        changed=changed,
        machine=machine,
        corpus=planned.corpus,
        seed=SEED,
        warm_up=planned.warm_up,
        contests=tuple(one for one in found if isinstance(one, Contest)),
        lineups=tuple(one for one in found if isinstance(one, Lineup)),
        goals=tuple(goals),
    )
    print(f"{part}: {time.perf_counter() - start:.0f} s, {write(raw, results)}", flush=True)
