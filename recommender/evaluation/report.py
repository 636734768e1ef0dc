"""What an evaluation found."""

from dataclasses import dataclass
from typing import Literal

from recommender.evaluation.baselines import LeftOut
from recommender.evaluation.beyond import Shown
from recommender.evaluation.queries import QueryCounts


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries.

    Attributes:
        mean: of the queries that were asked.
        low: lower end of its 95 % bootstrap interval.
        high: upper end.
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two means over the same queries, with the 95 % interval and the two-sided p-value."""

    mean: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Method:
    """How one method did.

    Attributes:
        name: of the pipeline or baseline.
        kind: which of the two it is.
        metrics: by name.
        shown: beyond accuracy; of lists of all candidates, not of judged ones alone.
    """

    name: str
    kind: Literal["pipeline", "baseline"]
    metrics: dict[str, Estimate]
    shown: Shown


@dataclass(frozen=True, slots=True)
class Comparison:
    """One method less another; `metrics` by name."""

    method: str
    against: str
    metrics: dict[str, Difference]


@dataclass(frozen=True, slots=True)
class Contest:
    """Methods that ranked the same candidates for the same queries.

    Attributes:
        later_too: articles published after the moment of asking were candidates as well.
        queries: what was asked.
        methods: the pipelines, then the baselines.
        left_out: baselines with nothing to go by.
        comparisons: each pipeline against every other method, and each baseline against dense.
    """

    later_too: bool
    queries: QueryCounts
    methods: tuple[Method, ...]
    left_out: tuple[LeftOut, ...]
    comparisons: tuple[Comparison, ...]

    def compared(self, method: str, against: str) -> Comparison | None:
        """The one of these two; None where they were not compared."""
        for one in self.comparisons:
            if (one.method, one.against) == (method, against):
                return one
        return None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All contests of one call: pipelines that know a now, and those that do not, are apart.

    Attributes:
        articles: of the collection.
        judged_only: only judged articles were ranked.
        as_of: "own", "now" or a time: the moment of asking.
        depth: articles of a list at the most, for R and MAP.
        metric_names: in the order of their weight.
        contests: in the order of the pipelines.
    """

    articles: int
    judged_only: bool
    as_of: str
    depth: int
    metric_names: tuple[str, ...]
    contests: tuple[Contest, ...]
