"""A replay as tables for people."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table

from recommender.cli.rendering import console
from recommender.evaluation.replay import Ranked, Replay
from recommender.evaluation.report import Estimate

_DAYS_SHOWN = 14


def print_replay(found: Replay) -> None:
    """What was judged, how well each ranker did, by how much the first leads, and each day."""
    out = console()
    for line in _heading(found):
        out.print(line, markup=False, highlight=False)
    out.print(_metrics(found))
    out.print(_leads(found))
    out.print(_days(found))
    hidden = len(found.rankers[0].days) - _DAYS_SHOWN
    if hidden > 0:
        out.print(f"{hidden:,} earlier days: --json has them.", markup=False, highlight=False)


def _heading(found: Replay) -> Iterator[str]:
    yield (
        f"{found.impressions:,} lists from {found.first:%Y-%m-%d %H:%M} to "
        f"{found.last:%Y-%m-%d %H:%M} UTC; {found.articles:,} articles, {found.clicks:,} clicks."
    )
    since = f" from {found.since:%Y-%m-%d %H:%M} UTC on" if found.since else ""
    yield f"{found.judged:,} lists{since} were judged, each before it was learned from."
    if found.undecided:
        yield f"Not judged: {found.undecided:,} lists of which all or nothing was clicked."


def _metrics(found: Replay) -> Table:
    table = _table(f"mean and its 95 % interval over {found.hours:,} hours", found.metric_names)
    for one in found.rankers:
        table.add_row(one.name, *(_estimate(one.metrics[name]) for name in found.metric_names))
    return table


def _leads(found: Replay) -> Table:
    first = found.rankers[0].name
    table = _table(f"{first} less that of another, 95 % interval", found.metric_names)
    for one in found.rankers:
        if one.lead is not None:
            table.add_row(one.name, *(_difference(one.lead[name]) for name in found.metric_names))
    return table


def _days(found: Replay) -> Table:
    metric = found.metric_names[0]
    table = _table(f"{metric} by day, UTC", ("lists", *(one.name for one in found.rankers)), "day")
    for at, day in list(enumerate(found.rankers[0].days))[-_DAYS_SHOWN:]:
        table.add_row(
            day.day.isoformat(),
            f"{day.judged:,}",
            *(_of_day(one, at, metric) for one in found.rankers),
        )
    return table


def _of_day(one: Ranked, at: int, metric: str) -> str:
    return _short(one.days[at].metrics[metric])


def _table(title: str, columns: tuple[str, ...], first: str = "ranker") -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _estimate(one: Estimate) -> str:
    return f"{_short(one.mean)}  {_short(one.low)}-{_short(one.high)}"


def _difference(one: Estimate) -> str:
    return f"{one.mean:+.3f}  {one.low:+.3f} to {one.high:+.3f}"


def _short(share: float) -> str:
    return f"{share:.3f}".removeprefix("0")
