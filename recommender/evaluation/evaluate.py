"""The flow of an evaluation: ask, rank by every method, measure, compare."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from recommender.errors import InputError
from recommender.evaluation.baselines import DENSE, Baseline, baselines
from recommender.evaluation.beyond import shown
from recommender.evaluation.collection import Collection
from recommender.evaluation.compare import compare
from recommender.evaluation.contestants import (
    Contestant,
    Ranked,
    Task,
    by_baseline,
    by_contestant,
)
from recommender.evaluation.judgements import Judgements
from recommender.evaluation.metrics import metric_names, per_query
from recommender.evaluation.queries import AsOf, QueryCounts, ask
from recommender.evaluation.report import Contest, Evaluation, Method

DEFAULT_CUTS = (2, 5, 10)

_DEPTH = 100
_JUDGED_DEPTH = 1_000


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured, and how.

    Attributes:
        cuts: the k of nDCG@k and P@k; the greatest is the number of places beyond accuracy.
        judged_only: rank only what was judged for a query.
        as_of: the moment of asking.
    """

    cuts: tuple[int, ...] = DEFAULT_CUTS
    judged_only: bool = False
    as_of: AsOf = "own"

    @property
    def depth(self) -> int:
        """Articles of a list at the most."""
        return max(_JUDGED_DEPTH if self.judged_only else _DEPTH, *self.cuts)


@dataclass(frozen=True, slots=True)
class Watch:
    """Told how it goes: the name of each step as it begins, and how many of it are done."""

    step: Callable[[str], None] = lambda _: None
    progress: Callable[[int, int], None] = lambda _done, _total: None


def evaluate(
    collection: Collection,
    judgements: Judgements,
    contestants: Sequence[Contestant],
    options: Options,
    *,
    now: datetime,
    rng: np.random.Generator,
    watch: Watch | None = None,
) -> Evaluation:
    """Ranks the candidates of every judged article by all methods, and compares the methods.

    Args:
        collection: what is ranked.
        judgements: of its articles.
        contestants: at least one, of different names; one with a baseline's name is told from it
            by an addition. Those that know a now and those that do not choose among different
            candidates, so each kind is compared apart, with its own baselines.
        options: what is measured.
        now: aware.
        rng: of the random order, the bootstrap and the test.
        watch: told how it goes.

    Raises:
        InputError: no query is left to ask.
    """
    watch = watch or Watch()
    names = metric_names(options.cuts)
    watch.step("prepare baselines")
    simple, left_out = baselines(collection, rng)
    contestants = _apart_from(simple, contestants)
    contests = []
    for knows_now in dict.fromkeys(one.knows_now for one in contestants):
        queries, counts = ask(
            judgements, collection, as_of=options.as_of, now=now, later_too=not knows_now
        )
        if not len(queries):
            raise InputError(_nothing_to_ask(judgements, counts))
        task = Task(queries, collection, options.depth, options.judged_only)
        entered = [one for one in contestants if one.knows_now == knows_now]
        ranked = _ranked(entered, simple, task, watch)
        watch.step("compare")
        values = {
            one.measured.method: per_query(one.measured.lists, queries.grades, names)
            for one in ranked
        }
        pairs = _pairs([one.name for one in entered], [one.name for one in simple])
        estimates, comparisons = compare(values, names, pairs, rng)
        methods = tuple(
            Method(
                name=one.shown.method,
                kind="pipeline" if place < len(entered) else "baseline",
                metrics=estimates[one.shown.method],
                shown=shown(one.shown, queries, collection, places=max(options.cuts)),
            )
            for place, one in enumerate(ranked)
        )
        contests.append(Contest(not knows_now, counts, methods, left_out, comparisons))
    return Evaluation(
        articles=len(collection),
        judged_only=options.judged_only,
        as_of=options.as_of if isinstance(options.as_of, str) else options.as_of.isoformat(),
        depth=options.depth,
        metric_names=names,
        contests=tuple(contests),
    )


def _apart_from(simple: Sequence[Baseline], contestants: Sequence[Contestant]) -> list[Contestant]:
    taken = {one.name for one in simple}
    return [
        replace(one, name=f"{one.name} (pipeline)") if one.name in taken else one
        for one in contestants
    ]


def _ranked(
    contestants: Sequence[Contestant], simple: Sequence[Baseline], task: Task, watch: Watch
) -> list[Ranked]:
    """The contestants in their order, then the baselines."""
    found = []
    for contestant in contestants:
        watch.step(f"rank by pipeline {contestant.name}")
        found.append(by_contestant(contestant, task, watch.progress))
    for baseline in simple:
        watch.step(f"rank by {baseline.name}")
        found.append(by_baseline(baseline, task))
    return found


def _pairs(pipelines: Sequence[str], simple: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each pipeline with the baselines and the pipelines behind it; each baseline with dense."""
    for place, name in enumerate(pipelines):
        for other in (*simple, *pipelines[place + 1 :]):
            yield name, other
    for name in simple:
        if name != DENSE:
            yield name, DENSE


def _nothing_to_ask(judgements: Judgements, counts: QueryCounts) -> str:
    if counts.absent == counts.judged:
        return judgements.foreign
    return (
        f"There is nothing to measure: of {counts.judged:,} query ids {counts.absent:,} are no "
        f"article's, and the other {counts.nothing_related:,} have no related article "
        f"(grade above 0) that could be shown; {counts.later_documents:,} judgements are of "
        "articles published later than asked."
    )
