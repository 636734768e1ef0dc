import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.evaluation.click_metrics import NAMES, click_metrics


def measured(scores: list[float], clicked: str) -> dict[str, float]:
    marks = np.array([one == "x" for one in clicked])
    values = click_metrics(np.array(scores, dtype=np.float64), marks)
    return dict(zip(NAMES, values.tolist(), strict=True))


def test_worked_out_by_hand() -> None:
    # clicked stand at the places 2 and 4 of 7
    assert measured([7, 6, 5, 4, 3, 2, 1], ".x.x...") == pytest.approx(
        {
            "AUC": (4 + 3) / 10,
            "MRR": (1 / 2 + 1 / 4) / 2,
            "nDCG@5": (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3)),
        }
    )


def test_beyond_the_fifth_place_ndcg_counts_nothing() -> None:
    found = measured([9, 8, 7, 6, 5, 4], ".....x")
    assert (found["AUC"], found["nDCG@5"]) == (0, 0)
    assert found["MRR"] == pytest.approx(1 / 6)


def test_the_ideal_has_no_more_than_five_places() -> None:
    assert measured([9, 8, 7, 6, 5, 4, 3], "xxxxxx.")["nDCG@5"] == pytest.approx(1)


def test_the_first_and_the_last() -> None:
    assert measured([2, 1], "x.") == pytest.approx({"AUC": 1, "MRR": 1, "nDCG@5": 1})
    assert measured([1, 2], "x.") == pytest.approx(
        {"AUC": 0, "MRR": 1 / 2, "nDCG@5": 1 / math.log2(3)}
    )


@settings(max_examples=50, deadline=None)
@given(
    st.integers(2, 6).flatmap(
        lambda n: st.tuples(
            st.lists(st.integers(0, 2), min_size=n, max_size=n), st.integers(1, 2**n - 2)
        )
    )
)
def test_ties_are_the_mean_over_every_order_of_them(case: tuple[list[int], int]) -> None:
    scores, bits = case
    marks = np.array([bool(bits >> place & 1) for place in range(len(scores))])
    orders = [
        click_metrics(np.array(scores) + 0.001 * np.array(breaking), marks)
        for breaking in permutations(range(len(scores)))
    ]
    found = click_metrics(np.array(scores, dtype=np.float64), marks)
    assert found.tolist() == pytest.approx(np.mean(orders, axis=0).tolist())
