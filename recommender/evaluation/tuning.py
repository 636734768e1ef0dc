"""Weights of the signals, and what a score means, learned from judgements."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.slots.learned import Calibration

START: Mapping[str, float] = {
    "expanded": 1.0,
    "lexical": 0.5,
    "names": 0.25,
    "density": -0.25,
}
"""Where learning begins: every signal that helped on most sets counts a little."""

CLEAR_GAIN = 0.002
"""A step is taken only where mean nDCG gains so much: what gains less is chance on another set."""

_STEPS = (0.5, 0.25)
_ROUNDS = 6
_AGAINST = frozenset({"density"})  # counts against a pair, all others for it
_CALIBRATED = 20  # of the best candidates of a query
_MOST_QUERIES = 2_000  # of a set in a step; all of them change no decision

LEAST_SLOPE = 0.1
"""Of a calibration: more is never less likely."""

Weights = npt.NDArray[np.float64]
"""Shape (number of signals,)."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Judged candidates of the queries of one set.

    Attributes:
        name: of the set.
        values: shape (q, s, c), float32: the s signals of the c candidates of each query.
        grades: shape (q, c), float32: 0 where not related or not judged.
        usable: shape (q, c), bool: candidates that are ranked.
        best: shape (q,), the discounted gain of the best possible list.
        k: places that count.
        background: shape (s,), the signals in the background of the corpus.
    """

    name: str
    values: npt.NDArray[np.float32]
    grades: npt.NDArray[np.float32]
    usable: npt.NDArray[np.bool_]
    best: npt.NDArray[np.float64]
    k: int
    background: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.grades)

    def part(self, rows: npt.NDArray[np.integer]) -> "Examples":
        """Those of some queries."""
        return Examples(
            self.name,
            self.values[rows],
            self.grades[rows],
            self.usable[rows],
            self.best[rows],
            self.k,
            self.background,
        )


def discounted_gain(grades: Sequence[float], k: int) -> float:
    """Of a list, linear in the grades (Jarvelin and Kekalainen 2002)."""
    return sum(grade / math.log2(place + 2) for place, grade in enumerate(grades[:k]))


def ndcg(examples: Examples, scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """nDCG@k of each query when candidates stand by `scores` (q, c); shape (q,)."""
    ranked = np.where(examples.usable, scores, -np.inf)
    order = np.argsort(-ranked, axis=1, kind="stable")[:, : examples.k]
    gains = np.take_along_axis(np.where(examples.usable, examples.grades, 0), order, axis=1)
    discounts = 1 / np.log2(np.arange(2, order.shape[1] + 2))
    found: npt.NDArray[np.float64] = (gains * discounts).sum(axis=1) / examples.best
    return found


def learn(
    sets: Sequence[Examples], signals: Sequence[str], start: Mapping[str, float] = START
) -> dict[str, float]:
    """Weights by coordinate ascent on mean nDCG, every set counting alike.

    Metzler and Croft 2007, "Linear feature-based models for information retrieval". The first
    signal is the unit; a step is taken only where it gains `CLEAR_GAIN`.

    Args:
        sets: at least one, of at least one query each.
        signals: names of the rows of `Examples.values`.
        start: where to begin; a signal that it lacks begins at 0.
    """
    rng = np.random.default_rng(0)  # the same labels, the same weights
    sets = [one.part(rng.permutation(len(one))[:_MOST_QUERIES]) for one in sets]
    weights = np.array([start.get(one, 0.0) for one in signals])
    scores = [scores_of(one, weights) for one in sets]
    best = _mean(sets, scores)
    for step in _STEPS:
        for _ in range(_ROUNDS):
            moved = False
            for signal in range(1, len(signals)):
                for change in (step, -step):
                    if not _allowed(signals[signal], weights[signal] + change):
                        continue
                    tried = [
                        score + change * one.values[:, signal]
                        for one, score in zip(sets, scores, strict=True)
                    ]
                    gained = _mean(sets, tried)
                    if gained > best + CLEAR_GAIN:
                        best, scores, moved = gained, tried, True
                        weights[signal] += change
                        break
            if not moved:
                break
    return {name: round(float(weight), 4) for name, weight in zip(signals, weights, strict=True)}


def calibrate(
    sets: Sequence[Examples], signals: Sequence[str], weights: Mapping[str, float]
) -> Calibration:
    """The logistic curve (Platt 1999) through the best candidates of every query.

    Args:
        sets: each counts alike.
        signals: names of the rows of `Examples.values`.
        weights: by signal.
    """
    # imported here: a server that answers from its snapshot never needs scikit-learn
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    parts = [scored_pairs(one, signals, weights) for one in sets]
    scores = np.concatenate([score for score, _ in parts])
    accepted = np.concatenate([related for _, related in parts])
    counts = np.concatenate([np.full(len(score), 1 / max(len(score), 1)) for score, _ in parts])
    if accepted.all() or not accepted.any():
        return Calibration(slope=1.0, intercept=0.0)
    # nearly unregularised: there are two numbers and thousands of pairs
    model = LogisticRegression(C=1e6)
    model.fit(scores[:, None], accepted, sample_weight=counts * len(scores))
    return Calibration(max(float(model.coef_[0, 0]), LEAST_SLOPE), float(model.intercept_[0]))


def scored_pairs(
    examples: Examples, signals: Sequence[str], weights: Mapping[str, float]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Scores of the best candidates of every query, and whether each is related; shape (m,).

    Scores are told less what the background has, as a `Calibration` wants them.
    """
    row = np.array([weights.get(one, 0.0) for one in signals])
    scores = scores_of(examples, row) - row @ examples.background
    scores = np.where(examples.usable, scores, -np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :_CALIBRATED]
    best = np.take_along_axis(scores, order, axis=1).ravel()
    related = (np.take_along_axis(examples.grades, order, axis=1) > 0).ravel()
    there = np.isfinite(best)
    return best[there], related[there]


def scores_of(examples: Examples, weights: Weights) -> npt.NDArray[np.float64]:
    """The weighted sum of the signals of each candidate; shape (q, c)."""
    found: npt.NDArray[np.float64] = np.einsum("qsc,s->qc", examples.values, weights)
    return found


def _mean(sets: Sequence[Examples], scores: Sequence[npt.NDArray[np.floating]]) -> float:
    each = [ndcg(one, score).mean() for one, score in zip(sets, scores, strict=True)]
    return float(np.mean(each))


def _allowed(signal: str, weight: float) -> bool:
    return weight <= 0 if signal in _AGAINST else weight >= 0
