"""How long one query of the index takes, filtered or not, beside exact search in numpy."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from benchmarks.corpora import between, real_vectors
from benchmarks.definitions import IndexLatency
from benchmarks.figures import Contest, Goal, in_turn, ratio
from index.exact import ExactIndex
from index.faiss_index import FaissIndex
from index.protocol import Ids, VectorIndex, Vectors
from index.recall import recall_at_k

_TIE = 1e-6


def measure(asked: IndexLatency, seed: int) -> tuple[list[Contest], list[Goal]]:
    """One contest for each size, one for each filter over the largest, and goals for recall."""
    rng = np.random.default_rng(seed)
    real = real_vectors()
    queries = between(real, asked.warm_up + asked.rounds * asked.queries, rng)
    contests = []
    for size in asked.sizes:
        searched = _built(between(real, size, rng))
        contests.append(_contest(asked, searched, queries))
    contests += [
        _filtered(asked, searched, queries, np.sort(rng.permutation(size)[: round(share * size)]))
        for share in asked.shares
    ]
    goals = [
        Goal(
            name=f"recall@{asked.k} of {one.measured_by} over {one.size:,} vectors{under}",
            at_least=asked.recall,
            came=float(one.facts["recall"]),
        )
        for one in contests
        for under in [f", {one.facts['allowed']:,.0f} allowed" if "allowed" in one.facts else ""]
    ]
    return contests, goals


@dataclass(frozen=True, slots=True)
class _Built:
    """One set of vectors, indexed twice."""

    chosen: FaissIndex
    exact: ExactIndex
    seconds: float


def _built(vectors: Vectors) -> _Built:
    ids = np.arange(len(vectors), dtype=np.int64)
    start = time.perf_counter()
    chosen = FaissIndex.build(ids, vectors, threads=1)
    return _Built(chosen, ExactIndex(ids, vectors), time.perf_counter() - start)


def _contest(asked: IndexLatency, built: _Built, queries: Vectors) -> Contest:
    recall = recall_at_k(built.chosen, built.exact, queries, asked.k)
    facts: dict[str, float | str] = {
        "recall": round(recall, 4),
        "breadth": built.chosen.breadth or "all",
        "built in s": round(built.seconds, 2),
    }
    name = f"{asked.k} nearest of one query"
    return _beside_exact(
        asked, built, queries, name=name, runs=asked.queries, allowed=None, facts=facts
    )


def _filtered(asked: IndexLatency, built: _Built, queries: Vectors, allowed: Ids) -> Contest:
    few = queries[: asked.warm_up + asked.rounds * asked.filtered]
    found = built.chosen.search(few, asked.k, allowed=allowed).ids
    truth = built.exact.search(few, asked.k, allowed=allowed).scores
    worst = np.where(np.isfinite(truth), truth, np.inf).min(axis=1, keepdims=True)
    hits = (built.exact.scores(few, found) >= worst - _TIE).sum()
    facts: dict[str, float | str] = {
        "recall": round(float(hits / np.isfinite(truth).sum()), 4),
        "allowed": len(allowed),
    }
    name = f"{asked.k} nearest, {len(allowed) / len(built.exact):.4g} of all allowed"
    return _beside_exact(
        asked, built, few, name=name, runs=asked.filtered, allowed=allowed, facts=facts
    )


def _beside_exact(
    asked: IndexLatency,
    built: _Built,
    queries: Vectors,
    *,
    name: str,
    runs: int,
    allowed: Ids | None,
    facts: dict[str, float | str],
) -> Contest:
    def asks(searched: VectorIndex) -> Callable[[int], object]:
        return lambda at: searched.search(queries[at : at + 1], asked.k, allowed=allowed)

    with threadpool_limits(1):
        measured, baseline = in_turn(
            [asks(built.chosen), asks(built.exact)],
            runs=runs,
            warm_up=asked.warm_up,
            rounds=asked.rounds,
        )
    return Contest(
        name=name,
        size=len(built.exact),
        measured_by=f"FaissIndex ({built.chosen.kind})",
        measured=measured,
        baseline_by="exact search (numpy)",
        baseline=baseline,
        ratio=ratio(measured, baseline),
        facts=facts,
    )
