import numpy as np
import pytest
from numpy.typing import NDArray

from index.errors import QueryError
from index.exact import ExactIndex
from index.faiss_index import FaissIndex
from index.graph import knn_graph
from index.graph_update import Before
from index.protocol import Neighbors, Vectors
from index.recall import graph_recall
from tests.contracts.vector_index_contract import clustered, tied


def by_full_sort(vectors: Vectors, k: int) -> NDArray[np.int32]:
    count = len(vectors)
    nearest = np.full((count, k), -1, dtype=np.int32)
    for row in range(count):
        cosines = vectors.astype(np.float64) @ vectors[row].astype(np.float64)
        others = np.delete(np.arange(count), row)
        order = others[np.lexsort((others, -cosines[others]))][:k]
        nearest[row, : len(order)] = order
    return nearest


def moved(gone: list[int], count: int, *, shift: int = 0) -> NDArray[np.int64]:
    """Where `count` rows stand when some are gone and `shift` new ones stand before them all."""
    left = np.delete(np.arange(count), gone)
    now = np.full(count, -1, dtype=np.int64)
    now[left] = np.arange(len(left)) + shift
    return now


@pytest.mark.parametrize("block", [1, 7, 4096])
@pytest.mark.parametrize(
    "vectors", [clustered(150, 64, seed=1), tied(120, seed=2)], ids=["clustered", "tied"]
)
def test_every_row_has_its_nearest_others(vectors: Vectors, block: int) -> None:
    nearest = knn_graph(vectors, 12, block=block)
    assert nearest.dtype == np.int32
    np.testing.assert_array_equal(nearest, by_full_sort(vectors, 12))


def test_copies_beyond_k_never_bring_the_row_itself() -> None:
    vectors = clustered(80, 64, seed=3)
    vectors[20:60] = vectors[20]
    nearest = knn_graph(vectors, 5)
    np.testing.assert_array_equal(nearest, by_full_sort(vectors, 5))
    assert not (nearest == np.arange(80)[:, None]).any()


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_fewer_rows_than_neighbours(count: int) -> None:
    nearest = knn_graph(clustered(4, 64, seed=4)[:count], 6)
    assert nearest.shape == (count, 6)
    assert ((nearest >= 0).sum(axis=1) == max(0, count - 1)).all()
    assert (nearest[:, max(0, count - 1) :] == -1).all()


def test_above_the_exact_size_it_finds_almost_all() -> None:
    vectors = clustered(3000, 64, seed=5)
    vectors[100:160] = vectors[100]
    found = knn_graph(vectors, 10, exact_up_to=100)
    assert not (found == np.arange(3000)[:, None]).any()
    oracle = ExactIndex(np.arange(3000, dtype=np.int64), vectors)
    recall = graph_recall(found, oracle, sample=3000, rng=np.random.default_rng(0))
    assert 0.99 <= recall <= 1
    assert recall < 1 or (found == knn_graph(vectors, 10)).all()


def test_an_index_that_is_there_already_is_searched() -> None:
    vectors = clustered(400, 64, seed=7)
    ids = np.arange(400, dtype=np.int64) * 3 + 5
    searched = FaissIndex.build(ids, vectors, kind="flat")
    found = knn_graph(vectors, 9, searched=searched, exact_up_to=10)
    np.testing.assert_array_equal(found, by_full_sort(vectors, 9))
    with pytest.raises(QueryError, match="index of 399 vectors, got one of 400"):
        knn_graph(vectors[1:], 9, searched=searched)


def test_the_recall_of_a_graph_counts_what_is_missing() -> None:
    vectors = clustered(50, 64, seed=8)
    oracle = ExactIndex(np.arange(50, dtype=np.int64) * 2, vectors)
    nearest = knn_graph(vectors, 4)
    rng = np.random.default_rng(0)
    assert graph_recall(nearest, oracle, sample=50, rng=rng) == 1.0
    nearest[:, -1] = -1
    assert graph_recall(nearest, oracle, sample=50, rng=rng) == pytest.approx(0.75)


@pytest.mark.parametrize(
    "vectors", [clustered(600, 64, seed=9), tied(600, seed=10)], ids=["clustered", "tied"]
)
@pytest.mark.parametrize("added", [0, 1, 40])
@pytest.mark.parametrize("gone", [[], [3], [0, 17, 18, 19, 250]])
def test_brought_up_to_date_it_is_as_if_made_anew(
    vectors: Vectors, added: int, gone: list[int]
) -> None:
    old = vectors[: 600 - added]
    now = moved(gone, len(old))
    after = np.concatenate([np.delete(old, gone, axis=0), vectors[600 - added :]])
    before = Before(knn_graph(old, 12), now)
    np.testing.assert_array_equal(knn_graph(after, 12, before=before), by_full_sort(after, 12))


def test_new_rows_may_stand_anywhere_and_copies_among_them() -> None:
    vectors = clustered(500, 64, seed=11)
    new = np.concatenate([vectors[:20], clustered(10, 64, seed=12), vectors[40:41]])
    after = np.concatenate([new, vectors])
    before = Before(knn_graph(vectors, 7), moved([], 500, shift=len(new)))
    np.testing.assert_array_equal(knn_graph(after, 7, before=before), by_full_sort(after, 7))


def test_lists_that_were_short_are_filled() -> None:
    vectors = clustered(40, 64, seed=13)
    before = Before(knn_graph(vectors[:32], 35), moved([], 32))
    np.testing.assert_array_equal(knn_graph(vectors, 35, before=before), by_full_sort(vectors, 35))


def test_only_what_changed_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = clustered(1000, 64, seed=14)
    old = knn_graph(vectors[:990], 10)
    asked = []
    search = FaissIndex.search

    def counted(self: FaissIndex, queries: Vectors, k: int) -> Neighbors:
        asked.append(len(queries))
        return search(self, queries, k)

    monkeypatch.setattr(FaissIndex, "search", counted)
    gone = 5
    found = knn_graph(vectors, 10, before=Before(old, moved([], 990)))
    assert sum(asked) == 10
    asked.clear()
    after = np.delete(vectors, gone, axis=0)
    again = knn_graph(after, 10, before=Before(found, moved([gone], 1000)))
    assert sum(asked) == int((found == gone).any(axis=1).sum())
    np.testing.assert_array_equal(again, by_full_sort(after, 10))


def test_where_most_changed_or_k_did_all_are_searched() -> None:
    vectors = clustered(200, 64, seed=15)
    wrong = np.zeros((150, 6), dtype=np.int32)
    for before in (Before(wrong[:, :5], moved([], 150)), Before(wrong[:100], moved([], 100))):
        found = knn_graph(vectors, 6, before=before)
        np.testing.assert_array_equal(found, by_full_sort(vectors, 6))


def test_numbers_below_one_are_refused() -> None:
    for k, block in ((0, 5), (5, 0)):
        with pytest.raises(QueryError):
            knn_graph(clustered(4, 64, seed=6), k, block=block)
