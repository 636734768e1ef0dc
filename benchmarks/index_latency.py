"""How long one query of the index takes, beside exact search in numpy."""

import time

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from benchmarks.corpora import between, real_vectors
from benchmarks.definitions import IndexLatency
from benchmarks.figures import Contest, Goal, in_turn, ratio
from index.exact import ExactIndex
from index.faiss_index import FaissIndex
from index.protocol import Vectors
from index.recall import recall_at_k


def measure(asked: IndexLatency, seed: int) -> tuple[list[Contest], list[Goal]]:
    """One contest for each size, and the goal for its recall."""
    rng = np.random.default_rng(seed)
    real = real_vectors()
    queries = between(real, asked.warm_up + asked.rounds * asked.queries, rng)
    contests = [_contest(asked, between(real, size, rng), queries) for size in asked.sizes]
    goals = [
        Goal(
            name=f"recall@{asked.k} of {one.measured_by} over {one.size:,} vectors",
            at_least=asked.recall,
            came=float(one.facts["recall"]),
        )
        for one in contests
    ]
    return contests, goals


def _contest(asked: IndexLatency, vectors: Vectors, queries: Vectors) -> Contest:
    ids = np.arange(len(vectors), dtype=np.int64)
    start = time.perf_counter()
    chosen = FaissIndex.build(ids, vectors, threads=1)
    built = time.perf_counter() - start
    exact = ExactIndex(ids, vectors)
    recall = recall_at_k(chosen, exact, queries, asked.k)
    with threadpool_limits(1):
        measured, baseline = in_turn(
            [
                lambda number: chosen.search(queries[number : number + 1], asked.k),
                lambda number: exact.search(queries[number : number + 1], asked.k),
            ],
            runs=asked.queries,
            warm_up=asked.warm_up,
            rounds=asked.rounds,
        )
    return Contest(
        name=f"{asked.k} nearest of one query",
        size=len(vectors),
        measured_by=f"FaissIndex ({chosen.kind})",
        measured=measured,
        baseline_by="exact search (numpy)",
        baseline=baseline,
        ratio=ratio(measured, baseline),
        facts={"recall": round(recall, 4), "built in s": round(built, 2)},
    )
