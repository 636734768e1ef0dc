from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import choice, faiss_index, side_by_side
from index.checks import check_entries
from index.choice import Kind, factory_for, kind_for
from index.errors import QueryError, SnapshotDamaged, SnapshotError
from index.exact import ExactIndex
from index.faiss_build import kind_of, unfilled, worth
from index.faiss_index import FaissIndex
from index.faiss_untyped import faiss
from index.protocol import NO_IDS, Ids, VectorIndex, Vectors
from index.recall import recall_at_k
from tests.contracts.vector_index_contract import (
    VectorIndexContract,
    any_search_keeps_its_promises,
    clustered,
    scattered_ids,
    unit_rows,
)


class TestFlat(VectorIndexContract):
    def build(self, ids: Ids, vectors: Vectors) -> VectorIndex:
        return FaissIndex.build(ids, vectors, kind="flat")


class TestMapped(VectorIndexContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        type(self).folder = tmp_path_factory.mktemp("mapped")

    folder: Path

    def build(self, ids: Ids, vectors: Vectors) -> VectorIndex:
        path = self.folder / "vectors.faiss"
        path.unlink(missing_ok=True)  # never rewritten: an index may still map it
        FaissIndex.build(ids, vectors).save(path)
        return FaissIndex.load(path)


class TestHnsw(VectorIndexContract):
    exact = False

    def build(self, ids: Ids, vectors: Vectors) -> VectorIndex:
        return FaissIndex.build(ids, vectors, kind="hnsw")


class TestSideBySide(VectorIndexContract):
    """As a large one is built: its vectors lie in another order than their ids."""

    exact = False

    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(side_by_side, "WORTH_IT_FROM", 2)
        monkeypatch.setattr(side_by_side, "_VECTORS_PER_GROUP", 8)

    def build(self, ids: Ids, vectors: Vectors) -> VectorIndex:
        return FaissIndex.build(ids, vectors, kind="hnsw")


def put_together(ids: Ids, vectors: Vectors, kind: Kind, folder: Path | None = None) -> FaissIndex:
    """An index of these that held others before: every third came later, as did what went."""
    check_entries(ids, vectors)
    rng = np.random.default_rng(len(ids))
    late = np.arange(len(ids)) % 3 == 1
    others = unit_rows(rng.normal(size=(len(ids) // 4 + 1, vectors.shape[1])))
    free = np.setdiff1d(np.arange(30 * len(ids) + 10), ids)
    gone = rng.choice(free, len(others), replace=False).astype(np.int64)
    # what went leaves room for an article of the same id with another text
    again = ids[late][: len(others)]
    gone[: len(again)] = again
    before_ids = np.concatenate([ids[~late], gone])
    before = np.concatenate([vectors[~late], others]).astype(np.float32)
    built = FaissIndex.build(before_ids, before, kind=kind)
    changed = built.changed(gone, ids[late], vectors[late])
    if folder is None:
        return changed
    path = folder / "vectors.faiss"
    path.unlink(missing_ok=True)
    changed.save(path)
    return FaissIndex.load(path)


class TestChangedFlat(VectorIndexContract):
    def build(self, ids: Ids, vectors: Vectors) -> VectorIndex:
        return put_together(ids, vectors, "flat")


class TestChangedHnsw(VectorIndexContract):
    exact = False

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        type(self).folder = tmp_path_factory.mktemp("changed")

    folder: Path

    def build(self, ids: Ids, vectors: Vectors) -> VectorIndex:
        return put_together(ids, vectors, "hnsw", self.folder)


def scans_late(patch: pytest.MonkeyPatch) -> None:
    """Filters walk, where otherwise so few vectors would be compared one by one."""
    patch.setattr(
        faiss_index, "worth", lambda approximate, breadth: worth(approximate, breadth) / 500
    )


class TestFilteredHnsw(TestHnsw):
    @pytest.fixture(autouse=True)
    def _walk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scans_late(monkeypatch)


class TestIvf(VectorIndexContract):
    exact = False

    @pytest.fixture(autouse=True)
    def _probe(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scans_late(monkeypatch)

    def build(self, ids: Ids, vectors: Vectors) -> VectorIndex:
        return FaissIndex.build(ids, vectors, kind="ivf")


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
@pytest.mark.parametrize("late", [True, False])
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_any_search_keeps_its_promises(kind: Kind, late: bool, data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if late:
            scans_late(patch)
        any_search_keeps_its_promises(
            data,
            lambda ids, vectors: FaissIndex.build(ids, vectors, kind=kind),
            exact=kind == "flat",
        )


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
@pytest.mark.parametrize("mmap", [True, False])
def test_a_saved_index_answers_as_before(kind: Kind, mmap: bool, tmp_path: Path) -> None:
    vectors = clustered(2000, 64, seed=1)
    vectors[50:90] = vectors[50]
    ids = scattered_ids(2000, seed=2)
    built = FaissIndex.build(ids, vectors, kind=kind, breadth=None if kind == "flat" else 30)
    built.save(tmp_path / "vectors.faiss")
    loaded = FaissIndex.load(tmp_path / "vectors.faiss", mmap=mmap)
    assert (loaded.kind, loaded.dim, len(loaded)) == (kind, 64, 2000)
    for k, allowed in ((10, None), (25, ids[:700])):
        before = built.search(vectors[:90], k, allowed=allowed)
        after = loaded.search(vectors[:90], k, allowed=allowed)
        np.testing.assert_array_equal(after.ids, before.ids)
        np.testing.assert_array_equal(after.scores, before.scores)
    np.testing.assert_array_equal(loaded.vectors_of(ids[:200]), vectors[:200])


def test_changes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    vectors = clustered(30, 8, seed=1)
    ids = np.arange(30, dtype=np.int64)
    index = FaissIndex.build(ids[:20], vectors[:20])
    with pytest.raises(QueryError, match="held ids that go"):
        index.changed(ids[25:], ids[20:22], vectors[20:22])
    with pytest.raises(QueryError, match="not held"):
        index.changed(NO_IDS, ids[19:22], vectors[19:22])
    with pytest.raises(QueryError, match="vectors of 8, got 4"):
        index.changed(NO_IDS, ids[20:22], clustered(2, 4, seed=1))
    index.save(tmp_path / "vectors.faiss")
    with pytest.raises(QueryError, match="mapped file"):
        FaissIndex.load(tmp_path / "vectors.faiss").changed(ids[:5], ids[20:], vectors[20:])
    assert len(index) == 20


def test_a_mapped_file_may_be_unlinked(tmp_path: Path) -> None:
    path = tmp_path / "vectors.faiss"
    vectors = clustered(100, 64, seed=3)
    FaissIndex.build(np.arange(100, dtype=np.int64), vectors).save(path)
    loaded = FaissIndex.load(path)
    path.unlink()
    np.testing.assert_array_equal(loaded.search(vectors, 1).ids[:, 0], np.arange(100))


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
@pytest.mark.parametrize("mmap", [True, False])
def test_a_file_cut_anywhere_is_refused_and_ends_nothing(
    kind: Kind, mmap: bool, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    FaissIndex.build(np.arange(400, dtype=np.int64), clustered(400, 64, seed=4), kind=kind).save(
        whole
    )
    content = whole.read_bytes()
    cut = tmp_path / "cut"
    for length in [0, 3, 23, 24, 100, len(content) // 2, len(content) - 24, len(content) - 1]:
        cut.write_bytes(content[:length])
        with pytest.raises(SnapshotDamaged, match="cut"):
            FaissIndex.load(cut, mmap=mmap)
    cut.write_bytes(content[:100] + content[200:])
    with pytest.raises(SnapshotDamaged, match="cut"):
        FaissIndex.load(cut, mmap=mmap)
    with pytest.raises(SnapshotDamaged, match="absent"):
        FaissIndex.load(tmp_path / "absent", mmap=mmap)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"not an index, but long enough to hold a footer")
    with pytest.raises(SnapshotDamaged, match="no vector index"):
        FaissIndex.load(other)


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    built = FaissIndex.build(NO_IDS, np.empty((0, 8), dtype=np.float32))
    with pytest.raises(SnapshotError, match="Cannot write"):
        built.save(tmp_path / "no folder" / "vectors.faiss")


def test_number_and_dimension_choose_the_kind() -> None:
    assert kind_for(0, 384) == kind_for(50_000, 384) == kind_for(25_000, 768) == "flat"
    assert kind_for(50_001, 384) == kind_for(25_001, 768) == "hnsw"


@pytest.mark.parametrize(
    ("count", "dim", "memory", "factory"),
    [
        (50_000, 384, None, "Flat"),
        (50_000, 384, 50_000 * 4 * 384, "Flat"),
        (50_000, 384, 50_000 * 4 * 384 - 1, "IVF894,SQ8"),
        (9_999, 384, 1, "IVF256,SQ8"),  # so few are small, and their breadth is not tuned
        (10_000, 384, 1, "IVF256,PQ96x4fs"),
        (1_000_000, 384, None, "HNSW32_SQ8"),
        (1_000_000, 384, 700_000_000, "HNSW32_SQ8"),
        (1_000_000, 384, 500_000_000, "IVF4000,SQ8"),
        (1_000_000, 384, 200_000_000, "IVF4000,PQ96x4fs"),
        (1_000_000, 384, 1, "IVF4000,PQ96x4fs"),  # none fits: the smallest
        (1_000_000, 30, 1, "IVF4000,PQ6x4fs"),  # 7 would not cut 30 dimensions evenly
        (1_000_000, 3, 1, "IVF4000,PQ1x4fs"),
    ],
)
def test_memory_chooses_the_structure(
    count: int, dim: int, memory: int | None, factory: str
) -> None:
    assert factory_for(count, dim, memory=memory) == factory


def test_above_the_flat_size_an_hnsw_index_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "FLAT_FLOATS", 500 * 64)
    ids = np.arange(600, dtype=np.int64)
    assert FaissIndex.build(ids, clustered(600, 64, seed=5)).kind == "hnsw"
    assert FaissIndex.build(ids[:500], clustered(500, 64, seed=5)).kind == "flat"


@pytest.mark.parametrize(
    ("factory", "kind"),
    [("Flat", "flat"), ("HNSW16", "hnsw"), ("HNSW16_SQfp16", "hnsw"), ("IVF8,Flat", "ivf")],
)
def test_a_factory_string_overrides_the_rule(factory: str, kind: Kind, tmp_path: Path) -> None:
    vectors = clustered(1000, 64, seed=6)
    ids = np.arange(1000, dtype=np.int64)
    FaissIndex.build(ids, vectors, factory=factory, breadth=200).save(tmp_path / "vectors")
    loaded = FaissIndex.load(tmp_path / "vectors")
    assert loaded.kind == kind
    assert recall_at_k(loaded, ExactIndex(ids, vectors), vectors[:100], 10) >= 0.99


@pytest.mark.parametrize("factory", ["Nonsense", "LSH", "PQ7", "IVF500,Flat"])
def test_a_factory_string_that_cannot_be_used_is_refused(factory: str) -> None:
    with pytest.raises(QueryError):
        FaissIndex.build(np.arange(99, dtype=np.int64), clustered(99, 64, seed=7), factory=factory)


@pytest.mark.parametrize("factory", ["Nonsense", "LSH", "PQ7"])
def test_what_can_never_be_used_is_refused_without_vectors(factory: str) -> None:
    with pytest.raises(QueryError, match=r"Expected a factory string"):
        unfilled(factory, 64)
    assert unfilled("Flat", 64) is None
    assert kind_of(unfilled("IVF500,Flat", 64)) == "ivf"


def test_kind_and_factory_together_are_refused() -> None:
    with pytest.raises(QueryError, match="got both"):
        FaissIndex.build(NO_IDS, np.empty((0, 8), dtype=np.float32), kind="flat", factory="HNSW16")


def test_many_copies_trap_no_other_query() -> None:
    """A graph that holds each of them answers every 20th query with none."""
    rng = np.random.default_rng(8)
    vectors = clustered(10_000, 64, seed=8)
    vectors[rng.permutation(10_000)[:400]] = vectors[0]
    ids = np.arange(10_000, dtype=np.int64)
    queries = vectors[rng.permutation(10_000)[:200]]
    searched = FaissIndex.build(ids, vectors, kind="hnsw")
    assert recall_at_k(searched, ExactIndex(ids, vectors), queries, 10) >= 0.99


@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_under_a_filter_the_search_widens_by_itself(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(11)
    vectors = clustered(5000, 64, seed=11)
    ids = np.arange(5000, dtype=np.int64)
    searched = FaissIndex.build(ids, vectors, kind=kind)
    allowed = rng.permutation(ids)[:500]
    scanned = []
    scans_late(monkeypatch)
    monkeypatch.setattr(FaissIndex, "_scan", lambda _, which, *__: scanned.extend(which))
    got = searched.search(vectors[:100], 60, allowed=allowed)
    want = ExactIndex(ids, vectors).search(vectors[:100], 60, allowed=allowed)
    assert (got.scores >= want.scores[:, -1:] - 1e-6).mean() >= 0.99
    assert not scanned, "none was left short"


@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_a_filter_that_allows_only_what_is_far_away_keeps_its_recall(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of all is allowed, and none of it near: the beam is full of what is turned away."""
    vectors = clustered(6000, 64, seed=13)
    ids = np.arange(6000, dtype=np.int64)
    searched = FaissIndex.build(ids, vectors, kind=kind)
    side = vectors @ vectors[0]
    allowed = ids[side < np.median(side)]
    queries = vectors[np.argsort(-side)[:100]]
    scans_late(monkeypatch)
    got = searched.search(queries, 10, allowed=allowed)
    want = ExactIndex(ids, vectors).search(queries, 10, allowed=allowed)
    assert (got.scores >= want.scores[:, -1:] - 1e-6).mean() >= 0.99


def test_a_query_that_the_graph_leaves_short_is_scanned() -> None:
    vectors = clustered(3000, 64, seed=9)
    ids = np.arange(3000, dtype=np.int64)
    searched = FaissIndex.build(ids, vectors, factory="HNSW2", breadth=1)
    got = searched.search(vectors[:20], 3000)
    assert (np.sort(got.ids, axis=1) == ids).all()


def test_vectors_of_an_unknown_id() -> None:
    built = FaissIndex.build(np.array([3, 5], dtype=np.int64), unit_rows(np.eye(2)))
    np.testing.assert_array_equal(built.vectors_of(np.array([5, 3, 5])), np.eye(2)[[1, 0, 1]])
    for unknown in (4, 9):
        with pytest.raises(KeyError, match=str(unknown)):
            built.vectors_of(np.array([3, unknown]))


def test_threads_are_set_for_the_search_alone() -> None:
    before = faiss.omp_get_max_threads()
    vectors = clustered(500, 64, seed=10)
    ids = np.arange(500, dtype=np.int64)
    one = FaissIndex.build(ids, vectors, threads=1).search(vectors, 5)
    np.testing.assert_array_equal(one.ids, FaissIndex.build(ids, vectors).search(vectors, 5).ids)
    assert faiss.omp_get_max_threads() == before


@pytest.mark.parametrize("gaps", [1, 100])
def test_a_large_index_keeps_near_vectors_side_by_side(gaps: int, tmp_path: Path) -> None:
    count = side_by_side.WORTH_IT_FROM + 2000
    vectors = clustered(count, 8, seed=3)
    vectors[1::1000] = vectors[0]
    ids = np.arange(count, dtype=np.int64) * gaps
    made = FaissIndex.build(ids, vectors, kind="hnsw")
    order = made.warmest(ids)
    assert np.array_equal(np.sort(order), np.arange(count))
    steps = [float(np.vecdot(v[1:], v[:-1]).mean()) for v in (vectors[order], vectors)]
    assert steps[0] > steps[1] + 0.2

    made.save(tmp_path / "vectors.faiss")
    queries = vectors[:: count // 200]
    oracle = ExactIndex(ids, vectors)
    for index in (made, FaissIndex.load(tmp_path / "vectors.faiss")):
        assert recall_at_k(index, oracle, queries, 10) >= 0.99
        found = index.search(queries, 10).ids
        assert np.array_equal(index.rows_of(found) * gaps, found)
        assert np.array_equal(index.vectors_of(ids[::77]), vectors[::77])
