"""The index beside others: the same vectors and queries, one core, each at the recall asked for."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types
from usearch.index import Index as UsearchIndex
from voyager import Index as VoyagerIndex  # type: ignore[import-untyped]  # ships no types
from voyager import Space

from benchmarks.corpora import between, real_vectors
from benchmarks.definitions import Contestants
from benchmarks.figures import Contest, Goal, in_turn, ratio
from index.exact import ExactIndex
from index.faiss_index import FaissIndex
from index.protocol import Vectors

_WIDEST = 4096
_WIDER = 1.2
_BANDWIDTH_FLOATS = 128 << 20  # far more than any cache holds

Rows = NDArray[np.int64]


class Contestant(Protocol):
    """An index of vectors, whose rows are numbered from 0; built when it is made, on all cores.

    Attributes:
        name: as the report calls it.
    """

    name: str

    def search(self, query: Vectors, k: int) -> Rows:
        """The `k` nearest of one query, shape (1, dim), on one core; shape (k,)."""

    def widen(self) -> bool:
        """Looks more widely from now on; False where it cannot."""


class Ours:
    """What the product searches with, tuned as it is built."""

    name = "FaissIndex"

    def __init__(self, vectors: Vectors, recall: float) -> None:
        """Built to that recall."""
        ids = np.arange(len(vectors), dtype=np.int64)
        self._index = FaissIndex.build(ids, vectors, recall=recall, threads=1)
        self.name = f"FaissIndex ({self._index.kind})"

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found: Rows = self._index.search(query, k).ids[0]
        return found

    def widen(self) -> bool:
        """See `Contestant.widen`."""
        return False


class Numpy:
    """All vectors compared."""

    name = "exact search (numpy)"

    def __init__(self, vectors: Vectors) -> None:
        """Keeps them."""
        self._index = ExactIndex(np.arange(len(vectors), dtype=np.int64), vectors)

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found: Rows = self._index.search(query, k).ids[0]
        return found

    def widen(self) -> bool:
        """See `Contestant.widen`."""
        return False


class ScikitLearn:
    """Its brute force: its trees take no cosine, and are slower beyond some twenty dimensions."""

    name = "scikit-learn NearestNeighbors"

    def __init__(self, vectors: Vectors) -> None:
        """Keeps them."""
        self._index = NearestNeighbors(metric="cosine", algorithm="brute", n_jobs=1).fit(vectors)

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found: Rows = self._index.kneighbors(query, k, return_distance=False)[0]
        return found

    def widen(self) -> bool:
        """See `Contestant.widen`."""
        return False


class Usearch:
    """HNSW of half-precision vectors, as it comes but for how widely it searches."""

    name = "usearch (f16)"

    def __init__(self, vectors: Vectors) -> None:
        """Adds them on all cores."""
        self._index = UsearchIndex(ndim=vectors.shape[1], metric="ip", dtype="f16")
        self._index.add(np.arange(len(vectors), dtype=np.uint64), vectors, threads=0)

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        return np.asarray(self._index.search(query[0], k, threads=1).keys, dtype=np.int64)

    def widen(self) -> bool:
        """See `Contestant.widen`."""
        wider = _wider(self._index.expansion_search)
        self._index.expansion_search = wider  # type: ignore[misc]  # a setter apart from its getter
        return wider < _WIDEST


class Voyager:
    """HNSW of float32 vectors (hnswlib's descendant), as it comes but for how widely it looks."""

    name = "voyager (f32)"

    def __init__(self, vectors: Vectors) -> None:
        """Adds them on all cores."""
        self._index = VoyagerIndex(Space.Cosine, num_dimensions=vectors.shape[1])
        self._index.add_items(vectors)
        self._breadth = 20

    def search(self, query: Vectors, k: int) -> Rows:
        """See `Contestant.search`."""
        found, _ = self._index.query(query[0], k, query_ef=max(k, self._breadth))
        return np.asarray(found, dtype=np.int64)

    def widen(self) -> bool:
        """See `Contestant.widen`."""
        self._breadth = _wider(self._breadth)
        return self._breadth < _WIDEST


def measure(asked: Contestants, seed: int) -> tuple[list[Contest], list[Goal]]:
    """Ours beside each other one, over each size."""
    contests: list[Contest] = []
    goals: list[Goal] = []
    rng = np.random.default_rng(seed)
    real = real_vectors()
    for size in asked.sizes:
        found = _over(asked, between(real, size, rng), between(real, asked.drawn, rng))
        contests += found
        beside = {one.baseline_by: one for one in found}[Usearch.name]
        goals += [
            Goal(name=f"times usearch's median over {size:,}", at_most=1.0, came=beside.ratio),
            Goal(
                name=f"times usearch's time to build over {size:,}",
                at_most=0.5,
                came=float(beside.facts["built in s"]) / float(beside.facts["the other in s"]),
            ),
        ]
    return contests, goals


def _over(asked: Contestants, vectors: Vectors, queries: Vectors) -> list[Contest]:
    makers: Sequence[Callable[[], Contestant]] = (
        lambda: Ours(vectors, asked.recall),
        lambda: Usearch(vectors),
        lambda: Voyager(vectors),
        lambda: ScikitLearn(vectors),
        lambda: Numpy(vectors),
    )
    made, seconds = [], []
    for make in makers:
        start = time.perf_counter()
        made.append(make())
        seconds.append(time.perf_counter() - start)
    learned, timed = queries[: asked.learned], queries[asked.learned :]
    truth = _truth(vectors, queries, asked.k)
    with threadpool_limits(1):
        for one in made:
            while _recall(one, learned, truth, asked.k) < asked.recall and one.widen():
                pass
        recalls = [_recall(one, timed, truth[asked.learned :], asked.k) for one in made]
        figures = in_turn(
            [_asks(one, timed, asked.k) for one in made],
            runs=asked.queries,
            warm_up=asked.warm_up,
            rounds=asked.rounds,
        )
    limit_ms = vectors.nbytes / _bandwidth() * 1e3
    return [
        Contest(
            name=f"{asked.k} nearest of one query, recall {asked.recall:g}",
            size=len(vectors),
            measured_by=made[0].name,
            measured=figures[0],
            baseline_by=other.name,
            baseline=figure,
            ratio=ratio(figures[0], figure),
            facts={
                "recall": round(recalls[0], 4),
                "the other's": round(recall, 4),
                "built in s": round(seconds[0], 2),
                "the other in s": round(took, 2),
                **(
                    {"limit of reading all vectors, ms": round(limit_ms, 3)}
                    if other.name == Numpy.name
                    else {}
                ),
            },
        )
        for other, figure, recall, took in zip(
            made[1:], figures[1:], recalls[1:], seconds[1:], strict=True
        )
    ]


def _asks(one: Contestant, queries: Vectors, k: int) -> Callable[[int], object]:
    return lambda at: one.search(queries[at : at + 1], k)


def _truth(vectors: Vectors, queries: Vectors, k: int) -> Rows:
    ids = np.arange(len(vectors), dtype=np.int64)
    return ExactIndex(ids, vectors).search(queries, k).ids


def _recall(one: Contestant, queries: Vectors, truth: Rows, k: int) -> float:
    hits = sum(
        len(np.intersect1d(one.search(query[None], k), true))
        for query, true in zip(queries, truth, strict=False)
    )
    return hits / (k * len(queries))


def _bandwidth() -> float:
    """Bytes a second that one core reads from memory."""
    floats = np.ones(_BANDWIDTH_FLOATS, dtype=np.float32)
    floats.max()
    took = []
    for _ in range(3):
        start = time.perf_counter()
        floats.max()
        took.append(time.perf_counter() - start)
    return floats.nbytes / float(np.median(took))


def _wider(breadth: int) -> int:
    return min(_WIDEST, int(breadth * _WIDER) + 1)
