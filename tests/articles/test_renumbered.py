import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles.packed import pack
from recommender.articles.renumbered import Renumbered

SOME = st.sets(st.integers(0, 30))


@settings(deadline=None, max_examples=60)
@given(before=SOME, gone=SOME, fresh=SOME)
def test_what_is_left_and_what_comes_stand_in_the_order_of_their_rows(
    before: set[int], gone: set[int], fresh: set[int]
) -> None:
    rows, went, came = (np.array(sorted(one), np.int64) for one in (before, gone | fresh, fresh))
    made = Renumbered.of(rows, went, came)
    wanted = sorted((before - gone) | fresh)
    assert len(made) == len(wanted)
    assert made.rows(rows, came).tolist() == wanted
    names = made.packed(pack(b"x" * row for row in rows), pack(b"y" * row for row in came))
    assert [len(names[place]) for place in range(len(names))] == wanted
    assert all(names[place] == b"y" * came[at] for at, place in enumerate(made.fresh))
    padded = np.append(np.arange(len(rows)), -1).astype(np.int32)[:, None]
    now = made.positions(padded).ravel()
    assert now[-1] == -1
    for row, place in zip(rows.tolist(), now[:-1].tolist(), strict=True):
        assert (place == -1) == (row in gone | fresh)
        assert place == -1 or wanted[place] == row


def test_rows_may_be_of_any_shape() -> None:
    made = Renumbered.of(*(np.array(rows) for rows in ([2, 4, 6], [4], [3, 9])))
    kept, fresh = np.arange(6.0).reshape(3, 2), -np.ones((2, 2))
    assert made.rows(kept, fresh).tolist() == [[0, 1], [-1, -1], [4, 5], [-1, -1]]
    assert made.fresh.tolist() == [1, 3]
    with pytest.raises(ValueError, match="shape"):
        made.rows(kept, np.ones((3, 2)))
