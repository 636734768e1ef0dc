"""How strongly each article draws clicks: what lasts for days, and what is a matter of hours."""

from dataclasses import dataclass

import numpy as np

from recommender.readers.appeal.settings import AppealSettings
from recommender.readers.decay import Floats, Rows, grown, seconds

_LEVEL, _SURGE, _AT = range(3)
_OF_LEVEL, _SHARED, _OF_SURGE = range(3)


@dataclass(frozen=True, slots=True)
class Strength:
    """What is held of n articles at a moment; shape (n,) each.

    Attributes:
        level: mean of what lasts.
        surge: mean of what is of the hour: the trend.
        of_level: variance of the level.
        shared: covariance of the two.
        of_surge: variance of the surge.
    """

    level: Floats
    surge: Floats
    of_level: Floats
    shared: Floats
    of_surge: Floats

    @property
    def total(self) -> Floats:
        """Level and surge together."""
        return self.level + self.surge


class Strengths:
    """For each numbered article two numbers that wander, and how sure they are.

    Level and surge are Ornstein-Uhlenbeck processes about 0, with half-lives of their own; each
    list is one step of an extended Kalman filter for every article in it by itself (Fahrmeir 1992,
    "Posterior mode estimation by extended Kalman filtering"). What is seen often is known well and
    moves little; what was not seen for long is forgotten. O(1) for an article and an event.
    """

    def __init__(self, settings: AppealSettings) -> None:
        self._half_lives = (seconds(settings.level_half_life), seconds(settings.surge_half_life))
        self._priors = (settings.level_spread**2, settings.surge_spread**2)
        self._means: Floats = np.empty((0, 3))
        self._covariances: Floats = np.empty((0, 3))

    def of(self, rows: Rows, at: float) -> Strength:
        """What is held of these articles `at` seconds since 1970; at their latest, where before."""
        self._grow(rows)
        means, covariances = self._means[rows], self._covariances[rows]
        away = np.maximum(at - means[:, _AT], 0.0)
        slow, fast = (np.exp2(-away / half_life) for half_life in self._half_lives)
        level, surge = self._priors
        return Strength(
            slow * means[:, _LEVEL],
            fast * means[:, _SURGE],
            level + slow**2 * (covariances[:, _OF_LEVEL] - level),
            slow * fast * covariances[:, _SHARED],
            surge + fast**2 * (covariances[:, _OF_SURGE] - surge),
        )

    def learn(self, rows: Rows, at: float, gradient: Floats, curvature: Floats) -> None:
        """One step for distinct articles.

        Args:
            rows: n of them.
            at: seconds since 1970.
            gradient: shape (n,): how far each total falls short.
            curvature: shape (n,), not negative: how much that tells.
        """
        now = self.of(rows, at)
        on_level, on_surge = now.of_level + now.shared, now.shared + now.of_surge
        gain = 1 / (1 + curvature * (on_level + on_surge))
        told = curvature * gain
        latest = np.maximum(at, self._means[rows, _AT])
        self._means[rows] = np.stack(
            [
                now.level + on_level * gain * gradient,
                now.surge + on_surge * gain * gradient,
                latest,
            ],
            axis=1,
        )
        self._covariances[rows] = np.stack(
            [
                now.of_level - told * on_level**2,
                now.shared - told * on_level * on_surge,
                now.of_surge - told * on_surge**2,
            ],
            axis=1,
        )

    def _grow(self, rows: Rows) -> None:
        before, count = len(self._means), int(rows.max(initial=-1)) + 1
        self._means = grown(self._means, count, 0.0)
        self._covariances = grown(self._covariances, count, 0.0)
        self._covariances[before:, _OF_LEVEL], self._covariances[before:, _OF_SURGE] = self._priors
        self._means[before:, _AT] = -np.inf
