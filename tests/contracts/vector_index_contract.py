"""What every VectorIndex promises, held against a full sort in plain numpy.

A backend's test class derives from VectorIndexContract and says how it is built. Exact backends
are compared by ids and scores; approximate ones by recall, and by the scores and order of what
they return.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.errors import QueryError
from index.protocol import NO_IDS, Ids, Neighbors, VectorIndex, Vectors


def unit_rows(rows: NDArray[np.float64]) -> Vectors:
    scaled: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled


def clustered(count: int, dim: int, *, seed: int) -> Vectors:
    """Vectors as text gives them: in clusters, of fewer degrees of freedom than dimensions."""
    rng = np.random.default_rng(seed)
    latent = min(dim, 32)
    centres = rng.normal(size=(max(1, count // 50), latent))
    points = centres[rng.integers(0, len(centres), count)] + 0.7 * rng.normal(size=(count, latent))
    noise = 0.3 * rng.normal(size=(count, dim))
    return unit_rows(points @ rng.normal(size=(latent, dim)) + noise)


def tied(count: int, *, seed: int) -> Vectors:
    """Unit rows of 16 times +-1/4: products are exact in float32, and many are equal."""
    rng = np.random.default_rng(seed)
    return (rng.choice([-0.25, 0.25], size=(count, 16))).astype(np.float32)


def scattered_ids(count: int, *, seed: int) -> Ids:
    rng = np.random.default_rng(seed)
    return rng.permutation(10 * count + 1)[:count].astype(np.int64)


def by_full_sort(  # the oracle: no block, no partition, no library
    ids: Ids,
    vectors: Vectors,
    queries: Vectors,
    k: int,
    *,
    allowed: Ids | None = None,
    excluded: Ids = NO_IDS,
) -> Neighbors:
    may = ~np.isin(ids, excluded)
    if allowed is not None:
        may &= np.isin(ids, allowed)
    found = np.full((len(queries), k), -1, dtype=np.int64)
    scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
    candidates = vectors[may].astype(np.float64)
    for at, query in enumerate(queries.astype(np.float64)):
        cosines = candidates @ query
        order = np.lexsort((ids[may], -cosines))[:k]
        found[at, : len(order)] = ids[may][order]
        scores[at, : len(order)] = cosines[order]
    return Neighbors(found, scores)


def same_scores(got: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(got, expected, atol=2e-6, rtol=0)


def well_formed(got: Neighbors, queries: int, k: int) -> None:
    assert got.ids.shape == got.scores.shape == (queries, k)
    assert got.ids.dtype == np.int64
    assert got.scores.dtype == np.float32
    padded = got.ids == -1
    assert (np.isneginf(got.scores) == padded).all()
    assert (np.abs(got.scores[~padded]) <= 1).all()
    assert not (padded[:, :-1] & ~padded[:, 1:]).any(), "padding stands at the end"
    higher, lower = got.scores[:, :-1], got.scores[:, 1:]
    both = ~padded[:, 1:]
    assert (higher >= lower)[both].all(), "descending"
    tie = both & (higher == lower)
    assert (got.ids[:, :-1] < got.ids[:, 1:])[tie].all(), "ties by id"
    for row in got.ids:
        held = row[row >= 0]
        assert len(np.unique(held)) == len(held), "nothing twice"


class VectorIndexContract(ABC):
    exact = True

    @abstractmethod
    def build(self, ids: Ids, vectors: Vectors) -> VectorIndex: ...

    def agrees(
        self, got: Neighbors, want: Neighbors, *, ids: Ids, vectors: Vectors, queries: Vectors
    ) -> None:
        """Equal to the oracle; an approximate index may miss one neighbour of a hundred."""
        well_formed(got, *want.ids.shape)
        if self.exact:
            np.testing.assert_array_equal(got.ids, want.ids)
            same_scores(got.scores, want.scores)
            return
        row_of = {int(one): row for row, one in enumerate(ids)}
        hits = 0
        for at, query in enumerate(queries):
            held = got.ids[at][got.ids[at] >= 0]
            cosines = vectors[[row_of[int(one)] for one in held]] @ query
            same_scores(got.scores[at][: len(held)], cosines)
            hits += int((cosines >= want.scores[at][want.ids[at] >= 0].min() - 1e-6).sum())
        assert hits / (want.ids >= 0).sum() >= 0.99
        assert ((got.ids >= 0) == (want.ids >= 0)).all(), "as many as there are"

    @pytest.mark.parametrize("dim", [64, 384])
    def test_the_nearest_of_clustered_vectors(self, dim: int) -> None:
        count = 1000 if self.exact else 320_000 // dim
        vectors = clustered(count + 60, dim, seed=dim)
        vectors, queries = vectors[:count], vectors[count:]
        ids = scattered_ids(count, seed=1)
        searched = self.build(ids, vectors)
        assert searched.dim == dim
        assert len(searched) == count
        full = by_full_sort(ids, vectors, queries, 100)
        for k in (1, 10, 100):
            want = Neighbors(full.ids[:, :k], full.scores[:, :k])
            got = searched.search(queries, k)
            self.agrees(got, want, ids=ids, vectors=vectors, queries=queries)

    def test_ties_are_ordered_by_id_and_cut_at_the_lowest(self) -> None:
        vectors = tied(400, seed=2)
        ids = scattered_ids(400, seed=3)
        queries = tied(30, seed=4)
        searched = self.build(ids, vectors)
        for k in (1, 7, 50):
            want = by_full_sort(ids, vectors, queries, k)
            assert (want.scores[:, :-1] == want.scores[:, 1:]).any() or k == 1
            self.agrees(
                searched.search(queries, k), want, ids=ids, vectors=vectors, queries=queries
            )

    @pytest.mark.parametrize("copies", [3, 40, 900])
    def test_copies_of_a_vector_all_come_lowest_ids_first(self, copies: int) -> None:
        vectors = clustered(1200, 64, seed=5)
        vectors[7 : 7 + copies] = vectors[7]
        ids = scattered_ids(1200, seed=6)
        queries = np.concatenate([vectors[7:8], clustered(10, 64, seed=5)])
        searched = self.build(ids, vectors)
        got = searched.search(queries, 20)
        self.agrees(
            got, by_full_sort(ids, vectors, queries, 20), ids=ids, vectors=vectors, queries=queries
        )
        expected = np.sort(ids[7 : 7 + copies])[:20]
        np.testing.assert_array_equal(got.ids[0, : len(expected)], expected)

    def test_copies_do_not_hide_their_allowed_ones(self) -> None:
        vectors = clustered(600, 64, seed=7)
        vectors[100:300] = vectors[100]
        ids = np.arange(600, dtype=np.int64)
        searched = self.build(ids, vectors)
        queries = vectors[100:101]
        allowed = np.array([250, 260, 500], dtype=np.int64)
        got = searched.search(queries, 3, allowed=allowed)
        np.testing.assert_array_equal(got.ids[0], [250, 260, 500])
        got = searched.search(queries, 3, excluded=np.arange(298, dtype=np.int64))
        np.testing.assert_array_equal(got.ids[0, :2], [298, 299])
        got = searched.search(queries, 400, excluded=np.arange(100, 300, dtype=np.int64))
        assert set(got.ids[0]) == set(range(600)) - set(range(100, 300))

    @pytest.mark.parametrize("share", [0.002, 0.3, 0.9])
    def test_allowed_and_excluded(self, share: float) -> None:
        count = 1000 if self.exact else 4000
        vectors = clustered(count + 40, 64, seed=8)
        vectors, queries = vectors[:count], vectors[count:]
        ids = scattered_ids(count, seed=9)
        rng = np.random.default_rng(10)
        chosen = rng.permutation(ids)[: int(share * count)]
        chosen = np.concatenate([chosen, chosen[:1], [np.int64(10**12)]])  # twice, and unknown
        excluded = np.concatenate([chosen[:2], rng.permutation(ids)[:100]])
        searched = self.build(ids, vectors)

        def check(*, allowed: Ids | None, excluded: Ids) -> None:
            got = searched.search(queries, 10, allowed=allowed, excluded=excluded)
            want = by_full_sort(ids, vectors, queries, 10, allowed=allowed, excluded=excluded)
            assert not np.isin(got.ids, excluded).any()
            if allowed is not None:
                assert np.isin(got.ids[got.ids >= 0], allowed).all()
            self.agrees(got, want, ids=ids, vectors=vectors, queries=queries)

        check(allowed=chosen, excluded=NO_IDS)
        check(allowed=None, excluded=chosen)
        check(allowed=chosen, excluded=excluded[1:])

    def test_a_filter_over_ties_is_exact_to_the_id(self) -> None:
        vectors = tied(300, seed=11)
        ids = scattered_ids(300, seed=12)
        allowed = np.random.default_rng(13).permutation(ids)[:120]
        searched = self.build(ids, vectors)
        queries = tied(25, seed=14)
        got = searched.search(queries, 9, allowed=allowed)
        want = by_full_sort(ids, vectors, queries, 9, allowed=allowed)
        self.agrees(got, want, ids=ids, vectors=vectors, queries=queries)

    def test_nothing_allowed_and_everything_excluded(self) -> None:
        ids = np.arange(20, dtype=np.int64)
        searched = self.build(ids, clustered(20, 64, seed=15))
        queries = clustered(3, 64, seed=16)
        for got in (
            searched.search(queries, 5, allowed=NO_IDS),
            searched.search(queries, 5, excluded=ids),
            searched.search(queries, 5, allowed=ids[:4], excluded=ids[:4]),
            searched.search(queries, 5, allowed=np.array([77], dtype=np.int64)),
        ):
            well_formed(got, 3, 5)
            assert (got.ids == -1).all()

    def test_k_larger_than_the_index_gives_all_and_padding(self) -> None:
        vectors = clustered(13, 64, seed=17)
        ids = scattered_ids(13, seed=18)
        queries = clustered(4, 64, seed=19)
        got = self.build(ids, vectors).search(queries, 50)
        self.agrees(
            got, by_full_sort(ids, vectors, queries, 50), ids=ids, vectors=vectors, queries=queries
        )

    def test_an_empty_index_and_no_queries(self) -> None:
        empty = self.build(NO_IDS, np.empty((0, 64), dtype=np.float32))
        assert len(empty) == 0
        assert empty.dim == 64
        got = empty.search(clustered(2, 64, seed=20), 3, excluded=np.array([1], dtype=np.int64))
        well_formed(got, 2, 3)
        assert (got.ids == -1).all()
        one = self.build(np.array([5], dtype=np.int64), clustered(1, 64, seed=21))
        well_formed(one.search(np.empty((0, 64), dtype=np.float32), 3), 0, 3)

    def test_what_comes_in_is_not_edited(self) -> None:
        vectors = clustered(50, 64, seed=22)
        ids = scattered_ids(50, seed=23)
        allowed = ids[:30].copy()
        before = [one.tobytes() for one in (ids, vectors, allowed)]
        self.build(ids, vectors).search(vectors[:2], 5, allowed=allowed, excluded=allowed[:3])
        assert [one.tobytes() for one in (ids, vectors, allowed)] == before

    def test_searches_at_once_answer_as_one_after_another(self) -> None:
        count = 2000
        vectors = clustered(count, 64, seed=24)
        ids = scattered_ids(count, seed=25)
        searched = self.build(ids, vectors)

        def ask(at: int) -> bytes:
            excluded = ids[at : at + 5] if at % 2 else NO_IDS
            allowed = ids[: count // 2] if at % 3 == 0 else None
            got = searched.search(vectors[at : at + 3], 10, allowed=allowed, excluded=excluded)
            return got.ids.tobytes() + got.scores.tobytes()

        alone = [ask(at) for at in range(60)]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, list(range(60)) * 2)) == alone * 2

    @pytest.mark.parametrize(
        "queries",
        [
            np.zeros((2, 63), dtype=np.float32),
            np.zeros(64, dtype=np.float32),
            np.zeros((2, 64), dtype=np.float64),
            np.full((2, 64), np.nan, dtype=np.float32),
            np.full((2, 64), np.inf, dtype=np.float32),
        ],
        ids=["dimension", "one row", "type", "NaN", "infinite"],
    )
    def test_queries_that_are_none_are_refused(self, queries: Vectors) -> None:
        searched = self.build(np.arange(3, dtype=np.int64), clustered(3, 64, seed=26))
        with pytest.raises(QueryError):
            searched.search(queries, 3)

    def test_k_below_one_is_refused(self) -> None:
        searched = self.build(np.arange(3, dtype=np.int64), clustered(3, 64, seed=27))
        with pytest.raises(QueryError, match="at least 1"):
            searched.search(clustered(1, 64, seed=28), 0)

    def test_entries_that_are_none_are_refused(self) -> None:
        vectors = clustered(3, 64, seed=29)
        ids = np.arange(3, dtype=np.int64)
        broken = vectors.copy()
        broken[1, 1] = np.nan
        refused: list[tuple[Ids, Vectors, str]] = [
            (ids[:2], vectors, "one id a vector"),
            (ids - 1, vectors, "0 and above"),
            (np.array([1, 2, 1], dtype=np.int64), vectors, "got 1 repeatedly"),
            (ids, vectors * 2, "unit vectors"),
            (ids, broken, "row 1 has NaN"),
            (ids.astype(np.int32), vectors, "int64"),
        ]
        for bad_ids, bad_vectors, why in refused:
            with pytest.raises(QueryError, match=why):
                self.build(bad_ids, bad_vectors)


def any_search_keeps_its_promises(
    data: st.DataObject, build: Callable[[Ids, Vectors], VectorIndex], *, exact: bool
) -> None:
    """For a test under Hypothesis: one drawn index, one drawn search."""
    count = data.draw(st.integers(0, 60))
    few = data.draw(st.integers(1, 8))  # few distinct vectors: copies and ties
    seed = data.draw(st.integers(0, 1000))
    rng = np.random.default_rng(seed)
    vectors = tied(few, seed=seed)[rng.integers(0, few, count)]
    ids = scattered_ids(count, seed=seed)
    queries = tied(data.draw(st.integers(1, 3)), seed=seed + 1)
    known: Sequence[int] = [int(one) for one in ids]
    some = st.lists(st.sampled_from([*known, 10**9]), max_size=count + 2)
    excluded = np.array(data.draw(some), dtype=np.int64)
    listed = data.draw(st.none() | some)
    allowed = None if listed is None else np.array(listed, dtype=np.int64)
    k = data.draw(st.integers(1, count + 3))

    got = build(ids, vectors).search(queries, k, allowed=allowed, excluded=excluded)

    well_formed(got, len(queries), k)
    assert not np.isin(got.ids, excluded).any()
    may = set(known) - set(excluded.tolist())
    if allowed is not None:
        may &= set(allowed.tolist())
    for row in got.ids:
        held = {int(one) for one in row if one >= 0}
        assert held <= may
        assert len(held) == min(k, len(may))
    if exact:
        want = by_full_sort(ids, vectors, queries, k, allowed=allowed, excluded=excluded)
        np.testing.assert_array_equal(got.ids, want.ids)
