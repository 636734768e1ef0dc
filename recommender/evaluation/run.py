"""A run: in which order a method put the candidates of each query."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from recommender.evaluation.collection import Collection
from recommender.evaluation.queries import Queries

Positions: TypeAlias = npt.NDArray[np.int64]
"""Of articles in a collection."""

Scorer: TypeAlias = Callable[[Positions], npt.NDArray[np.floating]]
"""The articles at (b,) positions to how well each of the n suits them, (b, n), all finite."""

_CELLS = 1 << 22
"""Scores held at a time: 32 MiB in double precision."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one method ranked.

    Attributes:
        method: its name.
        lists: for each query positions of articles, best first, none twice; may be empty.
    """

    method: str
    lists: tuple[Positions, ...]


def rank(
    method: str,
    scorer: Scorer,
    queries: Queries,
    collection: Collection,
    *,
    depth: int,
    judged_only: bool = False,
) -> Run:
    """The `depth` best candidates of each query by score, ties by position.

    Args:
        method: name of the run.
        scorer: called for one block of queries after the other, in their order.
        queries: who asks.
        collection: what is ranked.
        depth: articles of a list at the most.
        judged_only: rank nothing that was not judged for the query.
    """
    lists: list[Positions] = []
    for block in _blocks(len(queries), len(collection)):
        scores = scorer(queries.positions[block])
        allowed = queries.candidates(block, collection)
        for row, query in enumerate(block.tolist()):
            if judged_only:
                candidates = np.array(sorted(queries.grades[query]), dtype=np.int64)
            else:
                candidates = np.flatnonzero(allowed[row])
            lists.append(_best(candidates, scores[row, candidates], depth))
    return Run(method, tuple(lists))


def only_judged(run: Run, queries: Queries) -> Run:
    """`run` less what was not judged for a query; judged articles that it lacks stand last."""
    lists: list[Positions] = []
    for ranked, grades in zip(run.lists, queries.grades, strict=True):
        found = [one for one in ranked.tolist() if one in grades]
        # nobody knows in which order the method would have put them: by position
        found += sorted(grades.keys() - set(found))
        lists.append(np.array(found, dtype=np.int64))
    return Run(run.method, tuple(lists))


def _blocks(queries: int, articles: int) -> Iterator[npt.NDArray[np.int64]]:
    size = max(1, _CELLS // max(1, articles))
    for start in range(0, queries, size):
        yield np.arange(start, min(start + size, queries))


def _best(candidates: Positions, scores: npt.NDArray[np.floating], depth: int) -> Positions:
    if len(candidates) > depth:
        # everything as good as the last that fits, so that ties are not broken by chance
        least = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        kept = scores >= least
        candidates, scores = candidates[kept], scores[kept]
    return candidates[np.argsort(-scores, kind="stable")][:depth]
