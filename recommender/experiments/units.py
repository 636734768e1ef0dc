"""How far a mean may be off whose observations come in units: readers, each with several."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Z: Final = 1.959963984540054
"""Of a two-sided 95 % interval."""


def variance_between(off: npt.NDArray[np.number[Any]], count: int) -> float:
    """Of a mean over `count` observations; infinite of fewer than two units.

    Args:
        off: shape (units,), by how much each unit is off the mean, summed over what it has.
        count: of all units together.
    """
    units = len(off)
    if units < 2:  # noqa: PLR2004 - one has no variance
        return float("inf")
    return float(off @ off) * units / (units - 1) / count**2
