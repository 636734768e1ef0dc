"""Pipelines and baselines put the same candidates in order."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import numpy as np

from recommender.evaluation.baselines import Baseline
from recommender.evaluation.collection import Collection
from recommender.evaluation.queries import Queries
from recommender.evaluation.run import Run, only_judged, rank

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many queries are done and how many there are."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A pipeline to be evaluated.

    Attributes:
        name: of the pipeline.
        knows_now: it leaves out what is dated later than the time of asking.
        related: called with ids of articles, the time of asking (aware) and how many are wanted
            beside each; gives (id of an article, id of one beside it), best first.
    """

    name: str
    knows_now: bool
    related: Callable[[Sequence[str], datetime, int], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Task:
    """What every method of a contest is to do.

    Attributes:
        queries: whose related articles are wanted.
        collection: out of which.
        depth: how many of each at the most.
        judged_only: only what was judged for a query is held against the judgements.
    """

    queries: Queries
    collection: Collection
    depth: int
    judged_only: bool


@dataclass(frozen=True, slots=True)
class Ranked:
    """What one method did.

    Attributes:
        shown: the best of all candidates.
        measured: what is held against the judgements: the same, or the judged alone.
    """

    shown: Run
    measured: Run


def by_contestant(contestant: Contestant, task: Task, progress: Progress) -> Ranked:
    """Asks a pipeline, for each query as of its moment."""
    queries, collection = task.queries, task.collection
    asked = defaultdict(list)
    for query, moment in enumerate(queries.moments.tolist()):
        asked[moment].append(query)
    lists: list[list[int]] = [[] for _ in range(len(queries))]
    done = 0
    for moment, together in asked.items():
        by_id = {collection.ids[queries.positions[query]]: query for query in together}
        at = datetime.fromtimestamp(moment, UTC)
        for article_id, related_id in contestant.related(list(by_id), at, task.depth):
            lists[by_id[article_id]].append(collection.positions[related_id])
        done += len(together)
        progress(done, len(queries))
    run = Run(contestant.name, tuple(np.array(one, dtype=np.int64) for one in lists))
    return Ranked(run, only_judged(run, queries) if task.judged_only else run)


def by_baseline(baseline: Baseline, task: Task) -> Ranked:
    """Ranks every candidate of each query."""

    def ranked(*, judged_only: bool) -> Run:
        return rank(
            baseline.name,
            baseline.scorer,
            task.queries,
            task.collection,
            depth=task.depth,
            judged_only=judged_only,
        )

    run = ranked(judged_only=False)
    return Ranked(run, ranked(judged_only=True) if task.judged_only else run)
