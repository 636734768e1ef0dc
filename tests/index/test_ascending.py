import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.ascending import among, located

numbers = st.lists(st.integers(-5, 30), max_size=12)


@given(values=numbers, ascending=st.sets(st.integers(-5, 30)).map(sorted))
def test_values_are_found_where_they_stand(values: list[int], ascending: list[int]) -> None:
    wanted, kept = np.array(values, dtype=np.int64), np.array(ascending, dtype=np.int64)
    place, there = located(wanted, kept)
    assert there.tolist() == [one in ascending for one in values] == among(wanted, kept).tolist()
    assert kept[place[there]].tolist() == wanted[there].tolist()
    assert (place < max(1, len(kept))).all()


def test_a_table_of_values_has_a_table_of_places() -> None:
    place, there = located(np.array([[4, 9], [5, 4]]), np.array([4, 5]))
    assert place[there].tolist() == [0, 1, 0]
    assert there.tolist() == [[True, False], [True, True]]
