import numpy as np
import pytest

from recommender.evaluation.significance import interval, paired_p_values, resampled_means


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def column(*values: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array(values, dtype=np.float64)[:, None]


def test_means_spread_as_theory_says_and_columns_share_their_draws() -> None:
    values = rng().random((400, 1))
    means = resampled_means(np.hstack([values, 2 * values, np.ones((400, 1))]), rng())

    assert means.shape == (10_000, 3)
    assert means[:, 0].mean() == pytest.approx(values.mean(), abs=1e-3)
    # the standard error: the population's deviation over the root of its size
    assert means[:, 0].std() == pytest.approx(values.std() / np.sqrt(400), rel=0.03)
    assert means[:, 1] == pytest.approx(2 * means[:, 0])
    assert means[:, 2] == pytest.approx(np.ones(10_000))


def test_an_interval_cuts_two_and_a_half_per_cent_off_each_end() -> None:
    means = np.arange(1001.0)[:, None] / 1000

    assert interval(means).tolist() == [[pytest.approx(0.025)], [pytest.approx(0.975)]]


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    source = rng()
    # 300 experiments of 60 queries each, their true mean .3
    values = (source.random((60, 300)) < 0.3).astype(np.float64)
    low, high = interval(resampled_means(values, source, resamples=2_000))

    held = np.mean((low <= 0.3) & (high >= 0.3))
    assert 0.90 <= held <= 0.98


@pytest.mark.parametrize(
    ("differences", "exact"),
    [
        ((1.0, 1.0, 1.0), 2 / 8),  # only all plus and all minus are as far off
        ((3.0, 1.0, -2.0), 6 / 8),  # of the sums +-3 +-1 +-2 six are 2 or more from 0
        ((0.5, -0.5), 1.0),
        ((0.0, 0.0, 0.0), 1.0),
        ((0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1), 2 / 2**10),
    ],
)
def test_p_values_are_those_of_all_sign_flips(differences: tuple[float, ...], exact: float) -> None:
    found = paired_p_values(column(*differences), rng())

    # 10,000 flips: three standard errors of a share
    assert found[0] == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 10_000) + 1e-4)


def test_chance_alone_is_rarely_significant_and_a_clear_difference_is() -> None:
    source = rng()
    noise = source.normal(size=(50, 300))
    p_values = paired_p_values(noise, source, flips=2_000)

    assert 0.02 <= np.mean(p_values < 0.05) <= 0.08
    assert paired_p_values(column(*source.normal(0.5, 1, size=50)), source)[0] < 0.01


def test_the_sign_does_not_matter_and_the_same_source_gives_the_same() -> None:
    differences = rng().normal(0.2, 1, size=(40, 3))

    once = paired_p_values(differences, rng(1))
    assert paired_p_values(-differences, rng(1)).tolist() == once.tolist()
    assert paired_p_values(differences, rng(2)).tolist() != once.tolist()
    means = resampled_means(differences, rng(1))
    assert resampled_means(differences, rng(1)).tolist() == means.tolist()


def test_no_p_value_is_zero_and_many_queries_are_drawn_in_parts() -> None:
    differences = np.full((5_000, 1), 0.3)

    assert paired_p_values(differences, rng())[0] == 1 / 10_001
    assert resampled_means(differences, rng()).shape == (10_000, 1)
