"""Commands that learn from a publisher's own labels: tune."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from recommender.cli.options import DEFAULT, AsJson, Home, examples, existing_home
from recommender.cli.progress import watching
from recommender.cli.rendering import console, print_json
from recommender.engine import Recommender
from recommender.evaluation.evaluate import Watch
from recommender.evaluation.labels import UNDECIDED, Labels, read_labels
from recommender.evaluation.tune import BeforeAndAfter, Tuned, tune
from recommender.settings import LEARNED_FILE, Settings, learned_file
from recommender.slots.learned import SHIPPED, Calibration, read_learned, write_learned

commands = typer.Typer()

_SEED = 0
"""Of the parts and the test: the same labels, the same weights."""

_BEFORE = ".before.toml"
_CHANCE = 0.05
_FEWER = 0.05

Outcome = Literal["written", "dry run", "unchanged", "worse"]


@dataclass(frozen=True, slots=True)
class Told:
    """What was learned, and what became of it.

    Attributes:
        labels: the file.
        kind: who graded.
        file: of the weights in force before.
        outcome: why nothing was written, or that it was.
        written: the file; None where there is none.
        replaced: where the file that stood there before is kept; None where there was none.
        overruled: signals whose weight the settings name themselves, by pipeline.
        min_score: what a candidate's probability must reach in the default pipeline.
        tuned: the figures.
    """

    labels: Path
    kind: Literal["judgements", "clicks"]
    file: Path
    outcome: Outcome
    written: Path | None
    replaced: Path | None
    overruled: dict[str, tuple[str, ...]]
    min_score: float
    tuned: Tuned


@commands.command(
    "tune",
    epilog=examples(
        "recommender tune labels.tsv", "recommender tune clicks.jsonl --k 3 --dry-run --json"
    ),
)
def tune_weights(
    *,
    labels: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS",
            help="A line for each judged pair, under the header query_id, doc_id, grade (parted by "
            "tabs; what is not named is not related); or .jsonl, a line for each recommendation "
            'that was shown: {"article_id": "...", "related_id": "...", "clicked": true or false}. '
            "Each may be .gz.",
        ),
    ],
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="Places that count.")] = 5,
    judged_only: Annotated[
        bool,
        typer.Option(
            "--judged-only",
            help="Rank only what was judged beside the same article, as of clicks is always done.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be learned.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Learn what each signal counts from your own labels or clicks.

    Cross-validated: weights are written into the home folder, as weights.toml, only where they
    rank articles that they were not learned from no worse than those in force. A weights.toml that
    is there already is kept as weights.before.toml.
    """
    given = read_labels(labels, judged_only=judged_only)
    with Recommender.open(existing_home(home)) as recommender, watching() as watch:
        parts = recommender.parts
        pipeline = recommender.pipeline(DEFAULT)
        tuned = tune(
            recommender.corpus(),
            given,
            parts.learned,
            start=read_learned(SHIPPED).weights,
            k=k,
            half=pipeline.time_between_half,
            min_score=pipeline.min_score,
            rng=np.random.default_rng(_SEED),
            watch=Watch(watch.step, watch.progress),
        )
    before = learned_file(parts.home)
    outcome = _outcome(tuned, dry_run=dry_run)
    written = parts.home / LEARNED_FILE if outcome == "written" else None
    replaced = None
    if written:
        if written.exists():
            replaced = shutil.copyfile(written, written.with_suffix(_BEFORE))
        write_learned(tuned.learned, written, source=_source(labels, given, tuned))
    told = Told(
        labels=labels,
        kind=given.kind,
        file=before,
        outcome=outcome,
        written=written,
        replaced=replaced,
        overruled=_overruled(parts.settings, tuned),
        min_score=pipeline.min_score,
        tuned=tuned,
    )
    if as_json:
        print_json(told)
    else:
        _print(told)


