"""What rises: more readers of late than an article's own past lets expect."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from recommender.readers.decay import Floats

PRIOR_READERS = 4.0
"""How many expected readers "as ever" counts: ratios spread by 1 / sqrt(4), half to one and a
half times; with it, three readers where one is expected are 1.4 times and no sensation."""

SURE = 0.05
"""How likely it may be that an article rises less than `at_least` says."""


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


def expected_of_late(usual: Floats, age: Floats, *, short: float, long: float) -> Floats:
    """What the sum with the short half-life would be, were readers to come as steadily as ever.

    A steady stream that began `age` ago adds up to half_life * (1 - 0.5 ** (age / half_life)), so
    that an article of an hour is not taken for a rising one because it had no yesterday.

    Args:
        usual: shape (n,): the sums with the long half-life.
        age: shape (n,): since the first reader, in the unit of the half-lives.
        short: half-life of what is called of late.
        long: half-life of what is called usual, longer than `short`.
    """
    # of age 0 both are 0, and the sums of a single moment are the same
    grown = np.maximum(age, 1e-9 * short)
    return np.asarray(
        usual * short * np.expm1(-np.log(2) * grown / short)
        / (long * np.expm1(-np.log(2) * grown / long)),
        dtype=np.float64,
    )  # fmt: skip


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
    at_least = np.asarray(special.gammaincinv(shape, SURE) / rate, dtype=np.float64)
    return Rising(times, at_least)
