"""Commands about experiments: report, estimate."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt
import typer

from recommender.cli.experiment_tables import print_estimate, print_report
from recommender.cli.options import AsJson, Home, examples, existing_home, time_option
from recommender.cli.rendering import counted, print_json
from recommender.engine import Recommender
from recommender.errors import InputError
from recommender.experiments.estimates import CLIP, OfflineEstimate, estimate
from recommender.experiments.examination import examination
from recommender.experiments.logged import read_logged
from recommender.experiments.report import Report, reports
from recommender.experiments.shown import ShownList, read_shown

commands = typer.Typer(help="Pipelines compared by what readers click.")

_LOG = "log"
_ESTIMATED = "estimated"

_Since: TypeAlias = Annotated[
    datetime | None,
    time_option("--from", "Impressions from this date or time on, ISO 8601.  [default: all]"),
]
_Until: TypeAlias = Annotated[
    datetime | None,
    time_option("--to", "Impressions before this date or time, ISO 8601.  [default: all]"),
]


@dataclass(frozen=True, slots=True)
class Reported:
    """The reports.

    Attributes:
        experiments: those that have impressions.
        without_id: impressions that are left out, as no click can name them.
    """

    experiments: list[Report]
    without_id: int


@dataclass(frozen=True, slots=True)
class Estimated:
    """An offline estimate.

    Attributes:
        pipeline: which.
        left_out: lists of unknown pages.
        estimate: what was found.
    """

    pipeline: str
    left_out: int
    estimate: OfflineEstimate


@commands.callback()
def experiments() -> None:
    """Pipelines compared by what readers click."""


@commands.command(
    epilog=examples(
        "recommender experiments report",
        "recommender experiments report --from 2026-01-05 --to 2026-01-19 --json",
    )
)
def report(
    *,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", show_default=False, help="Of one; else all."),
    ] = None,
    since: _Since = None,
    until: _Until = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Click-through of each arm, and which is better.

    Click-through is the share of impressions with a click; its Wilson interval is as wide as
    readers, who come again, make it. The difference to the first arm comes with a p-value and an
    interval that hold however often you look (mixture sequential probability ratio test). They
    take readers for independent, and are not corrected for the number of arms. A warning tells
    where readers were not dealt out as the settings say, another where their names changed
    meanwhile: hashed ones last for events.salt_days.
    """
    with Recommender.open(existing_home(home)) as recommender:
        known = recommender.parts.experiments.by_name
        log = recommender.parts.events
        shown = read_shown(log, since=since, until=until, trials_only=True)
    names_last = log.keeping.salt_period if log.keeping.hashed else None
    found = reports(shown.lists, known, name, names_last=names_last)
    if name is not None and not found and name not in known:
        met = sorted({one.trial.experiment for one in shown.lists if one.trial} | set(known))
        raise InputError(
            f"There is no experiment {name!r}; the settings and the log have: "
            f"{', '.join(met) or 'none'}."
        )
    if as_json:
        print_json(Reported(found, shown.without_id))
        return
    for one in found:
        print_report(one)
    if not found:
        typer.echo("no impressions of an experiment yet")
    if shown.without_id:
        typer.echo(f"{shown.without_id:,} impressions without an id were left out", err=True)


@commands.command(
    name="estimate",
    epilog=examples(
        "recommender experiments estimate impressions.jsonl --pipeline similarity "
        "--examined 1,0.7,0.5",
        "recommender experiments estimate impressions.jsonl.gz --pipeline default "
        "--examined 1,0.7,0.5 --clip 5 --json",
    ),
)
def estimate_(
    *,
    impressions: Annotated[
        Path,
        typer.Argument(
            metavar="IMPRESSIONS|log",
            help="As for evaluate popular, each with article_id, the page that the list stood on; "
            "with reader and propensities, one for each shown, where they are known. Or log: the "
            "home's own events.",
        ),
    ],
    pipeline: Annotated[
        str, typer.Option("--pipeline", metavar="NAME", help="A name in the settings.")
    ],
    examined: Annotated[
        str,
        typer.Option(
            "--examined",
            metavar="E1,E2,...",
            help="How likely each place is looked at, the first being 1; or from articles that "
            "stood at several places of the same page, as in interleaved or shuffled lists.",
        ),
    ] = _ESTIMATED,
    clip: Annotated[
        float, typer.Option("--clip", min=1, help="Greater weights are cut to this.")
    ] = CLIP,
    since: _Since = None,
    until: _Until = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """How often a pipeline would have been clicked that nobody was shown yet.

    Inverse propensity estimate under the position-based model, weighted and self-normalised, with
    its variance between readers. A list that says no propensities has those of its page: the share
    of the page's lists that showed the article. The pipeline is asked as of the hour of each list,
    with today's snapshot.
    """
    with Recommender.open(existing_home(home)) as recommender:
        recommender.pipeline(pipeline)
        if str(impressions) == _LOG:
            lists = read_shown(recommender.parts.events, since=since, until=until).lists
        else:
            lists = list(read_logged(impressions, since=since, until=until))
        corpus = recommender.corpus()
        known = [one for one in lists if one.page and corpus.position(one.page) is not None]
        if not known:
            raise InputError(_nothing_known(impressions, len(lists)))
        ranked = _ranked(recommender, known, pipeline)
    looked = _examined(examined, lists)
    found = Estimated(pipeline, len(lists) - len(known), estimate(known, ranked, looked, clip=clip))
    if as_json:
        print_json(found)
        return
    print_estimate(pipeline, found.estimate)
    if found.left_out:
        typer.echo(f"{found.left_out:,} lists of unknown pages were left out", err=True)


def _nothing_known(impressions: Path, lists: int) -> str:
    of = "the event log" if str(impressions) == _LOG else str(impressions)
    if not lists:
        return (
            f"There is no impression in {of}, at the time asked for, that could be estimated from."
        )
    return (
        f"Of {counted(lists, 'impression')} in {of} none stood on the page of a published "
        "article; article_id names the page."
    )


def _examined(text: str, lists: Sequence[ShownList]) -> npt.NDArray[np.float64]:
    if text == _ESTIMATED:
        return examination(lists)
    try:
        numbers = np.array([float(one) for one in text.split(",")])
    except ValueError:
        numbers = np.zeros(1)
    if numbers[0] != 1 or not ((numbers > 0) & np.isfinite(numbers)).all():
        raise typer.BadParameter(
            f"Expected 1 and then numbers above 0 such as 1,0.7,0.5, got {text!r}.",
            param_hint="--examined",
        )
    return numbers


def _ranked(
    recommender: Recommender, lists: Sequence[ShownList], pipeline: str
) -> list[Sequence[str]]:
    """What the pipeline shows in place of each list, as of the beginning of its hour."""
    hours: dict[datetime, list[int]] = defaultdict(list)
    for place, one in enumerate(lists):
        hours[one.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)].append(place)
    limit = max((max(one.places) + 1 for one in lists), default=1)
    ranked: list[Sequence[str]] = [()] * len(lists)
    for at in sorted(hours):
        pages = dict.fromkeys(lists[place].page for place in hours[at])
        related: dict[str, list[str]] = defaultdict(list)
        for batch in recommender.score(pages, limit=limit, at=at, pipeline=pipeline):
            for page, other in zip(batch.article_ids, batch.related_ids, strict=True):
                related[page].append(other)
        for place in hours[at]:
            ranked[place] = related[lists[place].page]
    return ranked