def _outcome(tuned: Tuned, *, dry_run: bool) -> Outcome:
    if tuned.learned.digest == tuned.current.digest:
        return "unchanged"
    if not tuned.better:
        return "worse"
    return "dry run" if dry_run else "written"


def _source(labels: Path, given: Labels, tuned: Tuned) -> str:
    name = "".join(one if one.isprintable() else "?" for one in labels.name)
    return (
        f"{name}: {given.kind} of {tuned.queries.used} articles, nDCG@{tuned.k} "
        f"{tuned.ndcg.before:.4f} before and {tuned.ndcg.after:.4f} after, p {tuned.p_value:.4f}"
    )


def _overruled(settings: Settings, tuned: Tuned) -> dict[str, tuple[str, ...]]:
    found = {
        name: tuple(
            signal
            for signal, value in one.weights.model_dump().items()
            if value is not None and signal in tuned.learned.weights
        )
        for name, one in settings.pipelines.items()
    }
    return {name: signals for name, signals in found.items() if signals}


def _print(told: Told) -> None:
    out = console()
    out.print(_table(told.tuned))
    for line in (*_notes(told), _verdict(told)):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _table(tuned: Tuned) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("weight")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right")
    before, after = tuned.current, tuned.learned
    for signal, weight in after.weights.items():
        _add(table, signal, BeforeAndAfter(before.weights.get(signal, 0.0), weight))
    table.add_section()
    _add(table, f"nDCG@{tuned.k}", tuned.ndcg)
    _add(table, "shown", tuned.shown)
    table.add_section()
    for name, old, new in (
        ("related", before.related, after.related),
        ("same story", before.same_story, after.same_story),
    ):
        table.add_row(Text(f"{name}: slope, intercept"), _numbers(old), _numbers(new))
    return table


def _add(table: Table, name: str, change: BeforeAndAfter) -> None:
    table.add_row(Text(name), f"{change.before:.3f}", f"{change.after:.3f}")


def _numbers(one: Calibration) -> str:
    return f"{one.slope:.2f}, {one.intercept:.2f}"


def _notes(told: Told) -> Iterator[str]:
    tuned, counts = told.tuned, told.tuned.queries
    yield f"{counts.used:,} of {counts.labelled:,} labelled articles were learned from."
    left_out = (
        (counts.absent, "not in the snapshot"),
        (counts.undecided, f"in the snapshot with {UNDECIDED}"),
        (counts.spare, "more than are needed"),
    )
    yield from (f"Left out: {count:,} {what}." for count, what in left_out if count)
    chance = ": the difference may be chance" if tuned.p_value >= _CHANCE else ""
    yield (
        f"nDCG@{tuned.k}: after, each article by weights that were learned without it "
        f"({tuned.folds} parts). p {tuned.p_value:.4f}{chance}."
    )
    yield (
        f"shown: of the first {tuned.k} candidates those that reach min_score {told.min_score:g} "
        f"of the pipeline {DEFAULT}."
    )
    if tuned.shown.after < tuned.shown.before - _FEWER:
        yield (
            f"Slots will be shorter; if they should not be, lower min_score of "
            f"pipelines.{DEFAULT} in recommender.toml."
        )
    if told.file != SHIPPED:
        yield (
            f"before: of {told.file}; what it was learned from may be among these labels, which "
            "flatters it."
        )
    for name, signals in told.overruled.items():
        yield f"The settings of pipelines.{name} have weights of their own: {', '.join(signals)}."


def _verdict(told: Told) -> str:
    match told.outcome:
        case "unchanged":
            return "Nothing was written: what was learned are the weights in force."
        case "worse":
            return "Nothing was written: what was learned ranks worse than the weights in force."
        case "dry run":
            return "Nothing was written: this was a dry run."
        case "written":
            kept = f" (before: {told.replaced})" if told.replaced else ""
            return (
                f"Written: {told.written}{kept}. Pages are ranked by it from the next start of a "
                "server or command; stories are told apart by it after: recommender rebuild"
            )
