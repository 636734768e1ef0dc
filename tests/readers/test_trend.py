from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from recommender.readers.decay import Floats
from recommender.readers.hourly import Hourly
from recommender.readers.trend import (
    SURE,
    expected_of_late,
    rise_of_the_others,
    rising,
    trends,
    trends_since,
    worth_in_counts,
)
from tests.readers.made_up_events import DAY, NOON


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


def test_what_rises_lets_little_be_expected_of_itself() -> None:
    # of age 2 with half-lives 1 and 2: steady sums are as 3/4 and 1
    # the third has no past: all that came is expected
    found = expected_of_late(
        floats(8, 7, 6), floats(2, 2, 0), short=1.0, long=2.0, of_late=floats(6, 6, 6), left_out=0.5
    )
    assert found == pytest.approx([6, 4.8, 6])


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


def counted(readers: Mapping[str, Mapping[int, int]]) -> Hourly:
    """Readers of articles by how many hours ago they came; 0 is the hour of noon."""
    ids = tuple(sorted(readers))
    noon = int(NOON.timestamp()) // 3600
    rows = [
        (place, noon - ago, count)
        for place, one in enumerate(ids)
        for ago, count in readers[one].items()
    ]
    article, hour, came = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    none = np.zeros(len(rows), dtype=np.int64)
    return Hourly(ids, article, hour, came, none, none)


STEADY = dict.fromkeys(range(1, 24 * 14), 10)


def times(readers: Mapping[str, Mapping[int, int]], window: timedelta = DAY) -> dict[str, float]:
    found = trends(counted(readers), at=NOON, window=window)
    return dict(zip(found.article_ids, found.rising.times.tolist(), strict=True))


def test_what_is_read_more_than_usual_rises_and_what_is_as_ever_does_not() -> None:
    more = {**STEADY, **dict.fromkeys(range(1, 13), 60)}
    found = times({"more": more, **{f"a{n}": STEADY for n in range(40)}})
    assert found.pop("more") > 2
    assert list(found.values()) == pytest.approx([1] * 40, abs=0.1)


def test_the_morning_of_a_whole_site_lets_nothing_rise() -> None:
    morning = {**STEADY, **dict.fromkeys(range(1, 6), 40)}
    most = {**STEADY, **dict.fromkeys(range(1, 6), 200)}
    found = times({"a": morning, "b": morning, "c": morning, "d": morning, "most": most})
    assert max(found[one] for one in "abcd") < 1
    assert found["most"] > 2


def test_an_article_that_is_most_of_a_site_rises_all_the_same() -> None:
    more = {**STEADY, **dict.fromkeys(range(1, 13), 60)}
    assert times({"a": {100: 1}, "more": more})["more"] > 2


def test_a_new_article_has_no_yesterday_to_rise_from() -> None:
    found = times({"a": STEADY, "new": dict.fromkeys(range(3), 50)})
    assert found["new"] == pytest.approx(1, abs=0.15)


def test_a_shorter_window_sees_a_shorter_rise() -> None:
    more = {**STEADY, 1: 100}
    short = times({"a": STEADY, "more": more}, timedelta(hours=3))["more"]
    assert short > times({"a": STEADY, "more": more})["more"] > 1
    assert trends_since(NOON, timedelta(hours=3)) > trends_since(NOON, 3 * DAY)


def test_views_without_a_reader_and_an_empty_log_are_no_trend() -> None:
    assert times({"a": {1: 0, 2: 5}, "gone": {3: 0}}).keys() == {"a"}
    assert times({}) == {}


def test_the_rise_of_the_others_by_hand() -> None:
    found = rise_of_the_others(floats(10, 20, 2), floats(5, 10, 2), prior=4.0)
    assert found == pytest.approx([26 / 16, 16 / 11, 34 / 19])
