"""Judged pairs with their signals, out of a corpus."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from recommender.evaluation.tuning import Examples, discounted_gain
from recommender.slots.corpus import Corpus
from recommender.slots.learned import LEARNED_SIGNALS
from recommender.slots.likeness import profile_of, signals_with
from recommender.slots.ranking import closeness


def examples_of(
    name: str,
    corpus: Corpus,
    positions: Sequence[int],
    grades: Sequence[Mapping[int, int]],
    *,
    k: int,
    judged_only: bool,
    half: timedelta,
) -> Examples:
    """The candidates of each query with all signals, as a slot of the corpus would rank them.

    A related article that is no candidate counts against every weighting alike.

    Args:
        name: of the set.
        corpus: whose base is asked.
        positions: of the queries, below `len(corpus.base)`.
        grades: of each query, by position; one of each query is more than 0.
        k: places that count.
        judged_only: what was not judged is not ranked; else it counts as not related.
        half: publications this far apart have half the closeness of simultaneous ones.
    """
    kept = corpus.relations.neighbours.positions
    candidates = [
        _candidates(kept[position], judged, judged_only=judged_only)
        for position, judged in zip(positions, grades, strict=True)
    ]
    widest = max(map(len, candidates))
    shape = (len(positions), widest)
    values = np.zeros((len(positions), len(LEARNED_SIGNALS), widest), dtype=np.float32)
    found, usable = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.bool_)
    times = corpus.base.columns.published_at
    for row, (position, these, judged) in enumerate(
        zip(positions, candidates, grades, strict=True)
    ):
        here = slice(0, len(these))
        values[row, :-1, here] = signals_with(corpus, profile_of(corpus, position), these)
        apart = closeness(np.abs(times[these] - times[position]), half)
        values[row, -1, here] = np.where(corpus.base.columns.evergreen[these], 0, apart)
        found[row, here] = [judged.get(one, 0) for one in these.tolist()]
        usable[row, here] = ~corpus.hidden[these]
    best = [discounted_gain(sorted(one.values(), reverse=True), k) for one in grades]
    background = np.append(corpus.relations.neighbours.background, np.float32(0))
    return Examples(name, values, found, usable, np.array(best), k, background)


def _candidates(
    kept: npt.NDArray[np.int32], judged: Mapping[int, int], *, judged_only: bool
) -> npt.NDArray[np.int64]:
    if judged_only:
        return np.array(sorted(judged), dtype=np.int64)
    return np.sort(kept[kept >= 0]).astype(np.int64)
