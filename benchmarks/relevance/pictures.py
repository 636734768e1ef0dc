"""The pictures of the report, out of the raw results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

_METHODS = ("latest", "TF-IDF", "BM25", "dense", "similarity")
_COLOURS = ("#9aa0a6", "#7aa6c2", "#4f81a8", "#e0a458", "#2f7d4f")

Raw = Mapping[str, Any]
"""The results as they lie in the file."""


def draw(found: Raw, folder: Path) -> None:
    """Draws all pictures into `folder`, as SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    mpl.rcParams["svg.hashsalt"] = "relevance"  # the same results, the same file
    for name, picture in (
        ("ndcg", _ndcg),
        ("candidates", _candidates),
        ("reliability", _reliability),
    ):
        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        axes = figure.subplots()
        picture(found, axes)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def _ndcg(found: Raw, axes: Any) -> None:  # matplotlib's axes have no usable types
    sets = found["sets"]
    width = 0.8 / len(_METHODS)
    for place, (method, colour) in enumerate(zip(_METHODS, _COLOURS, strict=True)):
        for row, one in enumerate(sets):
            metrics = {m["name"]: m["metrics"] for m in one["left_out"]["contests"][0]["methods"]}
            if method not in metrics:
                continue
            value = metrics[method][f"nDCG@{one['k']}"]
            error = [[value["mean"] - value["low"]], [value["high"] - value["mean"]]]
            axes.bar(
                row + (place - 2) * width,
                value["mean"],
                width,
                yerr=error,
                color=colour,
                capsize=2,
                label=method if row == 0 else None,
            )
    axes.set_xticks(range(len(sets)), [f"{one['name']}\nnDCG@{one['k']}" for one in sets])
    handles, labels = axes.get_legend_handles_labels()
    known = dict(zip(labels, handles, strict=True))
    axes.legend(known.values(), known.keys(), ncols=5, frameon=False, loc="upper center",
                bbox_to_anchor=(0.5, 1.15))  # fmt: skip
    axes.set_ylim(0, 1.05)


def _candidates(found: Raw, axes: Any) -> None:
    for one in found["sets"]:
        counts = [int(n) for n in one["candidates"]]
        axes.plot(counts, list(one["candidates"].values()), marker="o", label=one["name"])
    axes.set_xscale("log")
    axes.set_xticks([5, 10, 20, 50, 100], ["5", "10", "20", "50", "100"])
    axes.set_xlabel("candidates")
    axes.set_ylabel("recall of related articles")
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False)


def _reliability(found: Raw, axes: Any) -> None:
    axes.plot([0, 1], [0, 1], color="#9aa0a6", linewidth=1, linestyle="dashed")
    for one in found["curves"]:
        bins = [b for b in one["bins"] if b["pairs"] >= 20]
        axes.plot(
            [b["predicted"] for b in bins],
            [b["found"] for b in bins],
            marker="o" if one["kind"] == "related" else "s",
            label=f"{one['name']}, {one['kind'].replace('_', ' ')}",
        )
    axes.set_xlabel("predicted probability")
    axes.set_ylabel("share that is related")
    axes.legend(frameon=False)
