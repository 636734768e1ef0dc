"""How long it takes to find the copies among many articles, beside plain sets of shingles."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import sample
from benchmarks.definitions import DuplicatesTime
from benchmarks.figures import Contest, Goal, figure, ratio
from recommender.articles.article import Article
from recommender.similarity.duplicates import Copies, find_copies
from recommender.similarity.sketches import Sketches, sketch

_COPIED = 0.1  # share of the articles that are made of another one
_PHRASES = 0.8  # how often the next word is one that follows this one in the sample
_EDITED = 0.03  # of the words of a corrected version
_WORDS = (150, 700)  # of an article
_SHINGLE = 5
_JACCARD = 0.5
_BLOCK = 4096


def measure(asked: DuplicatesTime, seed: int) -> tuple[list[Contest], list[Goal]]:
    """The comparison with plain sets, and the goals of the large run."""
    rng = np.random.default_rng(seed)
    few, origin = with_copies(asked.compared, rng)
    runs = [_run(few, origin) for _ in range(asked.rounds)]
    plain = [_seconds_of_sets(few) for _ in range(asked.rounds)]
    many, origin = with_copies(asked.articles, rng)
    large = _run(many, origin)
    measured = figure("s", [[one.sketching + one.finding] for one in runs])
    baseline = figure("s", [[one] for one in plain])
    contest = Contest(
        name="copies among articles",
        size=len(few),
        measured_by="sketch, find_copies",
        measured=measured,
        baseline_by="Python sets of shingles",
        baseline=baseline,
        ratio=ratio(measured, baseline),
        facts={
            f"s to sketch {len(many):,}": round(large.sketching, 2),
            f"s to find the copies among {len(many):,}": round(large.finding, 2),
            "bytes of sketch an article": round(large.size),
            "copies found": round(large.found, 4),
            "others called copies": large.wrong,
        },
        stages={
            "sketch": figure("s", [[one.sketching] for one in runs]),
            "find_copies": figure("s", [[one.finding] for one in runs]),
        },
    )
    goals = [
        Goal(
            name=f"seconds to find the copies among {len(many):,} articles",
            at_most=asked.at_most,
            came=round(large.sketching + large.finding, 2),
        ),
        Goal(
            name=f"share of the copies among {len(many):,} articles that are found",
            at_least=asked.found,
            came=round(large.found, 4),
        ),
    ]
    return [contest], goals


def with_copies(count: int, rng: np.random.Generator) -> tuple[list[Article], NDArray[np.int64]]:
    """Made-up articles, a tenth of them retitled, corrected or cut versions of others.

    Returns:
        The articles; and for each the position of its original, its own where it is one.
    """
    originals = round(count * (1 - _COPIED))
    bodies = _texts(originals, rng)
    origin = np.concatenate([np.arange(originals), rng.integers(0, originals, count - originals)])
    kinds = rng.integers(0, 3, count)
    for copy in range(originals, count):
        words = bodies[origin[copy]].split()
        if kinds[copy] == 1:
            for place in np.flatnonzero(rng.random(len(words)) < _EDITED).tolist():
                words[place] = words[rng.integers(len(words))]
        elif kinds[copy] == 2:
            words = words[: len(words) // 2]
        bodies.append(" ".join(words))
    pattern = sample()[0]
    articles = [
        replace(pattern, id=f"made-{number}", title=f"Made up {number}", body=body)
        for number, body in enumerate(bodies)
    ]
    return articles, origin


@dataclass(frozen=True, slots=True)
class _Run:
    """Seconds, bytes an article, share of the copies found, others in a group with a copy."""

    sketching: float
    finding: float
    size: float
    found: float
    wrong: int


def _run(articles: Sequence[Article], origin: NDArray[np.int64]) -> _Run:
    start = time.perf_counter()
    sketches = sketch(articles)
    sketched = time.perf_counter()
    copies = find_copies(sketches)
    end = time.perf_counter()
    return _Run(sketched - start, end - sketched, _bytes(sketches), *_judged(copies, origin))


def _judged(copies: Copies, origin: NDArray[np.int64]) -> tuple[float, int]:
    copied = np.flatnonzero(origin != np.arange(len(origin)))
    found = copies.groups[copied] == copies.groups[origin[copied]]
    # of one original each, so that a group of two is a mistake
    together = np.unique(np.stack([copies.groups, origin]), axis=1).shape[1]
    return float(found.mean()), together - len(np.unique(copies.groups))


def _bytes(sketches: Sketches) -> float:
    arrays = (getattr(sketches, one.name) for one in fields(Sketches))
    return float(sum(array.nbytes for array in arrays) / len(sketches))


def _texts(count: int, rng: np.random.Generator) -> list[str]:
    """Words that follow each other as in the sample, with leaps; phrases recur as in real text."""
    words = np.array(" ".join(one.body for one in sample()).split())
    _, number = np.unique(words, return_inverse=True)
    # where else each word stands: after any of its places the text may go on
    places = np.argsort(number, kind="stable")
    first = np.searchsorted(number[places], np.arange(number.max() + 2))
    made: list[str] = []
    for start in range(0, count, _BLOCK):
        size = min(_BLOCK, count - start)
        at = rng.integers(0, len(words), size)
        path = np.empty((size, _WORDS[1]), dtype=np.int64)
        for step in range(_WORDS[1]):
            path[:, step] = at
            low, high = first[number[at]], first[number[at] + 1]
            follows = places[low + (rng.random(size) * (high - low)).astype(np.int64)] + 1
            leaps = rng.random(size) > _PHRASES
            at = np.where(leaps, rng.integers(0, len(words), size), follows % len(words))
        lengths = rng.integers(*_WORDS, size)
        made += [" ".join(words[row[:length]]) for row, length in zip(path, lengths, strict=True)]
    return made


def _seconds_of_sets(articles: Sequence[Article]) -> float:
    """Of the plain way: the set of shingles of each, an index of them, all that share some."""
    start = time.perf_counter()
    holders: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    sizes = []
    for position, article in enumerate(articles):
        words = article.body.casefold().split()
        own = set(zip(*(words[first:] for first in range(_SHINGLE)), strict=False))
        sizes.append(len(own))
        for shingle in own:
            holders[shingle].append(position)
    shared: defaultdict[tuple[int, int], int] = defaultdict(int)
    for positions in holders.values():
        for pair in combinations(positions, 2):
            shared[pair] += 1
    sum(
        common >= _JACCARD * (sizes[one] + sizes[other] - common)
        for (one, other), common in shared.items()
    )
    return time.perf_counter() - start
