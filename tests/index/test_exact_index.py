import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import exact
from index.exact import ExactIndex
from index.protocol import Ids, VectorIndex, Vectors
from tests.contracts.vector_index_contract import (
    VectorIndexContract,
    any_search_keeps_its_promises,
    by_full_sort,
    clustered,
    scattered_ids,
)


class TestExactIndex(VectorIndexContract):
    def build(self, ids: Ids, vectors: Vectors) -> VectorIndex:
        return ExactIndex(ids, vectors)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_any_search_keeps_its_promises(data: st.DataObject) -> None:
    any_search_keeps_its_promises(data, ExactIndex, exact=True)


def test_blocks_of_queries_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = clustered(300, 64, seed=1)
    ids = scattered_ids(300, seed=2)
    monkeypatch.setattr(exact, "_SCORE_FLOATS", 7 * 300)
    got = ExactIndex(ids, vectors).search(vectors[:50], 12)
    np.testing.assert_array_equal(got.ids, by_full_sort(ids, vectors, vectors[:50], 12).ids)


def test_scores_of_given_ids() -> None:
    vectors = np.eye(3, dtype=np.float32)
    searched = ExactIndex(np.array([30, 10, 20], dtype=np.int64), vectors)
    got = searched.scores(vectors[:1], np.array([[10, 30, 99, -1]], dtype=np.int64))
    np.testing.assert_array_equal(got, [[0, 1, -np.inf, -np.inf]])
