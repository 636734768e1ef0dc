import numpy as np
import pytest
from scipy import stats

from recommender.readers.decay import Floats
from recommender.readers.trend import SURE, expected_of_late, rising, worth_in_counts


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def test_a_steady_stream_is_expected_whatever_its_age() -> None:
    # a reader each minute; sums as a counter would have them
    for hours in (1, 5, 24, 200):
        ages = np.arange(0, hours * 60) / 60
        sums = [(0.5 ** (ages / half_life)).sum() for half_life in (2.0, 24.0)]
        found = expected_of_late(floats(sums[1]), floats(hours), short=2.0, long=24.0)
        assert found[0] == pytest.approx(sums[0], rel=0.01)


def test_by_hand() -> None:
    # of age 2 with half-lives 1 and 2: (1 - 1/4) / (2 * (1 - 1/2)) of what is usual
    found = expected_of_late(floats(8, 8), floats(2, 0), short=1.0, long=2.0)
    assert found == pytest.approx([6, 8])
    # when old, the part of the half-lives
    assert expected_of_late(floats(8), floats(500), short=1.0, long=2.0)[0] == pytest.approx(4)


def test_a_decayed_sum_is_worth_one_to_two_counts() -> None:
    assert worth_in_counts(floats(0, 2, 500), 2.0) == pytest.approx([1, 4 / 3, 2])
    # the ratio of mean and variance of sums of Poisson streams is what makes a count of them
    rng = np.random.default_rng(1)
    weights = 0.5 ** (np.arange(0, 4, 0.01) / 2)
    sums = rng.poisson(0.3, (5_000, len(weights))) @ weights
    assert sums.mean() / sums.var() == pytest.approx(worth_in_counts(floats(4), 2.0)[0], rel=0.05)


def test_small_counts_rise_little_and_large_ones_much() -> None:
    found = rising(floats(0, 3, 30, 300), floats(0, 1, 10, 100), prior=4.0)
    assert found.times == pytest.approx([1, 7 / 5, 34 / 14, 304 / 104])
    assert np.all(np.diff(found.at_least) > 0)
    # surely above its past only where there is enough of it
    assert found.at_least[1] < 1 < found.at_least[2]


def test_at_least_is_the_quantile_of_the_gamma() -> None:
    found = rising(floats(12), floats(5), prior=4.0)
    assert stats.gamma(16, scale=1 / 9).cdf(found.at_least[0]) == pytest.approx(SURE)


def test_what_has_its_usual_readers_is_as_ever_and_what_lost_them_falls() -> None:
    found = rising(floats(50, 5), floats(50, 50))
    assert found.times[0] == pytest.approx(1)
    assert found.times[1] < 0.2
    assert found.at_least[1] < found.at_least[0] < 1
