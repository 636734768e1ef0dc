import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.similarity.sorted_keys import (
    MAX_PLACES,
    MAX_ROWS,
    best_of_rows,
    places_of,
    ranks_of,
    rows_of,
    scores_of,
    sorted_keys,
)

ENTRIES = st.lists(
    st.tuples(
        st.integers(0, MAX_ROWS - 1),
        st.floats(0, 2, exclude_max=True, width=32),
        st.integers(0, MAX_PLACES - 1),
    ),
    max_size=30,
)


@given(ENTRIES)
def test_keys_are_in_the_order_of_lexsort_and_keep_what_they_were_made_of(
    entries: list[tuple[int, float, int]],
) -> None:
    rows = np.array([row for row, _, _ in entries], dtype=np.int64)
    scores = np.array([score for _, score, _ in entries], dtype=np.float32) + np.float32(0)
    places = np.array([place for _, _, place in entries], dtype=np.int64)
    order = np.lexsort((places, -scores, rows))
    keys = sorted_keys(rows, scores, places)
    np.testing.assert_array_equal(rows_of(keys), rows[order])
    np.testing.assert_array_equal(scores_of(keys), scores[order])
    np.testing.assert_array_equal(places_of(keys), places[order])


@pytest.mark.parametrize(
    ("row", "score", "place"), [(MAX_ROWS, 0, 0), (0, 2, 0), (0, 0, MAX_PLACES)]
)
def test_what_has_no_room_in_a_key_is_refused(row: int, score: float, place: int) -> None:
    rows, places = np.array([row]), np.array([place])
    with pytest.raises(ValueError, match="Expected rows below 256"):
        sorted_keys(rows, np.array([score], dtype=np.float32), places)


def test_ranks_begin_anew_in_each_row() -> None:
    rows = np.array([7, 2, 7, 7, 2, 9])
    keys = sorted_keys(rows, np.zeros(6, dtype=np.float32), np.arange(6))
    assert ranks_of(keys).tolist() == [0, 1, 0, 1, 2, 0]


@given(
    st.lists(st.tuples(st.integers(0, 3 * MAX_ROWS), st.floats(0, 1e6, width=32)), max_size=40).map(
        sorted
    ),
    st.integers(1, 4),
)
def test_the_best_of_each_row_are_those_of_sorting_it(
    entries: list[tuple[int, float]], kept: int
) -> None:
    scores = np.array([score for _, score in entries], dtype=np.float32)
    scaled = scores / max(scores.max(initial=0), np.float32(1))
    rows = np.array([row for row, _ in entries], dtype=np.int64)
    expected = [
        (row, rank, int(place))
        for row in np.unique(rows)
        for rank, place in enumerate(
            sorted(np.flatnonzero(rows == row), key=lambda place: (-scaled[place], place))[:kept]
        )
    ]
    assert [*zip(*best_of_rows(rows, scores, kept), strict=True)] == expected
