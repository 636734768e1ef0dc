"""How long a rebuild takes, stage by stage, the next with nothing new, and one with little."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.corpora import HashedWords, made_up, opened, sample
from benchmarks.definitions import RebuildTime
from benchmarks.figures import Contest, Figure, Goal, figure, ratio
from benchmarks.folding import folding_contest
from index.protocol import Vectors
from recommender.articles.article import Article
from recommender.articles.sources.reject import Record
from recommender.similarity.embedder import Embedder
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder

_BLOCK = 1024


def measure(asked: RebuildTime, seed: int) -> tuple[list[Contest], list[Goal]]:
    """For each corpus: the rebuild beside bare numpy's neighbours, and the next one beside it."""
    model = SentenceTransformersEmbedder()
    model.embed(["The model is loaded before anything is timed."])
    contests, goals = [], []
    corpora: list[tuple[str, list[Article], Embedder]] = [
        ("sample", sample(), model),
        ("made up", made_up(asked.articles, np.random.default_rng(seed)), HashedWords()),
    ]
    for name, articles, embedder in corpora:
        first, again = rebuild_contests(name, partial(iter, articles), embedder, asked.rounds)
        contests += [first, again]
        goals.append(
            Goal(
                name=f"seconds of a rebuild of {again.size:,} articles with nothing new",
                at_most=asked.again_at_most,
                came=again.measured.median,
            )
        )
    folded = folding_contest("made up", corpora[1][1], asked.added, corpora[1][2], asked.rounds)
    goals += [
        Goal(
            name=f"of the time of all anew to fold {asked.added:,} articles in",
            at_most=asked.folded_at_most,
            came=folded.ratio,
        ),
        *(
            Goal(name=f"folded in: {name}", at_least=asked.kept, came=float(share))
            for name, share in folded.facts.items()
        ),
    ]
    return [*contests, folded], goals


@dataclass(frozen=True, slots=True)
class _Run:
    """One fresh home: its articles, and seconds."""

    articles: int
    first: float
    again: float
    bare: float
    stages: dict[str, float]


def rebuild_contests(
    name: str, records: Callable[[], Iterable[Record]], embedder: Embedder, rounds: int
) -> tuple[Contest, Contest]:
    """A rebuild into a fresh home with its stages, and the next one, with nothing new.

    Args:
        name: of the corpus.
        records: gives them anew at each call; reading them is part of what is timed.
        embedder: loaded.
        rounds: fresh homes.
    """
    runs = [_run(records, embedder) for _ in range(rounds)]
    size = runs[0].articles
    first = figure("s", [[one.first] for one in runs])
    again = figure("s", [[one.again] for one in runs])
    bare = figure("s", [[one.bare] for one in runs])
    stages: dict[str, Figure] = {
        stage: figure("s", [[one.stages[stage]] for one in runs]) for stage in runs[0].stages
    }
    return (
        Contest(
            name=f"rebuild into a fresh home, {name}",
            size=size,
            measured_by="Recommender.rebuild",
            measured=first,
            baseline_by="100 nearest of each alone (numpy)",
            baseline=bare,
            ratio=ratio(first, bare),
            stages=stages,
        ),
        Contest(
            name=f"rebuild again with nothing new, {name}",
            size=size,
            measured_by="Recommender.rebuild, again",
            measured=again,
            baseline_by="Recommender.rebuild, first",
            baseline=first,
            ratio=ratio(again, first),
        ),
    )


def _run(records: Callable[[], Iterable[Record]], embedder: Embedder) -> _Run:
    with TemporaryDirectory() as folder, opened(Path(folder), embedder) as recommender:
        start = time.perf_counter()
        report = recommender.rebuild(records())
        first = time.perf_counter() - start
        start = time.perf_counter()
        repeated = recommender.rebuild(records())
        again = time.perf_counter() - start
        if repeated.embedded or repeated.published:
            raise RuntimeError(f"A rebuild with nothing new did something: {repeated}")
        vectors = np.array(recommender.corpus().base.texts.vectors)
        start = time.perf_counter()
        _nearest_of_each(vectors, min(100, len(vectors) - 1))
        return _Run(report.articles, first, again, time.perf_counter() - start, report.seconds)


def _nearest_of_each(vectors: Vectors, k: int) -> None:
    """What the neighbour stage needs at the least: all pairs, the best kept, in order."""
    for start in range(0, len(vectors), _BLOCK):
        scores = vectors[start : start + _BLOCK] @ vectors.T
        best = np.argpartition(-scores, k, axis=1)[:, : k + 1]
        np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
