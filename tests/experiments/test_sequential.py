from datetime import date, timedelta
from math import exp, inf, sqrt

import numpy as np
import pytest

from recommender.experiments.rates import Rate, rate, wilson
from recommender.experiments.sequential import Look, Verdict, always_valid

MONDAY = date(2026, 1, 5)


def numbers(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def test_the_variance_is_between_readers() -> None:
    """Two readers with 2 of 4 and 1 of 2: nothing differs; with 4 of 4 and 0 of 2, much does."""
    alike = rate(numbers(4, 2), numbers(2, 1))
    assert (alike.shown, alike.clicked, alike.units) == (6, 3, 2)
    assert alike.variance == 0
    # off = 4 - 4 * 2/3 = 4/3 and -4/3; sum of squares 32/9, times 2, over 36
    unlike = rate(numbers(4, 2), numbers(4, 0))
    assert unlike.variance == pytest.approx(32 / 9 * 2 / 36)
    assert unlike.design_effect == pytest.approx(unlike.variance / (2 / 3 * 1 / 3 / 6))
    assert rate(numbers(5), numbers(1)).variance == inf


def test_of_one_impression_each_it_is_that_of_a_share() -> None:
    found = rate(np.ones(100, dtype=np.int64), numbers(*[1] * 20, *[0] * 80))
    assert found.variance == pytest.approx(0.2 * 0.8 / 99)


def test_wilson_intervals() -> None:
    """2 of 10, as in Newcombe 1998 and every table of it: 0.0567 to 0.5098."""
    assert wilson(Rate(10, 2, 10, 0.2 * 0.8 / 10)) == pytest.approx((0.0567, 0.5098), abs=5e-5)
    assert wilson(Rate(10, 0, 10, 0.0)) == pytest.approx((0, 0.2775), abs=5e-5)
    # four times the variance: as wide as of a quarter of the impressions
    clustered = wilson(Rate(40, 8, 5, 4 * 0.2 * 0.8 / 40))
    assert clustered == pytest.approx((0.0567, 0.5098), abs=5e-5)
    assert wilson(Rate(0, 0, 0, inf)) == (0, 1)


@pytest.mark.parametrize("share", [0, 1])
def test_readers_who_all_do_the_same_say_no_more_than_their_number(share: int) -> None:
    """A thousand impressions of two readers: as of two, and of one as of one."""
    two = wilson(rate(numbers(500, 500), numbers(500, 500) * share))
    assert two == pytest.approx(((0, 0.6576), (0.3424, 1))[share], abs=5e-5)
    one = wilson(rate(numbers(1000), numbers(1000) * share))
    assert one == pytest.approx(((0, 0.7935), (0.2065, 1))[share], abs=5e-5)


def look(clicked: int, against: int, day: int = 0, shown: int = 1000) -> Look:
    def one(count: int) -> Rate:
        share = count / shown
        return Rate(shown, count, shown, share * (1 - share) / shown)

    return Look(MONDAY + timedelta(days=day), one(clicked), one(against))


def test_p_is_that_of_the_mixture() -> None:
    """The mean of Johari et al.'s ratios for four widths; at the interval's ends it is 20."""
    found = always_valid([look(130, 90)])
    variance = (0.13 * 0.87 + 0.09 * 0.91) / 1000

    def ratio(difference: float) -> float:
        ratios = [
            sqrt(variance / (variance + wide**2))
            * exp(wide**2 * difference**2 / (2 * variance * (variance + wide**2)))
            for wide in (0.003, 0.01, 0.03, 0.1)
        ]
        return sum(ratios) / 4

    assert found.difference == pytest.approx(0.04)
    assert found.p == pytest.approx(1 / ratio(0.04))
    half = found.high - 0.04
    assert found.low == pytest.approx(0.04 - half)
    assert ratio(half) == pytest.approx(1 / 0.05)


@pytest.mark.parametrize("clicked", range(90, 200, 5))
def test_the_interval_leaves_zero_out_exactly_where_p_is_below_the_level(clicked: int) -> None:
    found = always_valid([look(clicked, 90)])
    assert (found.low > 0) == (found.p < 0.05) == (found.decided is not None)


def test_what_was_decided_stays_decided() -> None:
    found = always_valid([look(100, 90), look(170, 90, 1), look(100, 90, 2)])
    assert found.p == always_valid([look(170, 90)]).p < 0.05
    assert found.decided == MONDAY + timedelta(days=1)
    assert found.looks == 3
    assert found.difference == pytest.approx(0.01)


@pytest.mark.parametrize(
    "early", [look(19, 30), look(30, 19), look(30, 985), look(30, 5, shown=99)]
)
def test_too_few_decide_nothing(early: Look) -> None:
    assert always_valid([early]) == Verdict(
        early.arm.share - early.against.share, -inf, inf, 1.0, None, 0
    )


def _looks(rng: np.random.Generator, lead: float, days: int = 20, readers: int = 400) -> list[Look]:
    """Readers of different taste and diligence, who come back."""
    arms = []
    for more in (lead, 0.0):
        taste = np.clip(rng.beta(2, 18, readers) + more, 0, 1)[:, None]
        shown = rng.poisson(rng.gamma(0.5, 2.0, readers)[:, None], (readers, days))
        arms.append((shown.cumsum(axis=1), rng.binomial(shown, taste).cumsum(axis=1)))
    found = []
    for day in range(days):
        rates = [
            rate(shown[shown[:, day] > 0, day], clicked[shown[:, day] > 0, day])
            for shown, clicked in arms
        ]
        found.append(Look(MONDAY + timedelta(days=day), rates[0], rates[1]))
    return found


def _significant(one: Look) -> bool:
    """What an ordinary test says of a look."""
    variance = one.arm.variance + one.against.variance
    return abs(one.arm.share - one.against.share) > 1.96 * sqrt(variance)


def test_looking_every_day_is_no_mistake() -> None:
    """Without a difference: the ordinary test, looked at daily, finds one far too often."""
    rng = np.random.default_rng(20260105)
    runs = [_looks(rng, 0.0) for _ in range(200)]
    ordinary = np.mean([any(map(_significant, looks[2:])) for looks in runs])
    ours = np.mean([always_valid(looks).decided is not None for looks in runs])
    assert ordinary > 0.1
    assert ours <= 0.05


def test_the_interval_holds_at_every_look_and_a_difference_is_found() -> None:
    rng = np.random.default_rng(20260106)
    runs = [_looks(rng, 0.05) for _ in range(60)]
    held = [
        all(found.low <= 0.05 <= found.high for found in (always_valid([one]) for one in looks))
        for looks in runs
    ]
    assert np.mean(held) >= 0.95
    assert np.mean([always_valid(looks).decided is not None for looks in runs]) > 0.8
