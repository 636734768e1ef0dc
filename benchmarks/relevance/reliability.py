"""What a probability means on a set that it was not learned on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from benchmarks.relevance.sets import STORIES, SUBJECTS
from recommender.evaluation.tuning import Examples, calibrate, learn, scored_pairs
from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.slots.learned import Calibration

Kind = Literal["related", "same_story"]

LABELS: Mapping[Kind, Mapping[str, int]] = {"related": SUBJECTS, "same_story": STORIES}
"""The sets that each curve is learned on, with the least grade that counts."""

_BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of like predicted probability: how many, predicted and found to be related."""

    pairs: int
    predicted: float
    found: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve learned on the other sets of its kind, held against what was judged on one.

    Attributes:
        kind: of the curve.
        name: of the set.
        error: mean distance of predicted and found over the pairs, in bins of a tenth.
        without_background: the same where scores are taken as they are.
        bins: of the first.
    """

    kind: Kind
    name: str
    error: float
    without_background: float
    bins: tuple[Bin, ...]


def curves(sets: Sequence[Examples]) -> Iterator[Curve]:
    """Both kinds on each of their sets; weights, too, are learned without the set."""
    for kind, labels in LABELS.items():
        for judged in sets:
            if judged.name not in labels:
                continue
            weights = learn([one for one in sets if one is not judged], TEXT_SIGNALS)
            others = [one for one in sets if one.name in labels and one is not judged]
            parts = [_labelled(one, labels) for one in (judged, *others)]
            bins = _held_against(parts[0], parts[1:], weights)
            plain = [replace(one, background=np.zeros_like(one.background)) for one in parts]
            without = _held_against(plain[0], plain[1:], weights)
            yield Curve(kind, judged.name, _error(bins), _error(without), bins)


def calibrated(sets: Sequence[Examples], kind: Kind, weights: Mapping[str, float]) -> Calibration:
    """The curve of all sets of a kind, which ships."""
    labels = LABELS[kind]
    chosen = [_labelled(one, labels) for one in sets if one.name in labels]
    return calibrate(chosen, TEXT_SIGNALS, weights)


def _labelled(examples: Examples, labels: Mapping[str, int]) -> Examples:
    kept: npt.NDArray[np.bool_] = examples.grades >= labels[examples.name]
    return replace(examples, grades=np.where(kept, examples.grades, np.float32(0)))


def _held_against(
    judged: Examples, others: Sequence[Examples], weights: Mapping[str, float]
) -> tuple[Bin, ...]:
    scores, related = scored_pairs(judged, TEXT_SIGNALS, weights)
    predicted = calibrate(others, TEXT_SIGNALS, weights).probability(scores)
    bins = np.minimum((predicted * _BINS).astype(int), _BINS - 1)
    there = (bins == number for number in range(_BINS))
    return tuple(
        Bin(int(here.sum()), float(predicted[here].mean()), float(related[here].mean()))
        for here in there
        if here.any()
    )


def _error(bins: Sequence[Bin]) -> float:
    pairs = sum(one.pairs for one in bins)
    return sum(one.pairs * abs(one.predicted - one.found) for one in bins) / pairs
