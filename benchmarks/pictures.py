"""The pictures of the report, out of the lineups of the raw results."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.lineup import Entry, Lineup, growth
from benchmarks.lineup_report import PICTURED

_OURS = "#2f7d4f"
_OTHERS = (
    *("#4f81a8", "#e0a458", "#b5484d", "#7d5ba6", "#8c6d46", "#d67ab1"),
    *("#6f7378", "#9aa63c", "#3fa7b5", "#1f3d7a", "#c9b037"),
)
_MARKERS = "osD^vP*Xp<>h"
_PANEL = 4.4  # inches


def draw(lineups: Sequence[Lineup], folder: Path, part: str) -> None:
    """Draws those that `PICTURED` names into `folder`, as `PART-NAME.svg`.

    Args:
        lineups: of one name, by size.
        folder: made where there is none.
        part: whose results they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mpl.rcParams["svg.hashsalt"] = part  # the same results, the same file
    drawing: dict[str, Callable[[Figure, Sequence[Lineup]], None]] = {
        "quality": _quality,
        "latency": _latency,
        "memory": _memory,
    }
    for name in PICTURED:
        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        drawing[name](figure, lineups)
        for axes in figure.axes:
            axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(folder / f"{part}-{name}.svg", metadata={"Date": None})


def _quality(figure: Figure, lineups: Sequence[Lineup]) -> None:
    figure.set_size_inches(_PANEL * len(lineups), _PANEL)
    panels = figure.subplots(1, len(lineups), squeeze=False)[0]
    styles = _styles(lineups)
    for axes, one in zip(panels, lineups, strict=True):
        for entry in one.entries:
            points = [(point.quality, point.rate) for point in entry.curve]
            if entry.took is not None:
                axes.plot(*zip(*points, strict=True), label=entry.who, **styles[entry.who])
        if one.wanted is not None:
            axes.axvline(one.wanted, color="#9aa0a6", linewidth=1, linestyle="dashed")
        axes.set_yscale("log")
        axes.set_title(f"{one.size:,}")
        axes.set_xlabel(one.quality_is)
    panels[0].set_ylabel("queries a second, one core")
    _legend(figure, panels)


def _latency(figure: Figure, lineups: Sequence[Lineup]) -> None:
    _by_size(figure, lineups, "ms of one query, median", _median, growth(lineups))


def _memory(figure: Figure, lineups: Sequence[Lineup]) -> None:
    _by_size(figure, lineups, "MiB of memory", lambda entry: entry.memory_mib or None, {})


def _by_size(
    figure: Figure,
    lineups: Sequence[Lineup],
    label: str,
    of: Callable[[Entry], float | None],
    powers: Any,
) -> None:
    axes = figure.subplots()
    for who, style in _styles(lineups).items():
        points = [
            (one.size, value)
            for one in lineups
            for entry in one.entries
            for value in [of(entry)]
            if entry.who == who and value is not None
        ]
        if points:
            named = f"{who}, n^{powers[who]:.2f}" if who in powers else who
            axes.plot(*zip(*points, strict=True), label=named, **style)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("size of the corpus")
    axes.set_ylabel(label)
    _legend(figure, [axes])


def _median(entry: Entry) -> float | None:
    return None if entry.took is None else entry.took.median


def _styles(lineups: Sequence[Lineup]) -> dict[str, dict[str, Any]]:
    """A colour and a marker for each contestant, the same in all pictures."""
    whole = dict.fromkeys(entry.who for one in lineups for entry in one.entries)
    colours = (_OURS, *_OTHERS)
    return {
        who: {
            "color": colours[place % len(colours)],
            "marker": _MARKERS[place % len(_MARKERS)],
            "markersize": 4,
            "linewidth": 1.2 if place else 2.5,
        }
        for place, who in enumerate(whole)
    }


def _legend(figure: Figure, panels: Sequence[Any]) -> None:
    known: dict[str, Any] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        known |= dict(zip(labels, handles, strict=True))
    if known:
        figure.legend(known.values(), known.keys(), loc="outside right center", frameon=False)
