"""What each signal adds on one set: by set weights, and by changes of the weights that ship."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recommender.evaluation.tuning import Examples, ndcg
from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.slots.learned import LEARNED_SIGNALS

_LADDER: Mapping[str, Mapping[str, float]] = {
    "dense": {"dense": 1.0},
    "dense, lexical": {"dense": 1.0, "lexical": 1.0},
    "dense, lexical, half title": {"dense": 1.0, "lexical": 1.0, "title": 0.5},
    "expanded": {"expanded": 1.0},
    "expanded, lexical": {"expanded": 1.0, "lexical": 0.5},
    "expanded, lexical, names": {"expanded": 1.0, "lexical": 0.5, "names": 0.25},
}
"""What is added one after the other, up to the weights that ship."""

_TIMES_BETWEEN = (0.0, 0.1, 0.25, 0.4, 1.0)
"""Weights of closeness in time; 0.25 ships."""

_TRIED: Mapping[str, float] = {"dense": 0.5, "title": 0.25, "density": -0.75, "names": 0.5}
"""Changes of one weight that were not taken."""


def row_of(
    weights: Mapping[str, float], signals: Sequence[str] = TEXT_SIGNALS
) -> npt.NDArray[np.float64]:
    """The weights in the order of `signals`, 0 where there is none."""
    return np.array([weights.get(one, 0.0) for one in signals])


def ladder(examples: Examples) -> dict[str, float]:
    """nDCG@k by set weights, named after the signals that have one."""
    return {name: mean_ndcg(examples, row) for name, row in _LADDER.items()}


def time_between(timed: Examples | None, shipped: Mapping[str, float]) -> dict[float, float]:
    """nDCG@k by the weight of closeness in time beside those that ship.

    Args:
        timed: with closeness in time as the last signal; None where the articles have no dates,
            which gives no figures.
        shipped: by signal.
    """
    if timed is None:
        return {}
    weights = {one: {**shipped, LEARNED_SIGNALS[-1]: one} for one in _TIMES_BETWEEN}
    return {one: mean_ndcg(timed, row, LEARNED_SIGNALS) for one, row in weights.items()}


def mean_ndcg(
    examples: Examples, weights: Mapping[str, float], signals: Sequence[str] = TEXT_SIGNALS
) -> float:
    """Mean nDCG@k of the candidates by the weighted sum of their signals."""
    scores = np.einsum("qsc,s->qc", examples.values, row_of(weights, signals))
    return round(float(ndcg(examples, scores).mean()), 4)


def ablation(examples: Examples, shipped: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """The change of nDCG@k where one of the weights that ship is another, by what was changed."""
    kept = {one: shipped.get(one, 0.0) for one in TEXT_SIGNALS}
    whole = mean_ndcg(examples, kept)
    for signal, weight in kept.items():
        if weight and signal != "expanded":
            yield f"without {signal}", round(mean_ndcg(examples, {**kept, signal: 0.0}) - whole, 4)
    plain = {**kept, "expanded": 0.0, "dense": 1.0}
    yield "dense in place of expanded", round(mean_ndcg(examples, plain) - whole, 4)
    for signal, weight in _TRIED.items():
        change = round(mean_ndcg(examples, {**kept, signal: weight}) - whole, 4)
        yield f"{signal} at {weight:g}", change
