"""What rises: more readers of late than an article's own past lets expect."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from recommender.readers.decay import Floats
from recommender.readers.hourly import Hourly

PRIOR_READERS = 4.0
"""How many expected readers "as ever" counts: ratios spread by 1 / sqrt(4), half to one and a
half times; with it, three readers where one is expected are 1.4 times and no sensation."""

SURE = 0.05
"""How likely it may be that an article rises less than `at_least` says."""

_HOUR = 3600.0
_LEAST_USUAL = 86_400.0
"""Seconds, a half-life: what is usual knows of day and night."""
_LEFT_OUT = 0.75
"""Of what came of late this part is not called usual."""
_REMEMBERED = 5
"""Half-lives of what is usual: what came before would weigh three hundredths."""


@dataclass(frozen=True, slots=True)
class Rising:
    """Of n articles, how many times their expected readers they have.

    Attributes:
        times: shape (n,): the mean of the ratio, above 0; 1 is as ever.
        at_least: shape (n,): the ratio that is exceeded with a probability of 1 - `SURE`. To rank
            by: a small count must be far above what was expected to stand before a large one.
    """

    times: Floats
    at_least: Floats


def expected_of_late(
    usual: Floats,
    age: Floats,
    *,
    short: float,
    long: float,
    of_late: Floats | float = 0.0,
    left_out: float = 0.0,
) -> Floats:
    """What the sum with the short half-life would be, were readers to come as steadily as ever.

    A steady stream that began `age` ago adds up to half_life * (1 - 0.5 ** (age / half_life)), so
    that an article of an hour is not taken for a rising one because it had no yesterday.

    Args:
        usual: shape (n,): the sums with the long half-life.
        age: shape (n,): since the first reader, in the unit of the half-lives.
        short: half-life of what is called of late.
        long: half-life of what is called usual, longer than `short`.
        of_late: shape (n,): the sums with the short half-life.
        left_out: share of these that does not count as usual, in [0, 1): where it is 0, what
            rises lets more be expected of itself; the rest is what an article without a past has.
    """
    # of age 0 both are 0, and the sums of a single moment are the same
    grown = np.maximum(age, 1e-9 * short)
    steady_of_late, steady = (-half * np.expm1(-np.log(2) * grown / half) for half in (short, long))
    past = usual - left_out * of_late
    return np.asarray(
        past * steady_of_late / (steady - left_out * steady_of_late), dtype=np.float64
    )


def worth_in_counts(age: Floats, half_life: float) -> Floats:
    """How many plain counts one unit of a decayed sum is worth: 1 when new, 2 when old.

    The weights w of a steady stream's addends make sum(w) / sum(w ** 2) of it: a decayed sum
    varies half as much as a count of its size.
    """
    return np.asarray(2 / (1 + np.exp2(-age / half_life)), dtype=np.float64)


def rising(of_late: Floats, expected: Floats, *, prior: float = PRIOR_READERS) -> Rising:
    """The ratio of what came to what was expected, drawn towards 1 where both are small.

    The Gamma-Poisson shrinker (DuMouchel 1999, "Bayesian data mining in large frequency tables"):
    the ratio has a Gamma prior of mean 1 that counts `prior` expected readers; its mean given the
    counts is `times`, its 5 % quantile `at_least` (his EB05).

    Args:
        of_late: shape (n,): counts, or decayed sums times `worth_in_counts`.
        expected: shape (n,): of the same unit; times the site's own rise, where one is to be found
            that rises more than the site does in its morning.
        prior: more than 0.
    """
    shape, rate = of_late + prior, expected + prior
    times = np.asarray(shape / rate, dtype=np.float64)
    # imported here: a server starts without it
    from scipy import special  # noqa: PLC0415

    at_least = np.asarray(special.gammaincinv(shape, SURE) / rate, dtype=np.float64)
    return Rising(times, at_least)


@dataclass(frozen=True, slots=True)
class Trends:
    """How n articles were read of late: views that count, or clicks where these are more.

    Attributes:
        article_ids: of the articles that were read since `trends_since`, in their order.
        rising: of each.
    """

    article_ids: tuple[str, ...]
    rising: Rising


def trends_since(at: datetime, window: timedelta) -> datetime:
    """The beginning of the hours that `trends` at `at` needs."""
    return at - timedelta(seconds=_REMEMBERED * _half_lives(window)[1])


def trends(counts: Hourly, *, at: datetime, window: timedelta) -> Trends:
    """What came in about the last `window`, beside what each article's own past lets expect.

    Expected is more where the whole site rises, as it does every morning: by how much, the other
    articles tell. What was read in an hour counts as of its middle.

    Args:
        counts: from `trends_since` up to the hour of `at`.
        at: aware.
        window: what is called of late. Sums decay, with the half-life whose sum over a steady
            stream is that of the window.
    """
    short, long = _half_lives(window)
    # not readers, who count in the hour of their latest view: who comes daily has no past there
    reads = np.maximum(counts.views, counts.clicks)
    read = reads > 0
    article, reads = counts.article[read], reads[read]
    begun = np.maximum(at.timestamp() - counts.hour[read] * _HOUR, 0.0)  # ago
    middle = (begun + np.maximum(begun - _HOUR, 0)) / 2
    places, row = np.unique(article, return_inverse=True)
    of_late, usual = (
        np.bincount(row, reads * np.exp2(-middle / half_life), len(places)).astype(np.float64)
        for half_life in (short, long)
    )
    age = np.zeros(len(places))
    np.maximum.at(age, row, begun)
    expected = expected_of_late(
        usual, age, short=short, long=long, of_late=of_late, left_out=_LEFT_OUT
    )
    worth = worth_in_counts(age, short)
    of_late, expected = of_late * worth, expected * worth
    found = rising(of_late, expected * rise_of_the_others(of_late, expected))
    return Trends(tuple(counts.article_ids[one] for one in places.tolist()), found)


def rise_of_the_others(
    of_late: Floats, expected: Floats, *, prior: float = PRIOR_READERS
) -> Floats:
    """How many times their expected readers all articles but one have, for each one.

    Without itself, or an article that makes up most of a site would be expected to rise as it does.

    Args:
        of_late: shape (n,), see `rising`.
        expected: shape (n,).
        prior: expected readers "as ever", for where there are few others.
    """
    came, due = of_late.sum() - of_late, expected.sum() - expected
    return np.asarray((came + prior) / (due + prior), dtype=np.float64)


def _half_lives(window: timedelta) -> tuple[float, float]:
    """Of what is of late and of what is usual, in seconds."""
    short = window.total_seconds() * float(np.log(2))
    return short, max(_LEAST_USUAL, 4 * short)
