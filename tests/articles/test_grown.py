import numpy as np
import pytest

from recommender.articles.grown import Grown


@pytest.mark.parametrize("row", [(), (3,)])
def test_it_holds_all_rows_in_their_order_and_no_more(row: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    parts = [rng.integers(0, 99, (size, *row)).astype(np.int32) for size in (0, 3, 1, 500, 0, 40)]
    grown = Grown(np.int32, row)
    for part in parts:
        grown.add(part)
    made = grown.made()
    assert len(made) == 544
    assert made.dtype == np.int32
    assert np.array_equal(made, np.concatenate(parts))


def test_what_was_given_is_not_touched_by_what_comes_later() -> None:
    grown = Grown(np.float32)
    grown.add(np.ones(5, dtype=np.float32))
    first = grown.made()
    grown.add(np.zeros(9, dtype=np.float32))
    assert first.tolist() == [1] * 5
    assert grown.made().tolist() == [0] * 9
    assert len(grown.made()) == 0
