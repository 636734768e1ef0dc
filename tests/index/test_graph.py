import numpy as np
import pytest
from numpy.typing import NDArray

from index.errors import QueryError
from index.graph import knn_graph
from index.protocol import Vectors
from tests.contracts.vector_index_contract import clustered, same_scores, tied


def by_full_sort(vectors: Vectors, k: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    count = len(vectors)
    positions = np.full((count, k), -1, dtype=np.int32)
    scores = np.full((count, k), -np.inf, dtype=np.float32)
    for row in range(count):
        cosines = vectors.astype(np.float64) @ vectors[row].astype(np.float64)
        others = np.delete(np.arange(count), row)
        order = others[np.lexsort((others, -cosines[others]))][:k]
        positions[row, : len(order)] = order
        scores[row, : len(order)] = cosines[order]
    return positions, scores


@pytest.mark.parametrize("block", [1, 7, 4096])
@pytest.mark.parametrize(
    "vectors", [clustered(150, 64, seed=1), tied(120, seed=2)], ids=["clustered", "tied"]
)
def test_every_row_has_its_nearest_others(vectors: Vectors, block: int) -> None:
    graph = knn_graph(vectors, 12, block=block)
    positions, scores = by_full_sort(vectors, 12)
    assert graph.positions.dtype == np.int32
    assert graph.scores.dtype == np.float32
    np.testing.assert_array_equal(graph.positions, positions)
    same_scores(graph.scores, scores)


def test_copies_beyond_k_never_bring_the_row_itself() -> None:
    vectors = clustered(80, 64, seed=3)
    vectors[20:60] = vectors[20]
    graph = knn_graph(vectors, 5)
    np.testing.assert_array_equal(graph.positions, by_full_sort(vectors, 5)[0])
    assert not (graph.positions == np.arange(80)[:, None]).any()


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_fewer_rows_than_neighbours(count: int) -> None:
    graph = knn_graph(clustered(4, 64, seed=4)[:count], 6)
    assert graph.positions.shape == graph.scores.shape == (count, 6)
    assert ((graph.positions >= 0).sum(axis=1) == max(0, count - 1)).all()
    assert np.isneginf(graph.scores[graph.positions < 0]).all()


def test_above_the_exact_size_it_finds_almost_all() -> None:
    vectors = clustered(3000, 64, seed=5)
    vectors[100:160] = vectors[100]
    found = knn_graph(vectors, 10, exact_up_to=100)
    truth = knn_graph(vectors, 10)
    assert not (found.positions == np.arange(3000)[:, None]).any()
    assert (found.scores >= truth.scores[:, -1:] - 1e-6).mean() >= 0.99


def test_numbers_below_one_are_refused() -> None:
    for k, block in ((0, 5), (5, 0)):
        with pytest.raises(QueryError):
            knn_graph(clustered(4, 64, seed=6), k, block=block)
