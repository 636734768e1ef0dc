"""The index beside others: the same vectors and queries, one core, each at the recall asked for."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.contestants.contest import Contest, line_up
from benchmarks.contestants.definitions import Contestants
from benchmarks.contestants.known import OURS, USEARCH, VECTORS
from benchmarks.contestants.protocol import Rows
from benchmarks.corpora import between, real_vectors
from benchmarks.figures import Goal, ratio
from benchmarks.lineup import Entry, Lineup
from index.exact import ExactIndex
from index.protocol import Vectors


def measure(asked: Contestants, seed: int) -> tuple[list[Lineup], list[Goal]]:
    """Ours beside each other one, over each size."""
    lineups: list[Lineup] = []
    goals: list[Goal] = []
    rng = np.random.default_rng(seed)
    real = real_vectors()
    known = [one for one in VECTORS if not asked.who or one.file in asked.who]
    for size in asked.sizes:
        with TemporaryDirectory() as folder:
            contest = _contest(asked, real, size, rng, Path(folder))
            made = line_up(contest, asked.asked, known)
        lineups.append(made)
        places = {one.file: entry for one, entry in zip(known, made.entries, strict=True)}
        goals += _goals(size, places[OURS.file], places[USEARCH.file])
    return lineups, goals


def _contest(
    asked: Contestants, real: Vectors, size: int, rng: np.random.Generator, folder: Path
) -> Contest:
    """The vectors are on the disk, and in this process no longer, when it returns."""
    vectors, queries = between(real, size, rng), between(real, asked.asked.drawn, rng)
    corpus, own = folder / "corpus.npy", folder / "queries.npy"
    np.save(corpus, vectors)
    np.save(own, queries)
    k = asked.asked.k
    truth = ExactIndex(np.arange(size, dtype=np.int64), vectors).search(queries, k).ids

    def recall(numbers: Sequence[int], rows: Rows) -> float:
        pairs = zip(numbers, rows, strict=True)
        hits = sum(len(np.intersect1d(found, truth[number])) for number, found in pairs)
        return hits / (k * len(numbers))

    return Contest(
        name=f"{k} nearest of one query",
        size=size,
        quality_is=f"recall@{k}",
        wanted=asked.recall,
        corpus=corpus,
        queries=own,
        judge=recall,
    )


def _goals(size: int, ours: Entry, usearch: Entry) -> list[Goal]:
    """None where one of the two has failed, which the report says, or where ours compares all.

    Of so few vectors a graph is always quicker, and what it misses is not found.
    """
    if ours.took is None or usearch.took is None or ours.breadth is None:
        return []
    built = [one.built_s or 0.0 for one in (ours, usearch)]
    return [
        Goal(
            name=f"times usearch's median over {size:,}",
            at_most=1.0,
            came=ratio(ours.took, usearch.took),
        ),
        Goal(
            name=f"times usearch's time to build over {size:,}",
            at_most=0.5,
            came=built[0] / built[1],
        ),
    ]
