import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.readers.appeal.duels import duels
from recommender.readers.decay import Floats


def test_one_click_among_three_by_hand() -> None:
    found = duels(np.array([0.0, math.log(3), 0.0]), np.array([True, False, False]), 2.0)

    # the clicked one is behind the second with 3/4 and level with the third: each duel counts 1
    assert found.gradient == pytest.approx([3 / 4 + 1 / 2, -3 / 4, -1 / 2])
    assert found.certainty == pytest.approx(np.array([[3 / 16, 1 / 4]]))
    assert found.curvature() == pytest.approx([7 / 16, 3 / 16, 1 / 4])


def test_a_click_counts_alike_however_long_the_list_is() -> None:
    for size in (2, 10, 100):
        marks = np.arange(size) == 0
        found = duels(np.zeros(size), marks, 2.0)
        assert found.gradient[0] == pytest.approx(1)
        assert found.curvature()[0] == pytest.approx(1 / 2)


def test_scores_far_apart_are_no_overflow() -> None:
    for score, short in ((-1e6, 1), (1e6, 0)):
        found = duels(np.array([score, -score]), np.array([True, False]), 1.0)
        assert found.gradient == pytest.approx([short, -short])
        assert np.all(np.isfinite(found.certainty))


lists = st.integers(2, 7).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(-3, 3), min_size=n, max_size=n),
        st.integers(1, 2**n - 2),
        st.lists(st.floats(-2, 2), min_size=2 * n, max_size=2 * n),
    )
)


def loss(scores: Floats, marks: list[bool]) -> float:
    """What the duels of two comparisons a click cost, pair by pair."""
    numbers = range(len(marks))
    pairs = [(i, j) for i, j in product(numbers, numbers) if marks[i] and not marks[j]]
    each = 2 / marks.count(False)
    return sum(each * math.log1p(math.exp(scores[j] - scores[i])) for i, j in pairs)


@settings(max_examples=60, deadline=None)
@given(lists)
def test_gradient_and_curvature_are_the_derivatives(
    case: tuple[list[float], int, list[float]],
) -> None:
    values, bits, flat = case
    scores, traits = np.array(values), np.array(flat).reshape(len(values), 2)
    marks = [bool(bits >> place & 1) for place in range(len(values))]
    found = duels(scores, np.array(marks), 2.0)
    gradient, curvature = found.of_traits(traits)

    step = 1e-4
    directions = [*np.eye(len(values)), *traits.T]
    firsts = [*found.gradient, *gradient]
    seconds = [*found.curvature(), *curvature]
    for direction, first, second in zip(directions, firsts, seconds, strict=True):
        below, here, above = (loss(scores + by * step * direction, marks) for by in (-1, 0, 1))
        assert first == pytest.approx(-(above - below) / (2 * step), abs=1e-5)
        assert second == pytest.approx((above - 2 * here + below) / step**2, abs=1e-4)
