"""Sums that forget: what was counted weighs half after each half-life."""

from datetime import timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from recommender.errors import InputError

Floats: TypeAlias = npt.NDArray[np.float64]
Rows: TypeAlias = npt.NDArray[np.int64]

NOTHING = -np.inf
"""The logarithm of an empty sum."""


def seconds(span: timedelta, name: str = "half_life") -> float:
    """The length of a span; raises `InputError` where it is not longer than nothing."""
    if span <= timedelta(0):
        raise InputError(f"{name} must be longer than nothing; it is {span}.")
    return span.total_seconds()


def added(log_sum: Floats, at: float, half_life: float, amount: Floats | float = 1.0) -> Floats:
    """The sum with one more addend, as the base-2 logarithm of its weight at time 0.

    Forward decay (Cormode, Shkapenyuk, Srivastava and Xu 2009, "Forward decay: a practical time
    decay model for streaming systems"): an addend at time t weighs 2 ** (t / half_life) for ever,
    so that what was summed is never touched again, addends may come in any order, and sums keep
    their order as time goes by. Kept as a logarithm, the weight outgrows no float, and nothing
    needs rescaling.

    Args:
        log_sum: `NOTHING` for an empty one.
        at: seconds since 1970.
        half_life: seconds.
        amount: not negative; same shape as `log_sum`, or one for all.
    """
    with np.errstate(divide="ignore"):  # of an amount of 0 the logarithm is that of nothing
        weight = np.log2(amount) + at / half_life
    return np.asarray(np.logaddexp2(log_sum, weight), dtype=np.float64)


def decayed(log_sum: Floats, at: float, half_life: float) -> Floats:
    """What the sum of `added` is worth at a time: each addend times 0.5 ** (age / half_life)."""
    return np.asarray(np.exp2(log_sum - at / half_life), dtype=np.float64)


def grown(values: npt.NDArray[np.float64], rows: int, fill: float) -> npt.NDArray[np.float64]:
    """`values` with room for `rows` rows at least, new ones filled; doubled, so seldom copied."""
    if rows <= len(values):
        return values
    more = np.full((max(rows, 2 * len(values)) - len(values), *values.shape[1:]), fill)
    return np.concatenate([values, more])


class DecayedCounts:
    """A decayed sum for each of many numbered rows: O(1) for an event, 8 bytes a row."""

    def __init__(self, half_life: timedelta) -> None:
        self._half_life = seconds(half_life)
        self._log_sums: Floats = np.full(0, NOTHING)

    def add(self, rows: Rows, at: float, amount: Floats | float = 1.0) -> None:
        """Adds to the sums of distinct rows, at `at` seconds since 1970, amounts of at least 0."""
        if not len(rows):
            return
        self._log_sums = grown(self._log_sums, int(rows.max()) + 1, NOTHING)
        self._log_sums[rows] = added(self._log_sums[rows], at, self._half_life, amount)

    def of(self, rows: Rows, at: float) -> Floats:
        """The sums of these rows at a time; 0 of rows that were never added to."""
        if len(rows):
            self._log_sums = grown(self._log_sums, int(rows.max()) + 1, NOTHING)
        return decayed(self._log_sums[rows], at, self._half_life)
