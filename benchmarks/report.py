"""Raw results to a page: `python benchmarks/report.py` writes REPORT.md anew."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

if __name__ == "__main__":  # run as a file, the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.definitions import PARTS, Part
from benchmarks.digits import number
from benchmarks.figures import Contest, Figure, Goal
from benchmarks.lineup import Lineup, by_name
from benchmarks.lineup_report import beside_each_other, pictured
from benchmarks.missed import why
from benchmarks.raw import Raw, read

TITLES: dict[Part, str] = {
    "index": "Query latency of the index",
    "contestants": "The index beside others",
    "contestants_texts": "The search by words beside others",
    "related": "`related` in process",
    "scoring": "Slots of a whole catalog",
    "http": "HTTP",
    "events": "Events",
    "embedding": "Embedding",
    "embedders": "Embedders",
    "runtimes": "Runtimes of the embedder",
    "runtime_relevance": "Relevance in 8 bits",
    "gpu": "Embedding on a card",
    "live_texts": "Live texts",
    "rebuild": "Rebuild",
    "duplicates": "Copies",
    "archive": "A real archive",
    "million": "A million articles",
    "contestants_million": "The index beside others, a million vectors",
}

PICTURES = "pictures"
"""The folder of the pictures, beside the page."""

_ABOUT = (
    "Made by `benchmarks/report.py` from the files in `benchmarks/results`; not edited by hand. "
    "Every figure stands beside its baseline, measured in the same run, the two in turn. Figures "
    "are medians over all runs; the spread is the distance between the first and third quartiles; "
    "the ratio is the median, over the rounds, of measured to baseline."
)


def write_report(results: Path, report: Path) -> None:
    """Writes the page of those parts that have raw results in `results`, and its pictures."""
    # what measures a part, and is started by this module's importer, has no use for matplotlib
    from benchmarks.pictures import draw  # noqa: PLC0415

    found = [results / f"{part}.json" for part in PARTS]
    parts = [read(path) for path in found if path.is_file()]
    report.write_text(page(parts), encoding="utf-8")
    for raw, lineups in zip(parts, _lineups(parts), strict=True):
        if lineups:
            draw(lineups, report.parent / PICTURES, raw.part)


def page(parts: Sequence[Raw]) -> str:
    """The whole page, Markdown."""
    lines = ["# Benchmarks", "", _ABOUT, "", *_goals([g for one in parts for g in one.goals])]
    for one, lineups in zip(parts, _lineups(parts), strict=True):
        lines += _part(one)
        lines += pictured(lineups, f"{PICTURES}/{one.part}")
    return "\n".join(lines).rstrip() + "\n"


def _lineups(parts: Sequence[Raw]) -> Sequence[Sequence[Lineup]]:
    return by_name([one.lineups for one in parts])


def _goals(goals: Sequence[Goal]) -> Iterator[str]:
    if not goals:
        return
    yield from ("## Goals", "", "| goal | wanted | came | reached |", "|---|---|---|---|")
    for goal in goals:
        least = "" if goal.at_least is None else f"at least {goal.at_least:g}"
        most = "" if goal.at_most is None else f"at most {goal.at_most:g}"
        reached = "yes" if goal.reached else "**no**"
        yield f"| {goal.name} | {least}{most} | {number(goal.came)} | {reached} |"
    yield ""
    missed = [(goal.name, why(goal.name)) for goal in goals if not goal.reached]
    if missed:
        yield from ("Why some were not:", "")
        for name, reason in missed:
            yield f"- {name}: {reason or 'not known yet'}."
        yield ""


def _part(raw: Raw) -> Iterator[str]:
    machine = raw.machine
    yield from (f"## {TITLES[raw.part]}", "", raw.about, "")
    yield f"- corpus: {raw.corpus}; seed {raw.seed}; warm-up: {raw.warm_up}"
    changed = " with changes that were not committed" if raw.changed else ""
    yield f"- code: `{raw.commit[:12]}`{changed}, measured {raw.taken_at:%Y-%m-%d %H:%M} UTC"
    yield f"- machine: {machine.cpu}, {machine.cores} cores, {machine.memory_gib:g} GiB"
    libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    yield f"- {machine.system}, Python {machine.python}, {libraries}"
    busy = ": **something else was running, take the figures with care**"
    if machine.busy is not None:
        warned = busy if machine.was_busy else ""
        yield f"- cores at other work as it began: {machine.busy:g}{warned}"
    yield ""
    if raw.contests:
        yield from _contests(raw.contests)
    for lineup in raw.lineups:
        yield from beside_each_other(lineup)


def _contests(contests: Sequence[Contest]) -> Iterator[str]:
    yield "| | size | by | runs | median | p95 | p99 | spread | ratio |"
    yield "|---|---:|---|---:|---:|---:|---:|---:|---:|"
    for contest in contests:
        yield from _rows(contest)
    yield ""
    for contest in contests:
        yield from _beside(contest)


def _rows(contest: Contest) -> Iterator[str]:
    name = f"| {contest.name} | {contest.size:,}"
    ratio = number(contest.ratio)
    yield f"{name} | {contest.measured_by} | {_cells(contest.measured)} | {ratio} |"
    yield f"| | | {contest.baseline_by} | {_cells(contest.baseline)} | |"


def _cells(figure: Figure) -> str:
    numbers = (figure.median, figure.p95, figure.p99, figure.spread)
    cells = " | ".join(number(one) for one in numbers[1:])
    return f"{figure.runs:,} | {number(figure.median)} {figure.unit} | {cells}"


def _beside(contest: Contest) -> Iterator[str]:
    if contest.facts:
        facts = (f"{name} {_fact(fact)}" for name, fact in contest.facts.items())
        yield f"{contest.measured_by}, {contest.size:,}: {', '.join(facts)}."
        yield ""
    if contest.stages:
        yield from (
            f"Stages, {contest.name}:",
            "",
            "| stage | median | spread |",
            "|---|---:|---:|",
        )
        for stage, took in contest.stages.items():
            yield f"| {stage} | {number(took.median)} {took.unit} | {number(took.spread)} |"
        yield ""


def _fact(fact: float | str) -> str:
    return fact if isinstance(fact, str) else number(fact)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    write_report(here / "results", here / "REPORT.md")
