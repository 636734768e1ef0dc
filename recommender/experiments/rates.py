"""Click-through of an arm and how far it may be off, with readers as the unit."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.experiments.units import Z, variance_between


@dataclass(frozen=True, slots=True)
class Rate:
    """Share of impressions that were clicked.

    Attributes:
        shown: impressions.
        clicked: those with a click.
        units: readers, or impressions where readers are unknown.
        variance: of the share, its impressions being those of the units.
    """

    shown: int
    clicked: int
    units: int
    variance: float

    @property
    def share(self) -> float:
        """In [0, 1]; 0 where nothing was shown."""
        return self.clicked / self.shown if self.shown else 0.0

    @property
    def design_effect(self) -> float:
        """How many times the variance is that of independent impressions; at least 1.

        1 too where all were clicked, or none: nothing varies there.
        """
        alone = self.share * (1 - self.share) / self.shown if self.shown else 0.0
        return max(1.0, self.variance / alone) if alone else 1.0

    @property
    def effective(self) -> float:
        """Independent impressions that would say as much; at least 1, but 0 of none."""
        if self.units < 2:  # noqa: PLR2004 - one says as much as one impression
            return float(self.units)
        # where readers do not differ at all, nothing tells how alike the impressions of one are
        return self.units if self.clicked in {0, self.shown} else self.shown / self.design_effect


def rate(shown: npt.NDArray[np.int64], clicked: npt.NDArray[np.int64]) -> Rate:
    """The share over all units, and its variance between units.

    A ratio of two sums over readers, linearised (Deng, Knoblich and Lu 2018, "Applying the delta
    method in metric analytics"): what readers do again and again is not independent.

    Args:
        shown: shape (units,), at least 1 each.
        clicked: shape (units,), at most `shown`.
    """
    total, hits = int(shown.sum()), int(clicked.sum())
    off = clicked - (hits / total if total else 0.0) * shown
    return Rate(total, hits, len(shown), variance_between(off, total))


def wilson(one: Rate) -> tuple[float, float]:
    """The 95 % interval of a share, in [0, 1] and of use where few were clicked.

    Wilson 1927; with the effective number of impressions, their number by the design effect
    (Korn and Graubard 1998), or the number of readers where all were clicked, or none.
    """
    if not one.shown:
        return 0.0, 1.0
    effective = one.effective
    add = Z**2 / effective
    middle = (one.share + add / 2) / (1 + add)
    half = Z / (1 + add) * (one.share * (1 - one.share) / effective + add / effective / 4) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)
