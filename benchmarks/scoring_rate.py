"""How fast the slots of a whole catalog are written, beside two ways to come to such a list."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from benchmarks.corpora import HashedWords, made_up, opened
from benchmarks.definitions import ScoringRate
from benchmarks.figures import Contest, Goal, figure, ratio
from index.faiss_index import FaissIndex
from recommender.cli.score_files import opened as output
from recommender.engine import Recommender
from recommender.slots.slot import SlotQuery


def measure(asked: ScoringRate, seed: int) -> tuple[list[Contest], list[Goal]]:
    """Into a Parquet file, on one core: beside one slot after another, and beside bare FAISS."""
    with TemporaryDirectory() as folder, opened(Path(folder), HashedWords()) as recommender:
        recommender.rebuild(made_up(asked.articles, np.random.default_rng(seed)))
        with threadpool_limits(1):
            return _contests(asked, recommender, Path(folder))


def _contests(
    asked: ScoringRate, recommender: Recommender, folder: Path
) -> tuple[list[Contest], list[Goal]]:
    base = recommender.corpus().base
    some = [base.ids.at(one) for one in range(min(asked.one_by_one, len(base)))]
    slot = (SlotQuery("related", asked.limit),)
    vectors = np.array(base.texts.vectors)
    bare = FaissIndex.build(np.arange(len(base), dtype=np.int64), vectors, threads=1)

    def into_a_file() -> int:
        with output(folder / "scores.parquet", {}, "") as file:
            file.write(recommender.score(limit=asked.limit))
        return len(base)

    def one_by_one() -> int:
        for article_id in some:
            recommender.fill(slot, article_id)
        return len(some)

    def searched() -> int:
        for start in range(0, len(vectors), asked.at_once):
            bare.search(vectors[start : start + asked.at_once], asked.limit + 1)
        return len(vectors)

    rates: list[list[list[float]]] = [[], [], []]
    for number in range(asked.rounds + 1):
        for way, own in zip((into_a_file, one_by_one, searched), rates, strict=True):
            rate = _rate(way)
            if number:  # the first round warms up
                own.append([rate])
    score, alone, faiss = (figure("articles/s", own) for own in rates)
    contests = [
        Contest(
            name=f"related of every article, limit {asked.limit}",
            size=len(base),
            measured_by="Recommender.score into Parquet, default pipeline",
            measured=score,
            baseline_by=by,
            baseline=baseline,
            ratio=ratio(score, baseline),
        )
        for by, baseline in (
            ("Recommender.fill, one after another", alone),
            (f"FAISS alone ({bare.kind}), {asked.at_once:,} at once", faiss),
        )
    ]
    goal = Goal(name="articles/s scored", at_least=asked.least_rate, came=score.median)
    return contests, [goal]


def _rate(way: Callable[[], int]) -> float:
    start = time.perf_counter()
    return way() / (time.perf_counter() - start)
