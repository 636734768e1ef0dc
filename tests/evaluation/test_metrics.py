import math

import numpy as np
import pytest

from recommender.evaluation.metrics import metric_names, per_query


def measured(ranked: list[int], grades: dict[int, int], *cuts: int) -> dict[str, float]:
    names = metric_names(cuts)
    values = per_query([np.array(ranked, dtype=np.int64)], [grades], names)
    assert values.shape == (1, len(names))
    return dict(zip(names, values[0].tolist(), strict=True))


def test_graded_values_are_those_worked_out_by_hand() -> None:
    # what stands there has the grades 1, unjudged, 3, 0, 2
    found = measured([11, 14, 10, 12, 13], {10: 3, 11: 1, 12: 0, 13: 2}, 2, 5)

    # ideal order 3, 2, 1; discounts 1, 1 / log2 3, 1 / 2, 1 / log2 5, 1 / log2 6
    ideal_2 = 3 + 2 / math.log2(3)
    assert found == pytest.approx(
        {
            "nDCG@2": 1 / ideal_2,  # .235
            "nDCG@5": (1 + 3 / 2 + 2 / math.log2(6)) / (ideal_2 + 1 / 2),  # .687
            "P@1": 1,
            "P@2": 1 / 2,
            "P@5": 3 / 5,
            "MRR": 1,
            "R@10": 1,
            "R@100": 1,
            "MAP": (1 / 1 + 2 / 3 + 3 / 5) / 3,  # .756
        }
    )


def test_related_articles_found_late_or_not_at_all() -> None:
    # of four related ones two are found, at the places 3 and 11
    found = measured([50, 51, 1, *range(52, 59), 2], {1: 1, 2: 1, 3: 1, 4: 1}, 3)

    assert found == pytest.approx(
        {
            "nDCG@3": (1 / 2) / (1 + 1 / math.log2(3) + 1 / 2),
            "P@1": 0,
            "P@3": 1 / 3,
            "MRR": 1 / 3,
            "R@10": 1 / 4,
            "R@100": 2 / 4,
            "MAP": (1 / 3 + 2 / 11) / 4,
        }
    )


def test_a_short_list_is_divided_by_k_all_the_same() -> None:
    found = measured([1], {1: 1}, 5)

    assert found["P@5"] == pytest.approx(1 / 5)
    assert found["nDCG@5"] == pytest.approx(1)


def test_an_empty_list_is_worth_nothing_and_keeps_its_row() -> None:
    nothing, one = np.array([], dtype=np.int64), np.array([7])
    names = metric_names([2])

    values = per_query([nothing, one, nothing], [{7: 1}, {7: 1}, {7: 1}], names)

    assert values[0].tolist() == values[2].tolist() == [0.0] * len(names)
    assert values[1, names.index("nDCG@2")] == pytest.approx(1)


def test_the_order_of_the_list_counts_whatever_the_articles_are_called() -> None:
    # trec_eval breaks ties by name; 9 comes behind 10 by name and before it by number
    assert measured([9, 10], {9: 1}, 1)["MRR"] == 1
    assert measured([10, 9], {9: 1}, 1)["MRR"] == pytest.approx(1 / 2)


def test_names_begin_with_the_first_cut_and_repeat_none() -> None:
    names = "nDCG@5 nDCG@1 P@1 P@5 MRR R@10 R@100 MAP"
    assert metric_names([5, 1, 5]) == tuple(names.split())
