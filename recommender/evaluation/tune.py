"""The flow of learning from a publisher's own labels: gather, learn, check, calibrate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np
import numpy.typing as npt

from recommender.evaluation.evaluate import Watch
from recommender.evaluation.examples import examples_of
from recommender.evaluation.labels import LabelCounts, Labels, labelled_queries
from recommender.evaluation.significance import paired_p_values
from recommender.evaluation.tuning import (
    LEAST_SLOPE,
    Examples,
    calibrate,
    learn,
    ndcg,
    scores_of,
)
from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.slots.corpus import Corpus
from recommender.slots.learned import LEARNED_SIGNALS, Calibration, Learned

FOLDS = 5
LEAST_REFUSED = 20
"""Pairs of grade 0 without which probabilities cannot be learned."""
_LEAST_WEIGHT = 1e-9  # where every pair is certain, all count alike


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """A figure under the current weights, and under the learned ones."""

    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was learned, and whether it is any better.

    Attributes:
        queries: articles whose labels were learned from.
        k: places that count.
        folds: parts of the queries; each is ranked by weights learned from the others.
        ndcg: mean nDCG@k; after: by weights that were learned without the query.
        p_value: two-sided, of the paired randomisation test of the two.
        shown: share of the best k candidates whose probability reaches `min_score`.
        current: the weights before.
        learned: from all queries; a probability only where `LEAST_REFUSED` pairs were judged not
            related, else pairs keep theirs.
        better: the learned weights differ, and ranked no worse by `ndcg`.
    """

    queries: LabelCounts
    k: int
    folds: int
    ndcg: BeforeAndAfter
    p_value: float
    shown: BeforeAndAfter
    current: Learned
    learned: Learned
    better: bool


def tune(
    corpus: Corpus,
    labels: Labels,
    current: Learned,
    *,
    start: Mapping[str, float],
    k: int,
    half: timedelta,
    min_score: float,
    rng: np.random.Generator,
    watch: Watch | None = None,
) -> Tuned:
    """Learns weights from `labels` and compares them with the current ones by cross-validation.

    Queries are parted at random: two of one story may stand in two parts, which flatters what was
    learned a little. So does a log of clicks whatever ranked it, as the first places are clicked
    more.

    Args:
        corpus: its snapshot is learned from, without what came after it.
        labels: of its articles, by their ids.
        current: the weights in force.
        start: weights where learning begins; not the current ones, so that the same labels give
            the same weights again.
        k: places that count.
        half: publications this far apart have half the closeness of simultaneous ones.
        min_score: the probability that a candidate must reach to be shown.
        rng: of the parts, the sample and the test.
        watch: told how it goes.

    Raises:
        InputError: fewer than `LEAST_QUERIES` articles have labels that decide anything.
    """
    watch = watch or Watch()
    watch.step("measure signals")
    positions, grades, counts = labelled_queries(corpus, labels, rng)
    measured = partial(examples_of, "labels", corpus, positions, grades, k=k, half=half)
    examples = measured(judged_only=labels.judged_only)
    answers = measured(judged_only=True) if _refuse(labels, grades) else None
    watch.step("learn")
    held_out = np.empty(len(examples))
    for done, fold in enumerate(np.array_split(rng.permutation(len(examples)), FOLDS)):
        watch.progress(done, FOLDS + 1)
        others = np.setdiff1d(np.arange(len(examples)), fold)
        weights = learn([examples.part(others)], LEARNED_SIGNALS, start)
        held_out[fold] = _ndcg(examples.part(fold), weights)
    before = _ndcg(examples, current.weights)
    watch.progress(FOLDS, FOLDS + 1)
    learned = _learned(examples, answers, current, learn([examples], LEARNED_SIGNALS, start))
    watch.progress(FOLDS + 1, FOLDS + 1)
    change = BeforeAndAfter(float(before.mean()), float(held_out.mean()))
    return Tuned(
        queries=counts,
        k=k,
        folds=FOLDS,
        ndcg=change,
        p_value=float(paired_p_values((held_out - before)[:, None], rng)[0]),
        shown=BeforeAndAfter(
            _shown(examples, current, min_score), _shown(examples, learned, min_score)
        ),
        current=current,
        learned=learned,
        better=learned is not current and change.after >= change.before,
    )


def carried_over(
    calibration: Calibration,
    examples: Examples,
    before: Mapping[str, float],
    after: Mapping[str, float],
) -> Calibration:
    """What the calibration of one weighting is under another: pairs keep their probabilities.

    The line by weighted least squares from new scores of the texts to old log odds, over all
    candidates: each counts as much as its probability moves with its log odds.
    """
    old, new = (
        _beside_background(examples, texts_alone(weights))[examples.usable]
        for weights in (before, after)
    )
    odds = calibration.slope * old + calibration.intercept
    probability = calibration.probability(old).astype(np.float64)
    weight = probability * (1 - probability) + _LEAST_WEIGHT
    weight /= weight.sum()
    center, height = float(weight @ new), float(weight @ odds)
    spread = float(weight @ (new - center) ** 2)
    slope = float(weight @ ((new - center) * (odds - height))) / spread if spread else 0.0
    slope = max(slope, LEAST_SLOPE)
    return Calibration(slope, height - slope * center)


def texts_alone(weights: Mapping[str, float]) -> dict[str, float]:
    """Those that count for a probability, in the order of `TEXT_SIGNALS`."""
    return {name: weights.get(name, 0.0) for name in TEXT_SIGNALS}


def _learned(
    examples: Examples, answers: Examples | None, current: Learned, weights: Mapping[str, float]
) -> Learned:
    """The current one itself where the weights are its own; `answers`: what editors judged."""
    before = current.weights
    if all(weights[name] == before.get(name, 0.0) for name in LEARNED_SIGNALS):
        return current
    texts = texts_alone(weights)
    related, same_story = current.related, current.same_story
    if texts != texts_alone(before):
        related, same_story = (
            carried_over(one, examples, before, weights) for one in (related, same_story)
        )
    if answers is not None:
        related = calibrate([answers], LEARNED_SIGNALS, texts)
    return Learned(weights, related, same_story)


def _refuse(labels: Labels, grades: Sequence[Mapping[int, int]]) -> bool:
    """Whether editors said of enough pairs that they are not related.

    What they did not name may well be related, and most links that are fine are never clicked:
    probabilities learned of those would empty the slots.
    """
    refused = sum(grade == 0 for judged in grades for grade in judged.values())
    return labels.kind == "judgements" and refused >= LEAST_REFUSED


def _shown(examples: Examples, learned: Learned, min_score: float) -> float:
    scores = np.where(examples.usable, _scores(examples, learned.weights), -np.inf)
    best = np.argsort(-scores, axis=1, kind="stable")[:, : examples.k]
    texts = texts_alone(learned.weights)
    probable = learned.related.probability(_beside_background(examples, texts))
    reached = np.take_along_axis(probable >= min_score, best, axis=1)
    return float(reached[np.take_along_axis(examples.usable, best, axis=1)].mean())


def _ndcg(examples: Examples, weights: Mapping[str, float]) -> npt.NDArray[np.float64]:
    return ndcg(examples, _scores(examples, weights))


def _beside_background(examples: Examples, weights: Mapping[str, float]) -> npt.NDArray[np.float64]:
    row = np.array([weights.get(one, 0.0) for one in LEARNED_SIGNALS])
    return scores_of(examples, row) - row @ examples.background


def _scores(examples: Examples, weights: Mapping[str, float]) -> npt.NDArray[np.float64]:
    return scores_of(examples, np.array([weights.get(one, 0.0) for one in LEARNED_SIGNALS]))
