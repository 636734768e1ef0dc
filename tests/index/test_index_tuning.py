import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.choice import Kind
from index.errors import QueryError
from index.exact import ExactIndex
from index.faiss_index import FaissIndex
from index.faiss_untyped import faiss
from index.recall import recall_at_k
from index.tuning import held_out, proposals, tuned_breadth
from tests.contracts.vector_index_contract import clustered, unit_rows


def scattered(count: int, dim: int, *, seed: int) -> NDArray[np.float32]:
    """Vectors without clusters: neighbours are hard to find."""
    return unit_rows(np.random.default_rng(seed).standard_normal((count, dim)))


@pytest.mark.parametrize("factory", ["HNSW8", "IVF64,Flat", "IVF64,SQ8", "IVF64,PQ16x4fs"])
def test_what_is_asked_for_is_reached_and_not_far_exceeded(factory: str) -> None:
    vectors = scattered(10_000, 32, seed=1)
    ids = np.arange(10_000, dtype=np.int64)
    oracle = ExactIndex(ids, vectors)
    queries = scattered(400, 32, seed=2)
    little = FaissIndex.build(ids, vectors, factory=factory, recall=0.7)
    much = FaissIndex.build(ids, vectors, factory=factory, recall=0.98)
    assert little.breadth is not None
    assert much.breadth is not None
    assert little.breadth < much.breadth
    assert recall_at_k(much, oracle, queries, 10) >= 0.97
    assert 0.68 <= recall_at_k(little, oracle, queries, 10) <= 0.95


def test_the_breadth_is_the_least_that_suffices() -> None:
    vectors, queries = scattered(4000, 32, seed=3), scattered(300, 32, seed=4)
    made = faiss.index_factory(32, "IVF64,Flat", faiss.METRIC_INNER_PRODUCT)
    made.train(vectors)
    made.add(vectors)
    breadth = tuned_breadth(made, vectors, queries, 0.9)
    _, truth = faiss.knn(queries, vectors, 10, faiss.METRIC_INNER_PRODUCT)

    def share(nprobe: int) -> float:
        made.nprobe = nprobe
        _, found = made.search(queries, 10)
        return float(
            np.mean([np.isin(one, other).mean() for one, other in zip(truth, found, strict=True)])
        )

    assert share(breadth) >= 0.9
    assert share(int(breadth / 1.25)) < 0.9


def test_out_of_reach_it_comes_as_near_as_it_can_and_not_wider() -> None:
    vectors = scattered(10_000, 32, seed=5)
    ids = np.arange(10_000, dtype=np.int64)
    built = FaissIndex.build(ids, vectors, factory="HNSW2", recall=1.0)
    widest = FaissIndex.build(ids, vectors, factory="HNSW2", breadth=4096)
    oracle, queries = ExactIndex(ids, vectors), scattered(300, 32, seed=6)
    near = recall_at_k(widest, oracle, queries, 10) - recall_at_k(built, oracle, queries, 10)
    assert near <= 0.01
    assert built.breadth is not None
    assert built.breadth <= 4096


@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_a_breadth_that_is_given_stays_and_a_tuned_one_is_saved(kind: Kind, tmp_path: Path) -> None:
    vectors = clustered(10_000, 32, seed=7)
    ids = np.arange(10_000, dtype=np.int64)
    given = FaissIndex.build(ids, vectors, kind=kind, breadth=7)
    assert given.breadth == 7
    tuned = FaissIndex.build(ids, vectors, kind=kind)
    tuned.save(tmp_path / "vectors")
    assert FaissIndex.load(tmp_path / "vectors").breadth == tuned.breadth != 7
    assert FaissIndex.build(ids, vectors, kind="flat").breadth is None


@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_a_hundred_neighbours_are_tuned_for_as_well_and_all_numbers_between(
    kind: Kind, tmp_path: Path
) -> None:
    vectors = scattered(10_000, 24, seed=10)
    ids = np.arange(10_000, dtype=np.int64)
    built = FaissIndex.build(ids, vectors, kind=kind, recall=0.95)
    built.save(tmp_path / "vectors")
    loaded = FaissIndex.load(tmp_path / "vectors")
    oracle, queries = ExactIndex(ids, vectors), scattered(200, 24, seed=11)
    for k in (10, 30, 100):
        assert recall_at_k(built, oracle, queries, k) >= 0.94
        assert recall_at_k(loaded, oracle, queries, k) >= 0.94


def test_a_file_of_before_breadths_were_tuned_for_a_hundred_is_read(tmp_path: Path) -> None:
    vectors = clustered(2000, 64, seed=12)
    ids = np.arange(2000, dtype=np.int64)
    FaissIndex.build(ids, vectors, kind="hnsw").save(tmp_path / "new")
    content = (tmp_path / "new").read_bytes()
    count, length = struct.unpack("<QQ", content[-16:])
    footer = struct.pack("<8sQQ", b"VECINDX1", count, length - 8)
    (tmp_path / "old").write_bytes(content[:-32] + footer)
    found = FaissIndex.load(tmp_path / "old").search(vectors[:50], 10)
    assert (
        recall_at_k(FaissIndex.load(tmp_path / "old"), ExactIndex(ids, vectors), vectors, 10) > 0.98
    )
    np.testing.assert_array_equal(found.ids[:, 0], ids[:50])


def test_what_is_held_out_to_tune_is_in_the_index() -> None:
    vectors = clustered(10_000, 32, seed=8)
    ids = np.arange(10_000, dtype=np.int64)
    for factory in ("HNSW32_SQ8", "IVF51,SQ8"):
        found = FaissIndex.build(ids, vectors, factory=factory).search(vectors[-100:], 1)
        assert (found.ids[:, 0] == ids[-100:]).mean() >= 0.99


def test_few_are_held_out_of_few() -> None:
    assert held_out(9_999) == 0
    assert held_out(10_000) == 500
    assert held_out(10**7) == 1000


def test_vectors_too_few_to_tune_with_are_searched_widely() -> None:
    vectors = scattered(9_000, 64, seed=0)
    ids = np.arange(len(vectors), dtype=np.int64)
    index = FaissIndex.build(ids, vectors, kind="hnsw")
    assert recall_at_k(index, ExactIndex(ids, vectors), vectors[::45], 10) >= 0.99


def test_a_product_quantiser_proposes_more() -> None:
    scalar = faiss.index_factory(32, "IVF4,SQ8", faiss.METRIC_INNER_PRODUCT)
    product = faiss.index_factory(32, "IVF4,PQ8", faiss.METRIC_INNER_PRODUCT)
    assert proposals(scalar, 10, 1000) == 20
    assert proposals(product, 10, 1000) == 210
    assert proposals(product, 10, 30) == 30


@pytest.mark.parametrize("recall", [0.0, -1.0, 1.01, float("nan")])
def test_a_recall_that_is_no_share_is_refused(recall: float) -> None:
    with pytest.raises(QueryError, match="recall"):
        FaissIndex.build(np.arange(3, dtype=np.int64), clustered(3, 64, seed=9), recall=recall)
