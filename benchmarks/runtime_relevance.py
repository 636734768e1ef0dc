"""What 8 bits cost in relevance: nDCG of the product with each runtime, on the judged sets."""

from benchmarks.definitions import PublicSets
from benchmarks.embedding_definitions import RuntimeRelevance
from benchmarks.figures import Contest, Goal, figure, ratio
from benchmarks.relevance.measure import measure_embedder
from benchmarks.relevance.sets import SETS
from recommender.settings_tables import EmbedderSettings

_METHODS = ("similarity", "dense")


def measure(asked: RuntimeRelevance, _: int, sets: PublicSets) -> tuple[list[Contest], list[Goal]]:
    """`similarity`, with the weights that ship, and plain cosine; the truth is the sets' own."""
    own, torch = (
        measure_embedder(f"runtime {runtime}", chosen, sets.data, sets.homes, asked.sets)
        for runtime, chosen in (
            ("openvino-int8", EmbedderSettings(runtime="openvino-int8")),
            ("torch", EmbedderSettings()),
        )
    )
    contests, goals = [], []
    for one in SETS:
        if one.name not in own:
            continue
        for method in _METHODS:
            small, full = own[one.name][method], torch[one.name][method]
            measured, baseline = (figure(f"nDCG@{one.k}", [[value]]) for value in (small, full))
            contests.append(
                Contest(
                    name=f"{method} on {one.name}",
                    size=1,
                    measured_by="openvino-int8",
                    measured=measured,
                    baseline_by="torch, the default",
                    baseline=baseline,
                    ratio=ratio(measured, baseline),
                    facts={"difference": round(small - full, 4)},
                )
            )
            if method == "similarity":
                goals.append(
                    Goal(
                        name=f"nDCG@{one.k} on {one.name} in 8 bits, less that of torch",
                        at_least=-asked.most_lost,
                        came=round(small - full, 4),
                    )
                )
    return contests, goals
