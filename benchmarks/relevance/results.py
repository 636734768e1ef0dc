"""What a run found, as it lies in relevance.json."""

from dataclasses import dataclass

from recommender.evaluation.report import Evaluation
from recommender.slots.learned import Calibration


@dataclass(frozen=True, slots=True)
class SetResult:
    """One set.

    Attributes:
        weights: learned on all other sets.
        left_out: by those weights, beside the baselines.
        shipped: by the weights that ship.
        as_of_own_date: the default pipeline and `similarity` as of each article's own date;
            None where the articles have none.
        ladder: nDCG@k by named weights, learned from nothing.
        ablation: the change of nDCG@k where one of the weights that ship is set to 0, or to
            another value that was tried.
        time_between: nDCG@k by the weight of closeness in time beside the weights that ship;
            empty where the articles have no dates.
        candidates: share of the related articles among the first n kept candidates, by n.
        from_nothing: nDCG@k of weights learned without the set from `expanded` alone: where
            learning begins was chosen by people who had seen these sets.
        diversity: nDCG@k of `similarity` with so much of it; empty where only judged articles
            are ranked.
    """

    name: str
    k: int
    articles: int
    queries: int
    weights: dict[str, float]
    left_out: Evaluation
    shipped: Evaluation
    as_of_own_date: Evaluation | None
    ladder: dict[str, float]
    ablation: dict[str, float]
    time_between: dict[float, float]
    candidates: dict[int, float]
    from_nothing: float
    diversity: dict[float, float]


@dataclass(frozen=True, slots=True)
class TopicsResult:
    """A set that serves learning alone: what each signal adds; see `SetResult`."""

    name: str
    k: int
    articles: int
    queries: int
    ladder: dict[str, float]
    ablation: dict[str, float]
    time_between: dict[float, float]


@dataclass(frozen=True, slots=True)
class Learnt:
    """From all sets: what is to ship."""

    weights: dict[str, float]
    related: Calibration
    same_story: Calibration
