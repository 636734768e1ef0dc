"""A few new articles folded into the snapshot before, beside all made anew."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.corpora import opened
from benchmarks.figures import Contest, figure, ratio
from recommender.articles.article import Article
from recommender.engine import Recommender
from recommender.similarity.embedder import Embedder

_SETTINGS = "[rebuild]\nfold_from = 1\nfold_share = 0.5\n"
_TEN = 10
_ASKED = 500  # articles whose related ones are compared


@dataclass(frozen=True, slots=True)
class _Run:
    folded: float
    whole: float
    kept: tuple[float, float]


def folding_contest(
    name: str, articles: Sequence[Article], added: int, embedder: Embedder, rounds: int
) -> Contest:
    """The last `added` of the articles folded in, and all made anew.

    Args:
        name: of the corpus.
        articles: what was added last, last.
        added: as many as are folded in; at least 1.
        embedder: loaded.
        rounds: fresh homes.
    """
    runs = [_run(articles, added, embedder) for _ in range(rounds)]
    folded = figure("s", [[one.folded] for one in runs])
    whole = figure("s", [[one.whole] for one in runs])
    came, others = np.mean([one.kept for one in runs], axis=0).round(3).tolist()
    return Contest(
        name=f"{added:,} new articles, {name}",
        size=len(articles),
        measured_by="Recommender.rebuild, folding",
        measured=folded,
        baseline_by="Recommender.rebuild, all anew",
        baseline=whole,
        ratio=ratio(folded, whole),
        facts={
            "of the ten related articles the same, of what came": came,
            "of the others": others,
        },
    )


def _run(articles: Sequence[Article], added: int, embedder: Embedder) -> _Run:
    with TemporaryDirectory() as folder:
        (Path(folder) / "recommender.toml").write_text(_SETTINGS)
        with opened(Path(folder), embedder) as recommender:
            recommender.rebuild(articles[:-added])
            start = time.perf_counter()
            report = recommender.rebuild(articles[-added:])
            folded = time.perf_counter() - start
            if report.folded != added:
                raise RuntimeError(f"Expected {added} articles folded in, got {report.folded}.")
            came = [one.id for one in articles[-added:]][:_ASKED]
            others = [one.id for one in articles[:: max(1, len(articles) // _ASKED)]]
            before = [_related(recommender, ids) for ids in (came, others)]
            start = time.perf_counter()
            recommender.rebuild(whole=True)
            whole = time.perf_counter() - start
            after = [_related(recommender, ids) for ids in (came, others)]
    kept = [_kept(*both) for both in zip(before, after, strict=True)]
    return _Run(folded, whole, (kept[0], kept[1]))


def _related(recommender: Recommender, ids: Sequence[str]) -> list[set[str]]:
    return [{one.id for one in recommender.related(of, limit=_TEN).recommendations} for of in ids]


def _kept(before: Sequence[set[str]], after: Sequence[set[str]]) -> float:
    shares = [
        len(one & other) / max(1, len(other)) for one, other in zip(before, after, strict=True)
    ]
    return float(np.mean(shares))
