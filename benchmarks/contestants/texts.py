"""The product's search by words beside others: the same articles, ten others like one of them."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.contestants.contest import Contest, line_up
from benchmarks.contestants.definitions import TextContestants
from benchmarks.contestants.known import TEXTS
from benchmarks.contestants.protocol import Rows
from benchmarks.corpora import made_up
from benchmarks.figures import Goal
from benchmarks.lineup import Lineup
from recommender.articles.text import article_text


def measure(asked: TextContestants, seed: int) -> tuple[list[Lineup], list[Goal]]:
    """Ours beside each other one, over each size."""
    lineups = []
    for size in asked.sizes:
        with TemporaryDirectory() as folder:
            contest = _contest(asked, size, seed, Path(folder))
            lineups.append(line_up(contest, asked.asked, TEXTS))
    return lineups, []


def _contest(asked: TextContestants, size: int, seed: int, folder: Path) -> Contest:
    rng = np.random.default_rng(seed)
    articles = made_up(size, rng)
    drawn = rng.integers(0, size, asked.asked.drawn).tolist()
    corpus, own = folder / "corpus.jsonl", folder / "queries.jsonl"
    _write(corpus, map(article_text, articles))
    _write(own, drawn)
    sections = [one.section for one in articles]
    k = asked.asked.k

    def of_its_section(numbers: Sequence[int], rows: Rows) -> float:
        same = sum(
            sections[found] == sections[drawn[number]]
            for number, row in zip(numbers, rows.tolist(), strict=True)
            for found in row
            if found >= 0
        )
        return float(same / (k * len(numbers)))

    return Contest(
        name=f"{k} articles like one",
        size=size,
        quality_is="of its section",
        wanted=None,
        corpus=corpus,
        queries=own,
        judge=of_its_section,
    )


def _write(path: Path, lines: Iterable[object]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for one in lines:
            print(json.dumps(one), file=file)
