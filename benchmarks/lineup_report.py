"""A lineup as the report has it: a table, who is ahead of ours, and the pictures."""

from collections.abc import Callable, Iterator, Sequence

from benchmarks.digits import number
from benchmarks.lineup import Entry, Lineup, Point, growth

PICTURED = {
    "quality": "Quality against queries a second, one panel for each size",
    "latency": "Median of one query against the size of the corpus",
    "memory": "Memory against the size of the corpus",
}
"""Each picture's name, and what it shows."""

_COLUMNS = (
    "median ms",
    "p95",
    "p99",
    "spread",
    "runs",
    "to ours",
    "limit ms",
    "to the limit",
    "breadth",
    "built in s",
    "memory MiB",
    "files MiB",
)
_AHEAD: dict[str, Callable[[Entry], float | None]] = {
    "Quicker": lambda one: None if one.took is None else one.took.median,
    "Built in less time": lambda one: one.built_s,
    "In less memory": lambda one: one.memory_mib,
}


def beside_each_other(lineup: Lineup) -> Iterator[str]:
    """All of them in a table, Markdown; then those that are ahead of the first, and the failed."""
    wanted = "" if lineup.wanted is None else f", {lineup.quality_is} {lineup.wanted:g} wanted"
    yield f"{lineup.name}, {lineup.size:,}{wanted}; a core reads {number(lineup.bandwidth)} GB/s:"
    yield ""
    yield f"| by | version | {lineup.quality_is} | {' | '.join(_COLUMNS)} |"
    yield f"|---|---{'|---:' * (len(_COLUMNS) + 1)}|"
    for entry in lineup.entries:
        if entry.took is not None:
            quality = number(entry.quality or 0.0)
            reached = "" if lineup.came_to_it(entry) else " **not reached**"
            cells = (entry.name, entry.version, f"{quality}{reached}", *_cells(entry))
            yield f"| {' | '.join(cells)} |"
    yield ""
    first, *others = lineup.entries
    if first.took is not None:
        there = [one for one in others if one.took is not None and lineup.came_to_it(one)]
        for what, of in _AHEAD.items():
            yield _ahead(what, of, first, there)
        if first.tuned is not None:
            yield _by_itself(first, first.tuned, lineup.quality_is)
        yield ""
    for entry in lineup.entries:
        if entry.took is None:
            yield from (f"Not measured: {entry.name}, {entry.failed}.", "")


def pictured(lineups: Sequence[Lineup], place: str) -> Iterator[str]:
    """The pictures that `pictures.draw` draws, and how the medians grow; nothing of no lineups."""
    if not lineups:
        return
    for name, shows in PICTURED.items():
        yield from (f"![{shows}]({place}-{name}.svg)", "")
    grown = growth(lineups)
    if grown:
        powers = (f"{who} {power:.2f}" for who, power in grown.items())
        yield from (f"The median grows as this power of the size: {', '.join(powers)}.", "")


def _cells(entry: Entry) -> Iterator[str]:
    took, limit = entry.took, entry.limit_ms
    if took is None:
        return
    yield from map(number, (took.median, took.p95, took.p99, took.spread))
    yield f"{took.runs:,}"
    yield _optional(entry.ratio)
    yield _optional(limit)
    yield _optional(None if not limit else took.median / limit)
    yield "all" if entry.breadth is None else f"{entry.breadth:,}"
    yield from map(_optional, (entry.built_s, entry.memory_mib, entry.disk_mib))


def _ahead(
    what: str, of: Callable[[Entry], float | None], first: Entry, others: Sequence[Entry]
) -> str:
    own = of(first)
    less = [one.name for one in others for theirs in [of(one)] if _is_less(theirs, own)]
    return f"- {what} than {first.name}: {', '.join(less) or 'none'}."


def _by_itself(first: Entry, tuned: Point, quality_is: str) -> str:
    return (
        f"- {first.name} itself looks as widely as {tuned.breadth:,}, so that another sample of "
        f"queries comes to it as well: {quality_is} {number(tuned.quality)}, "
        f"{number(1e3 / tuned.rate)} ms."
    )


def _is_less(theirs: float | None, own: float | None) -> bool:
    return theirs is not None and own is not None and theirs < own


def _optional(value: float | None) -> str:
    return "" if value is None else number(value)
