import numpy as np
import pytest
from scipy import stats

from recommender.readers.click_rate import (
    PRIOR_SHOWN,
    SURE,
    clicks_of,
    fitted_strength,
    section_rates,
    shrunk,
    sure_rates,
)
from recommender.readers.decay import Floats
from recommender.readers.hourly import Hourly

NO_SECTION = np.full(3, -1)


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def drawn(rates: Floats, shown: int) -> tuple[Floats, Floats]:
    clicks = np.random.default_rng(4).poisson(rates * shown).astype(np.float64)
    return clicks, np.full(len(rates), float(shown))


def test_a_rate_lies_between_what_was_seen_and_the_prior() -> None:
    # 1 of 5 with 2 of 20 is 3 of 25, 30 of 80 with them 32 of 100
    found = shrunk(floats(0, 1, 30), floats(0, 5, 80), 0.1, 20.0)
    assert found == pytest.approx([0.1, 0.12, 0.32])


def test_the_strength_is_that_of_the_rates_themselves() -> None:
    # a Gamma of shape 4 has the mean .08 where its rate, the strength, is 50
    rates = np.random.default_rng(3).gamma(4.0, 1 / 50, size=4_000)
    clicks, shown = drawn(rates, 100)
    assert fitted_strength(clicks, shown, 0.08) == pytest.approx(50, rel=0.1)


def test_rates_that_differ_by_chance_alone_are_all_the_prior() -> None:
    clicks, shown = drawn(np.full(4_000, 0.08), 100)
    assert fitted_strength(clicks, shown, clicks.sum() / shown.sum()) > 1_000


def test_where_little_is_known_the_strength_is_the_usual_one() -> None:
    assert fitted_strength(floats(3, 0, 1), floats(9, 9, 9), 0.1) == PRIOR_SHOWN
    assert fitted_strength(np.zeros(99), np.ones(99), 0.0) == PRIOR_SHOWN
    # what was not shown says nothing of how rates differ
    assert fitted_strength(np.ones(99), np.zeros(99), 0.1) == PRIOR_SHOWN


def test_articles_are_drawn_to_their_section_and_sections_to_the_site() -> None:
    clicks, shown = floats(0, 90, 10, 0), floats(0, 400, 600, 0)
    sections = np.array([0, 0, 1, -1])
    # the sections: 90 of 400 and 10 of 600, each with 2 of 20 of the site's
    first, second = 92 / 420, 12 / 620
    priors = section_rates(clicks, shown, sections)
    assert priors == pytest.approx([first, first, second, 0.1])

    # the articles, each with its section's rate for the usual 20 impressions
    shapes, counted = clicks + PRIOR_SHOWN * priors, shown + PRIOR_SHOWN
    rates = sure_rates(clicks, shown, sections)
    assert stats.gamma(shapes, scale=1 / counted).cdf(rates) == pytest.approx(SURE)


def test_the_prior_of_a_section_foresees_its_new_articles_better() -> None:
    rng = np.random.default_rng(5)
    sections = np.repeat(np.arange(20), 50)
    rates = (rng.gamma(4.0, 1 / 40, 20)[sections]) * rng.gamma(8.0, 1 / 8, 1_000)
    clicks, shown = drawn(rates, 15)
    wrong = []
    for of in (sections, np.full(1_000, -1)):
        prior = section_rates(clicks, shown, of)
        found = shrunk(clicks, shown, prior, fitted_strength(clicks, shown, prior))
        wrong.append(np.abs(found - rates).mean())
    assert wrong[0] < 0.9 * wrong[1]


def test_nothing_shown_is_a_rate_of_nothing() -> None:
    assert section_rates(np.zeros(3), np.zeros(3), NO_SECTION).tolist() == [0.0, 0.0, 0.0]
    assert sure_rates(np.zeros(3), np.zeros(3), NO_SECTION) == pytest.approx(0, abs=1e-9)


def test_of_few_impressions_nothing_says_that_rates_do_not_differ() -> None:
    # fewer clicks than chance alone scatters
    shown = np.full(40, 20.0)
    few = fitted_strength(np.ones(40), shown, 0.05)
    many = fitted_strength(np.full(40, 100.0), 100 * shown, 0.05)
    assert few < 250 < many


def test_what_is_sure_is_the_quantile_of_the_gamma() -> None:
    found = sure_rates(floats(3, 0), floats(20, 80), np.array([-1, -1]))
    # 3 of 20 with 20 impressions of the site's .03
    assert stats.gamma(3.6, scale=1 / 40).cdf(found[0]) == pytest.approx(SURE)


def test_one_click_of_one_impression_stands_behind_many_of_many() -> None:
    clicks, shown = floats(1, 40, 0, *[10] * 20), floats(1, 400, 9, *[200] * 20)
    found = sure_rates(clicks, shown, np.full(23, -1))
    assert found[1] > found[0] > found[2]


def test_clicks_of_all_hours_are_added_up_and_never_more_than_impressions() -> None:
    numbers = np.array([[0, 1, 5, 50], [0, 2, 7, 50], [1, 1, 9, 4], [2, 1, 3, 0]]).T
    article, hour, clicks, shown = numbers
    none = np.zeros(4, dtype=np.int64)
    hours = Hourly(("a", "b", "c"), article, hour, none, clicks, shown)
    found = clicks_of(hours)
    assert found.article_ids == ("a", "b")  # c was never shown
    assert found.clicks.tolist() == [12, 4]
    assert found.shown.tolist() == [100, 4]
