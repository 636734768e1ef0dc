"""Reports of experiments and offline estimates as tables for people."""

from collections.abc import Iterator
from math import isfinite

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from recommender.cli.rendering import console
from recommender.experiments.estimates import Mean, OfflineEstimate
from recommender.experiments.interleaving import Preference
from recommender.experiments.report import MISMATCH, Report
from recommender.experiments.sequential import LEAST_CLICKED, LEAST_UNITS, Verdict

_CERTAIN = 0.05


def print_report(found: Report) -> None:
    """Arms, their differences, and what keeps the figures from being trusted."""
    out = console()
    for line in (_span(found), *_warnings(found)):
        out.print(line, markup=False, highlight=False)
    if found.arms:
        out.print(_arms(found))
    if found.contrasts:
        out.print(_contrasts(found))
    if found.interleaved is not None:
        for line in _preference(found.interleaved):
            out.print(line, markup=False, highlight=False)


def print_estimate(pipeline: str, found: OfflineEstimate) -> None:
    """The log beside the pipeline, and what that rests on."""
    out = console()
    table = _table("clicks for a list", ("mean", "95 % interval", "variance"), "")
    table.add_row("logged", *_mean(found.logged))
    table.add_row(f"{pipeline}, weighted", *_mean(found.weighted))
    if found.normalised is not None and found.lead is not None:
        table.add_row(f"{pipeline}, self-normalised", *_mean(found.normalised))
        table.add_row("  less logged", *_mean(found.lead, sign="+"))
    out.print(table)
    for line in _rests_on(found):
        out.print(line, markup=False, highlight=False)


def _span(found: Report) -> str:
    days = f"{found.first} to {found.last}" if found.last > found.first else f"{found.first}"
    return f"{found.name}: {days}, UTC"


def _warnings(found: Report) -> Iterator[str]:
    balance = found.balance
    if balance.mismatch:
        yield (
            f"WARNING: readers are not dealt out as the settings say (p = {balance.p:.2g} < "
            f"{MISMATCH}): trust no figure below before you know why."
        )
    if balance.crossed:
        yield (
            f"WARNING: {balance.crossed:,} readers were shown lists of more than one arm: shares "
            "or pipelines changed meanwhile, or their names do not stay."
        )
    if found.periods > 1:
        yield (
            f"WARNING: readers' names changed with events.salt_days, {found.periods - 1} times: "
            "who came back counts as another reader, intervals are too narrow and p-values too "
            "small. Set events.salt_days to 'never' before you start one: any number of days may "
            "end in the middle of it."
        )
    if found.nameless:
        yield (
            f"{found.nameless:,} impressions name no reader; each counts as one of its own, and "
            "intervals are too narrow if these are a few people."
        )


def _arms(found: Report) -> Table:
    columns = ("share", "readers", "impressions", "clicked", "clicks", "click-through", "95 %")
    table = _table("arms", columns, "arm")
    for one in found.arms:
        table.add_row(
            Text(one.name),
            "" if one.share is None else f"{one.share:.0%}",
            f"{one.readers:,}",
            f"{one.impressions:,}",
            f"{one.clicked:,}",
            f"{one.clicks:,}",
            f"{one.rate:.3%}",
            f"{one.low:.3%} to {one.high:.3%}",
        )
    return table


def _contrasts(found: Report) -> Table:
    table = _table(
        f"less {found.contrasts[0].against}; may be looked at any day",
        ("difference", "95 %, at all times", "p, at all times", "decided"),
        "arm",
    )
    for one in found.contrasts:
        table.add_row(Text(one.arm), *_verdict(one.verdict))
    return table


def _verdict(one: Verdict) -> tuple[str, str, str, str]:
    if not isfinite(one.low):
        few = f"too few yet: {LEAST_UNITS} readers and {LEAST_CLICKED} clicked, an arm"
        return f"{one.difference:+.3%}", few, "1", ""
    return (
        f"{one.difference:+.3%}",
        f"{one.low:+.3%} to {one.high:+.3%}",
        f"{one.p:.3g}",
        "" if one.decided is None else one.decided.isoformat(),
    )


def _preference(one: Preference) -> Iterator[str]:
    yield (
        f"interleaved, {one.impressions:,} lists: {one.first} got {one.clicks[0]:,} clicks and won "
        f"{one.wins[0]:,} lists, {one.second} {one.clicks[1]:,} and {one.wins[1]:,}; "
        f"{one.ties:,} ties."
    )
    yield (
        f"{one.judges[0]:,} readers preferred {one.first}, {one.judges[1]:,} {one.second}, "
        f"{one.undecided:,} neither. Sign test, to be looked at once: p = {one.p:.3g}"
        f"{'' if one.p >= _CERTAIN else ', which is no chance'}."
    )


def _rests_on(found: OfflineEstimate) -> Iterator[str]:
    yield (
        f"{found.lists:,} lists with {found.clicks:,} clicks; they say as much as "
        f"{found.effective:,.0f} places of equal weight. {found.clipped:,} weights were cut to "
        f"{found.clip:g}."
    )
    yield (
        f"{found.covered:.1%} of what the pipeline shows was ever shown on the page. Weighted "
        "takes the rest for never clicked, self-normalised for as good as the others."
    )
    looked = ", ".join(f"{one:.2f}" for one in found.examined)
    yield (
        f"Assumed: a click is as likely as the place is looked at ({looked}), times how attractive "
        "the article is on its page, whatever stands around it and whenever it is; and whoever "
        "chose what was shown knew nothing of the reader."
    )


def _table(title: str, columns: tuple[str, ...], first: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _mean(one: Mean, sign: str = "") -> tuple[str, str, str]:
    spec = f"{sign}.4f"
    return f"{one.value:{spec}}", f"{one.low:{spec}} to {one.high:{spec}}", f"{one.variance:.3g}"
