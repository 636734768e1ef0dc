"""Looking up many values in an array that ascends."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def located(
    values: NDArray[Any], ascending: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each of the values stands in `ascending`, and whether it does.

    Both of the shape of `values`; where it does not stand there, its place is any, below the
    length of `ascending` unless that is 0.
    """
    if not len(ascending):
        return np.zeros(values.shape, dtype=np.int64), np.zeros(values.shape, dtype=np.bool_)
    # the method and not the function, which costs a microsecond more: slots are filled with it
    place = ascending.searchsorted(values)
    place[place == len(ascending)] = 0
    return place, ascending[place] == values


def among(values: NDArray[Any], ascending: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of the values are in `ascending`."""
    return located(values, ascending)[1]
