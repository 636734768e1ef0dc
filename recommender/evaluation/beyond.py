"""What the slots show, apart from how well it fits: the measures beyond accuracy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.evaluation.collection import Collection
from recommender.evaluation.queries import Queries
from recommender.evaluation.run import Run

_DAY = 86_400.0
_MOST_SHOWN = 0.01


@dataclass(frozen=True, slots=True)
class Shown:
    """What a method shows in the first places beside all queries' articles.

    A place is one article in one list. None where there is nothing to measure. Definitions as in
    Castells, Hurley and Vargas 2015, "Novelty and diversity in recommender systems", where no
    other is named.

    Attributes:
        places: of each list.
        filled: share of the places in which an article stands, in [0, 1].
        coverage: share of the collection that is shown somewhere, in [0, 1].
        most_shown: share of all places that the most-shown 1 % of the collection's articles (at
            least one) take; 0.01 where all are shown equally often.
        diversity: 1 - cosine of two articles of one list, mean of its pairs, mean of the lists.
        novelty: surprisal in bits, -log2 of the share of lists that show the article, mean of the
            places (Zhou et al. 2010, "Solving the apparent diversity-accuracy dilemma of
            recommender systems"): what stands everywhere tells nobody anything new.
        distance: 1 - cosine with the article that is read, mean of the places.
        copies: share of the places with a near-duplicate of the article that is read or of one
            placed before, in [0, 1].
        age_days: median of the days between publication and the time of asking, before or after.
        age_days_90: their 90th percentile.
    """

    places: int
    filled: float
    coverage: float
    most_shown: float | None
    diversity: float | None
    novelty: float | None
    distance: float | None
    copies: float | None
    age_days: float | None
    age_days_90: float | None


def shown(run: Run, queries: Queries, collection: Collection, *, places: int) -> Shown:
    """Measures the first `places` of each list of `run`."""
    lists = [ranked[:places] for ranked in run.lists]
    lengths = np.array([len(one) for one in lists])
    articles = np.concatenate([*lists, np.empty(0, np.int64)]).astype(np.int64)
    asked = np.repeat(queries.positions, lengths)
    times = np.bincount(articles, minlength=len(collection))
    ages = _ages(collection.published_at[articles], np.repeat(queries.moments, lengths))
    vectors = collection.vectors
    return Shown(
        places=places,
        filled=len(articles) / (places * len(lists)),
        coverage=np.count_nonzero(times) / len(collection),
        most_shown=_share_of_most_shown(times),
        diversity=_mean([_spread(vectors[one]) for one in lists if len(one) > 1]),
        novelty=_mean(np.log2(len(lists) / times[articles])),
        distance=_mean(1 - np.einsum("ij,ij->i", vectors[asked], vectors[articles])),
        copies=_mean(_is_copy(lists, queries.positions, collection.groups)),
        age_days=_quantile(ages, 0.5),
        age_days_90=_quantile(ages, 0.9),
    )


def _share_of_most_shown(times: npt.NDArray[np.int64]) -> float | None:
    total = int(times.sum())
    count = math.ceil(len(times) * _MOST_SHOWN)
    return int(np.sort(times)[-count:].sum()) / total if total else None


def _spread(vectors: npt.NDArray[np.float32]) -> float:
    upper = np.triu_indices(len(vectors), k=1)
    return float(1 - (vectors @ vectors.T)[upper].mean())


def _is_copy(
    lists: Sequence[npt.NDArray[np.int64]],
    asked: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int32],
) -> list[bool]:
    found = []
    for query, ranked in zip(asked.tolist(), lists, strict=True):
        met = {int(groups[query])}
        for group in groups[ranked].tolist():
            found.append(group in met)
            met.add(group)
    return found


def _ages(
    published_at: npt.NDArray[np.float64], moments: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    days = np.abs(moments - published_at) / _DAY
    return days[np.isfinite(days)]


def _mean(values: Sequence[float] | Sequence[bool] | npt.NDArray[np.floating]) -> float | None:
    return float(np.mean(values, dtype=np.float64)) if len(values) else None


def _quantile(values: npt.NDArray[np.float64], share: float) -> float | None:
    return float(np.quantile(values, share)) if len(values) else None
