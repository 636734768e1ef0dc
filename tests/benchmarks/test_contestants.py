"""Those that the product stands beside: each finds what is near, and none ends the others."""

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil
import pytest

from benchmarks.contestants import texts, vectors
from benchmarks.contestants.contest import Contest, line_up
from benchmarks.contestants.cores import last_core, memory_of
from benchmarks.contestants.definitions import AT_A_MILLION, Asked, Contestants, TextContestants
from benchmarks.contestants.known import TEXTS, USEARCH, VECTORS, Known
from benchmarks.contestants.process import Ask, ContestantFailedError, Running, Task
from benchmarks.contestants.protocol import Given, Rows
from benchmarks.corpora import varied_sample
from benchmarks.figures import figure
from benchmarks.lineup import Entry, Lineup
from index.protocol import Vectors
from recommender.articles.text import article_text

LEFT_TO_BENCH = ("hnswlib", "chroma", "txtai")
"""Those of the extra that `make bench` installs."""

EXACT = ("ours", "exact", "scikit_learn", "lancedb", "qdrant", "txtai", "sqlite_vec")
"""Those that compare all of so few vectors."""
BRIEFLY = Asked(learned=10, queries=5, warm_up=2, rounds=2, seconds=1, build_seconds=60)
K = 5


def unit_vectors(count: int, seed: int) -> Vectors:
    found = np.random.default_rng(seed).standard_normal((count, 16), dtype=np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


# some are large or want a compiler: `make bench` installs those, and so does .ci/run
INSTALLED = [
    one for one in VECTORS if one.file not in LEFT_TO_BENCH or find_spec(one.library) is not None
]


def lineup(entries: Sequence[Entry]) -> Lineup:
    return Lineup(
        name="nearest",
        size=300,
        quality_is="itself",
        wanted=None,
        bandwidth=1,
        entries=tuple(entries),
    )


@pytest.mark.filterwarnings("ignore:legacy embedding function:DeprecationWarning")  # Chroma's own
@pytest.mark.parametrize("known", INSTALLED, ids=lambda one: one.file)
def test_contestants_find_what_is_nearest(known: Known, tmp_path: Path) -> None:
    own = unit_vectors(255, 4)
    truth = np.argsort(-(own[:20] @ own.T), axis=1)[:, :K]
    one = known.load()(Given(own, tmp_path, 0.9))
    try:
        assert list(one.breadths) == sorted(set(one.breadths))
        if one.breadths:
            one.look(one.breadths[-1])
        found = [one.search(own[at : at + 1], K) for at in range(20)]
        read = one.bytes_read(own[:1], K)
        assert one.bytes_on_disk() >= 0
    finally:
        one.close()
    first = sum(row[0] == at for at, row in enumerate(found))
    hits = sum(len(np.intersect1d(*pair)) for pair in zip(found, truth, strict=True))
    # a graph built on several threads may miss a few, other ones each time
    assert first >= (20 if known.file in EXACT else 18)
    assert hits >= (100 if known.file in EXACT else 95)
    assert read is None or 0 < read <= own.nbytes


@pytest.mark.parametrize("known", TEXTS, ids=lambda one: one.file)
def test_contestants_find_the_other_version_of_a_text(known: Known, tmp_path: Path) -> None:
    # the sample twice, its sentences turned the second time
    twice = [article_text(one) for one in varied_sample(2 * 132)]
    one = known.load()(Given(twice, tmp_path, 1.0))
    try:
        found = {row: one.search(row, 3).tolist() for row in (0, 7, 140)}
    finally:
        one.close()
    assert [row[0] for row in found.values()] == [132, 139, 8]
    assert all(len(rows) == 3 and row not in rows for row, rows in found.items())


def contest(folder: Path, size: int = 200) -> Contest:
    own = unit_vectors(size, 4)
    np.save(folder / "corpus.npy", own)
    np.save(folder / "queries.npy", own[: BRIEFLY.drawn])

    def finds_itself(numbers: Sequence[int], rows: Rows) -> float:
        return float((rows[:, 0] == np.array(numbers)).mean())

    return Contest(
        "nearest", size, "itself", 0.9, folder / "corpus.npy", folder / "queries.npy", finds_itself
    )


def test_what_fails_is_told_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.contestants.contest.bandwidth", lambda: 8e9)  # takes a second
    missing = Known("no_such", "Nobody", "nobody", "none")
    made = line_up(contest(tmp_path), BRIEFLY, [VECTORS[1], missing, USEARCH])
    exact, nobody, graph = made.entries
    assert nobody.failed.startswith("ModuleNotFoundError: No module named")
    assert nobody.took is None
    for one in (exact, graph):
        assert one.took is not None
        assert one.took.runs == 10
        assert (one.quality or 0) >= 0.9
        assert one.limit_ms is not None
    assert (exact.ratio, exact.breadth, len(exact.curve)) == (1, None, 1)
    assert graph.breadth is not None
    assert graph.version
    assert made.bandwidth == 8


def _grown(path: Path) -> tuple[int, int]:
    """Bytes that a process grows by as it maps an array, and as it holds it."""
    before = memory_of(())
    mapped = np.load(path, mmap_mode="r")
    assert mapped.sum() == len(mapped)
    between = memory_of(())
    held = np.array(mapped)
    assert len(held) == len(mapped)
    return between - before, memory_of(()) - between


def test_memory_is_what_is_held_and_not_what_is_mapped(tmp_path: Path) -> None:
    np.save(tmp_path / "mapped.npy", np.ones(5 << 20))
    # a process of its own: this one frees what other tests held, at any time
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        mapped, held = pool.submit(_grown, tmp_path / "mapped.npy").result()
    assert mapped < 20 << 20
    assert held > (40 << 20) * 0.9


def test_a_contestant_is_pinned_and_ended_with_its_time(tmp_path: Path) -> None:
    found = contest(tmp_path)
    task = Task(VECTORS[1], found.corpus, found.queries, 0.9, K, last_core())
    with Running(task) as running, pytest.raises(ContestantFailedError, match="more than 0 s"):
        running.built(0)
    with Running(task) as running:
        assert running.built(60).name == "exact search (numpy)"
        if task.core is not None:
            assert psutil.Process(running._process.pid).cpu_affinity() == [task.core]
        with pytest.raises(ContestantFailedError, match="ValueError: Exact has no breadth 3"):
            running.ask(Ask(3, range(2)), 60)
        # it is gone by now
        with pytest.raises(ContestantFailedError, match="ended by itself, exit code 0"):
            running.ask(Ask(None, range(2)), 60)


@pytest.mark.parametrize(
    ("breadth", "wanted"),
    # of an index that compares all, no graph's time is wanted
    [(20, [(1.0, 0.25), (0.5, 1.5)]), (None, [])],
)
def test_the_index_stands_beside_others_at_one_recall(
    breadth: int | None, wanted: list[tuple[float, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Contest] = []

    def lined_up(found: Contest, _: Asked, known: Sequence[Known]) -> Lineup:
        asked.append(found)
        corpus, queries = np.load(found.corpus), np.load(found.queries)
        nearest = np.argsort(-(queries @ corpus.T), axis=1)[:, :10]
        assert found.judge([0, 3], nearest[[0, 3]]) == 1
        assert found.judge([0], np.full((1, 10), -1)) == 0
        assert [one.file for one in known] == ["ours", "usearch"]
        took = [figure("ms", [[1.0]]), figure("ms", [[4.0]])]
        entries = [
            Entry(who=one.called, name=one.called, took=own, built_s=seconds, breadth=breadth)
            for one, own, seconds in zip(known, took, (3.0, 2.0), strict=True)
        ]
        return lineup(entries)

    monkeypatch.setattr(vectors, "real_vectors", lambda: unit_vectors(40, 5))
    monkeypatch.setattr(vectors, "line_up", lined_up)
    assert set(AT_A_MILLION) < {one.file for one in VECTORS}
    (found,), goals = vectors.measure(
        Contestants(sizes=(300,), recall=0.9, who=("ours", "usearch"), asked=BRIEFLY), 2
    )
    assert [(one.size, one.wanted, one.quality_is) for one in asked] == [(300, 0.9, "recall@10")]
    assert len(found.entries) == 2
    assert [(one.at_most, one.came) for one in goals] == wanted


def test_the_search_by_words_is_asked_for_others_of_a_section(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lined_up(found: Contest, _: Asked, known: Sequence[Known]) -> Lineup:
        assert known == TEXTS
        bodies = [json.loads(one) for one in found.corpus.read_text().splitlines()]
        drawn = [json.loads(one) for one in found.queries.read_text().splitlines()]
        assert (len(bodies), len(drawn)) == (60, BRIEFLY.drawn)
        assert found.judge([0], np.full((1, 10), drawn[0])) == 1
        assert found.judge([0], np.full((1, 10), -1)) == 0
        return lineup([])

    monkeypatch.setattr(texts, "line_up", lined_up)
    found, goals = texts.measure(TextContestants(sizes=(60,), asked=BRIEFLY), 2)
    assert (len(found), goals) == (1, [])
