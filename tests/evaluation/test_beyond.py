import math

import numpy as np
import pytest

from recommender.evaluation.beyond import shown
from recommender.evaluation.run import Run
from tests.evaluation.made_up import DAY, UNKNOWN, collection, queries

# a0 and a1 point one way, a2 at right angles, a3 between; a3 and a1 are copies of one article
ARTICLES = collection(
    vectors=[[1, 0], [1, 0], [0, 1], [1, 1], [1, 0]],
    published_at=[10 * DAY, 4 * DAY, 9 * DAY, UNKNOWN, 13 * DAY],
    groups=[0, 1, 2, 1, 0],
)
HALF = math.sqrt(1 / 2)  # cosine of 45 degrees


def run(*lists: list[int]) -> Run:
    return Run("made", tuple(np.array(one, dtype=np.int64) for one in lists))


def test_values_are_those_worked_out_by_hand() -> None:
    found = shown(
        run([1, 2, 3], [3, 4]),
        queries([0, 0], moments=[10 * DAY, 10 * DAY]),
        ARTICLES,
        places=3,
    )

    assert found.places == 3
    assert found.filled == pytest.approx(5 / 6)
    assert found.coverage == pytest.approx(4 / 5)
    # one per cent of five articles is one article: a3, in two of the five places
    assert found.most_shown == pytest.approx(2 / 5)
    # pairs of the first list: 1 - 0, 1 - .707, 1 - .707; of the second 1 - .707
    first = (1 + 2 * (1 - HALF)) / 3
    assert found.diversity == pytest.approx((first + 1 - HALF) / 2)
    # a3 stands in both lists, 0 bits, each of the three others in one of two, 1 bit
    assert found.novelty == pytest.approx(3 / 5)
    # from a0: 0, 1, .293 and .293, 0
    assert found.distance == pytest.approx((1 + 2 * (1 - HALF)) / 5, abs=1e-6)
    # a3 behind its copy a1; a4 is a copy of a0, which is read
    assert found.copies == pytest.approx(2 / 5)
    # a1 is 6 days old, a2 one, a4 comes 3 days later; a3 has no date: 1, 3, 6
    assert found.age_days == pytest.approx(3)
    assert found.age_days_90 == pytest.approx(3 + 0.8 * 3)


def test_only_the_first_places_count() -> None:
    found = shown(run([2, 1, 3]), queries([0]), ARTICLES, places=1)

    assert found.coverage == pytest.approx(1 / 5)
    assert found.filled == 1
    assert found.distance == pytest.approx(1)
    assert found.diversity is None  # one article is no pair


def test_the_most_shown_one_per_cent_are_three_of_three_hundred() -> None:
    many = collection([""] * 300)
    lists = [[1, 2], [1, 2], [1, 3], [4, 5]]

    found = shown(run(*lists), queries([0] * 4), many, places=2)

    assert found.most_shown == pytest.approx((3 + 2 + 1) / 8)


def test_where_nothing_is_shown_there_is_nothing_to_measure() -> None:
    found = shown(run([], []), queries([0, 1]), ARTICLES, places=5)

    assert (found.filled, found.coverage) == (0, 0)
    assert found.most_shown is found.novelty is found.distance is found.copies is None
    assert found.age_days is found.age_days_90 is found.diversity is None
