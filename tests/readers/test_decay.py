import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import InputError
from recommender.readers.decay import NOTHING, DecayedCounts, added, decayed

HOUR = 3600.0
NOON = 1_714_564_800.0  # 1 May 2024
ONE, TWO = np.array([0]), np.array([0, 1])


def counts() -> DecayedCounts:
    return DecayedCounts(timedelta(hours=2))


def test_each_addend_counts_half_after_each_half_life() -> None:
    found = counts()
    found.add(ONE, NOON)
    found.add(TWO, NOON + 2 * HOUR)
    found.add(np.array([1]), NOON + 4 * HOUR, 3.0)

    # row 0: 1/4 and 1/2; row 1: 1/2 and 3; row 2 was never added to
    worth = found.of(np.array([2, 1, 0]), NOON + 4 * HOUR)
    np.testing.assert_allclose(worth, [0, 3.5, 0.75], rtol=1e-9)
    np.testing.assert_allclose(found.of(TWO, NOON + 6 * HOUR), [0.375, 1.75], rtol=1e-9)


def test_an_amount_of_nothing_changes_nothing() -> None:
    found = counts()
    found.add(TWO, NOON, np.array([0.0, 2.0]))
    np.testing.assert_allclose(found.of(TWO, NOON), [0, 2], rtol=1e-9)


def test_no_rows_are_no_error() -> None:
    found = counts()
    none = np.array([], dtype=np.int64)
    found.add(none, NOON)
    assert found.of(none, NOON).shape == (0,)


def test_nothing_overflows_in_a_century_of_short_half_lives() -> None:
    found = DecayedCounts(timedelta(minutes=1))
    century = 100 * 365 * 24 * HOUR
    found.add(ONE, NOON)
    found.add(ONE, NOON + century)
    assert found.of(ONE, NOON + century)[0] == pytest.approx(1)
    assert found.of(ONE, NOON + 2 * century)[0] == 0


def test_a_half_life_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="half_life must be longer than nothing"):
        DecayedCounts(timedelta(0))


events = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 9)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(events, st.randoms(use_true_random=False), st.floats(500, 600))
def test_the_order_of_events_changes_nothing(
    happened: list[tuple[float, float]], random: object, later: float
) -> None:
    shuffled = sorted(happened, key=lambda one: hash((str(random), one)))
    sums = [NOTHING, NOTHING]
    for place, sequence in enumerate((happened, shuffled)):
        for at, amount in sequence:
            sums[place] = float(added(np.array(sums[place]), at, 7.0, amount))
    expected = sum(amount * 0.5 ** ((later - at) / 7.0) for at, amount in happened)
    for log_sum in sums:
        assert decayed(np.array(log_sum), later, 7.0) == pytest.approx(expected, abs=1e-12)


def test_sums_keep_their_order_as_time_goes_by() -> None:
    old_and_many = added(np.array(NOTHING), 0.0, HOUR, 5.0)
    new_and_few = added(np.array(NOTHING), 2 * HOUR, HOUR, 1.0)
    for later in (2 * HOUR, 9 * HOUR):
        first, second = (decayed(one, later, HOUR) for one in (old_and_many, new_and_few))
        assert first / second == pytest.approx(5 / 4)
    assert math.isclose(decayed(old_and_many, HOUR, HOUR), 2.5)
