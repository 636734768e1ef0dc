import numpy as np
import pytest

from index.exact import ExactIndex
from index.protocol import NO_IDS, Ids, Neighbors, Vectors
from index.recall import recall_at_k, sampled_recall
from tests.contracts.vector_index_contract import clustered, tied


class Fixed:
    """Returns what it was told, with scores that must not be believed."""

    dim = 2

    def __init__(self, ids: list[list[int]]) -> None:
        self._ids = np.array(ids, dtype=np.int64)

    def __len__(self) -> int:
        return 5

    def search(
        self, queries: Vectors, k: int, *, allowed: Ids | None = None, excluded: Ids = NO_IDS
    ) -> Neighbors:
        assert allowed is None
        assert len(excluded) == 0
        ids = self._ids[: len(queries), :k]
        return Neighbors(ids, np.where(ids >= 0, 1.0, -np.inf).astype(np.float32))


def fan() -> ExactIndex:
    """Ids 0 to 4 at 0, 10, 20, 30 and 30 degrees: the last two tie."""
    angles = np.radians([0, 10, 20, 30, 30])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return ExactIndex(np.arange(5, dtype=np.int64), vectors)


QUERY = np.array([[1.0, 0.0]], dtype=np.float32)


@pytest.mark.parametrize(
    ("returned", "k", "expected"),
    [
        ([0, 1], 2, 1.0),
        ([0, 2], 2, 0.5),
        ([3, 4], 2, 0.0),
        ([0, 1, 2, 4], 4, 1.0),  # 4 ties with 3, which exact search returns
        ([0, 0], 2, 0.5),  # the same twice counts once
        ([0, -1], 2, 0.5),
        ([0, 77], 2, 0.5),  # unknown to the oracle
        ([0, 1, 2, 3, 4, -1, -1], 7, 1.0),  # all there are
        ([0, 1, 2, -1, -1, -1, -1], 7, 0.6),
    ],
)
def test_worked_out_by_hand(returned: list[int], k: int, expected: float) -> None:
    assert recall_at_k(Fixed([returned]), fan(), QUERY, k) == pytest.approx(expected)


def test_queries_are_averaged() -> None:
    queries = np.repeat(QUERY, 2, axis=0)
    assert recall_at_k(Fixed([[0, 1], [0, 2]]), fan(), queries, 2) == 0.75


def test_nothing_to_find_is_found() -> None:
    empty = ExactIndex(NO_IDS, np.empty((0, 2), dtype=np.float32))
    assert recall_at_k(empty, empty, QUERY, 3) == 1.0
    assert sampled_recall(empty, empty, 3, sample=5, rng=np.random.default_rng(0)) == 1.0


def test_a_sample_of_its_own_vectors_does_not_count_them() -> None:
    # each returns itself and one wrong neighbour: with itself it would be a half
    found = Fixed([[0, 4], [1, 4], [2, 0], [3, 0], [4, 0]])
    rng = np.random.default_rng(0)
    assert sampled_recall(found, fan(), 1, sample=5, rng=rng) == 0.0


@pytest.mark.parametrize("vectors", [clustered(400, 64, seed=1), tied(400, seed=2)])
def test_exact_search_finds_all(vectors: Vectors) -> None:
    searched = ExactIndex(np.arange(400, dtype=np.int64), vectors)
    rng = np.random.default_rng(0)
    assert sampled_recall(searched, searched, 10, sample=100, rng=rng) == 1.0
