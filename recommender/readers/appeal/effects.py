"""Numbers that many articles share, and that are learned from every list."""

from collections.abc import Sequence

import numpy as np

from recommender.readers.appeal.settings import Prior
from recommender.readers.decay import Floats, Rows


class Effects:
    """Numbered effects, each with a normal prior, learned one by one as they show.

    A step of Newton's for each list, by its own curvature and what is certain already: Bayesian
    logistic regression online, with a diagonal covariance (as in Chapelle and Li 2011, "An
    empirical evaluation of Thompson sampling"). An effect that turns up first begins at its prior.

    Args:
        priors: of the effects 0, 1, ..., over and over.
    """

    def __init__(self, priors: Sequence[Prior]) -> None:
        self._prior_means = np.array([one.mean for one in priors], dtype=np.float64)
        self._prior_variances = np.array([one.spread**2 for one in priors], np.float64)
        self._means: Floats = self._prior_means.copy()
        self._variances: Floats = self._prior_variances.copy()

    def of(self, rows: Rows) -> Floats:
        """The means of these effects."""
        self._grow(rows)
        return self._means[rows]

    def learn(self, rows: Rows, gradient: Floats, curvature: Floats) -> None:
        """Moves the effects of distinct rows; shapes as `rows`, curvatures not negative."""
        self._grow(rows)
        variances = self._variances[rows]
        variances /= 1 + curvature * variances
        self._variances[rows] = variances
        self._means[rows] += variances * gradient

    def _grow(self, rows: Rows) -> None:
        missing = int(rows.max(initial=-1)) + 1 - len(self._means)
        if missing > 0:
            rounds = -(-max(missing, len(self._means)) // len(self._prior_means))
            self._means = np.append(self._means, np.tile(self._prior_means, rounds))
            self._variances = np.append(self._variances, np.tile(self._prior_variances, rounds))
