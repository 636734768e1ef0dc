"""A test of two arms that may be looked at any day, however often, and be stopped at any."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import exp, inf, log, log1p, sqrt
from typing import Final

import numpy as np
from scipy import special

from recommender.experiments.rates import Rate

LEVEL: Final = 0.05
"""Of the test, over all looks together."""
LEAST_UNITS: Final = 100
LEAST_CLICKED: Final = 20
"""Each arm needs so many of both before a look counts: the test rests on a normal distribution."""

_SCALES: Final = (0.003, 0.01, 0.03, 0.1)
"""Differences of click-through that the mixture is made for, one as good as the other.

Those between are found about as soon. Constants: chosen after the data are seen they would be worth
nothing.
"""


@dataclass(frozen=True, slots=True)
class Look:
    """Both arms with all that came up to the end of a day."""

    day: date
    arm: Rate
    against: Rate


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the looks say.

    Attributes:
        difference: click-through of the arm less that of the other, at the last look.
        low, high: hold the true difference at every look at once, with 95 %; infinite while no
            look counts.
        p: always valid, in [0, 1].
        decided: the first day on which p was below 0.05; None where none was.
        looks: that count.
    """

    difference: float
    low: float
    high: float
    p: float
    decided: date | None
    looks: int


def always_valid(looks: Iterable[Look]) -> Verdict:
    """The mixture sequential probability ratio test (Johari, Koomen, Pekelis and Walsh 2022,
    "Always valid inference"), and its confidence sequence. Mixed are normal distributions of
    several widths (Robbins 1970): a test for one width is slow where differences are of another.

    The difference is taken for normal around the true one with the variance that is estimated
    between readers, and its deviation for a Brownian motion in the information, as asymptotic
    confidence sequences have it (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024). The
    p-value is the least of all looks; the interval is that of the last look.

    Args:
        looks: in the order of time.
    """  # noqa: D205 - the name of the test is longer than a line
    p, decided, counted = 1.0, None, 0
    difference = variance = 0.0
    counts = False
    for look in looks:
        difference = look.arm.share - look.against.share
        variance = look.arm.variance + look.against.variance
        counts = _enough(look.arm) and _enough(look.against) and 0 < variance < inf
        if not counts:
            continue
        counted += 1
        p = min(p, _p_value(difference, variance))
        if p < LEVEL and decided is None:
            decided = look.day
    half = _half_width(variance) if counts else inf
    return Verdict(difference, difference - half, difference + half, p, decided, counted)


def _enough(one: Rate) -> bool:
    return one.units >= LEAST_UNITS and LEAST_CLICKED <= one.clicked <= one.shown - LEAST_CLICKED


def _p_value(difference: float, variance: float) -> float:
    """The inverse of the likelihood ratio of the mixture to no difference, at most 1."""
    return exp(min(0.0, -_log_ratio(difference, variance)))


def _half_width(variance: float) -> float:
    """The greatest difference that the same test at `LEVEL` would not refuse."""
    # imported here: that takes a quarter of a second, and every command imports this file
    from scipy.optimize import brentq  # noqa: PLC0415

    wanted = log(1 / LEVEL)
    # whatever one width alone refuses at a level so much lower, the mixture refuses
    most = max(
        sqrt((variance + scale**2) * variance)
        / scale
        * sqrt(2 * (wanted + log(len(_SCALES))) + log1p(scale**2 / variance))
        for scale in _SCALES
    )
    return float(brentq(lambda one: _log_ratio(one, variance) - wanted, 0.0, most))


def _log_ratio(difference: float, variance: float) -> float:
    squares = np.square(_SCALES)
    mixed = variance + squares
    logs = np.log(variance / mixed) / 2 + squares * difference**2 / (2 * variance * mixed)
    return float(special.logsumexp(logs)) - log(len(_SCALES))
