"""What may order the articles of a logged list: the product's model, and what it must beat."""

from datetime import timedelta
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from recommender.evaluation.impressions import LoggedImpression
from recommender.readers.appeal.model import Appeal
from recommender.readers.click_rate import PRIOR_SHOWN, shrunk
from recommender.readers.decay import DecayedCounts, Floats, Rows

BASELINE_HALF_LIFE = timedelta(days=1)
"""Of the baselines; what was clicked yesterday at this time counts half."""


class Ranker(Protocol):
    """Scores the articles of a list before it is told what was clicked."""

    name: str
    kind: Literal["model", "baseline"]

    def scores(self, impression: LoggedImpression, rows: Rows) -> npt.NDArray[np.float64]:
        """Higher is likelier to be clicked; shape (n,). `impression.clicked` is not looked at.

        Args:
            impression: of n articles.
            rows: shape (n,): a number for each, the same in every list.
        """
        ...

    def learn(self, impression: LoggedImpression, rows: Rows) -> None:
        """Takes note of the list and its clicks."""
        ...


class ByAppeal:
    """The product's own model of clicks."""

    name = "appeal"
    kind: Literal["model", "baseline"] = "model"

    def __init__(self, model: Appeal) -> None:
        self._model = model

    def scores(self, impression: LoggedImpression, rows: Rows) -> Floats:
        """As `Appeal.scores`."""
        return self._model.scores(impression.shown, impression.at, list_size=len(rows))

    def learn(self, impression: LoggedImpression, rows: Rows) -> None:  # noqa: ARG002 - it has numbers of its own
        """What this reader had read before is known as soon as the reader is."""
        model, at = self._model, impression.at
        model.click(impression.shown, impression.clicked, at, places=impression.places)
        model.show(impression.shown, at)
        model.read(impression.read, at)


class ByChance:
    """Every order is as likely as another."""

    name = "random"
    kind: Literal["model", "baseline"] = "baseline"

    def scores(self, impression: LoggedImpression, rows: Rows) -> Floats:  # noqa: ARG002 - all alike
        """The same for all; metrics take ties for what they come to on average."""
        return np.zeros(len(rows))

    def learn(self, impression: LoggedImpression, rows: Rows) -> None:
        """Nothing is to be learned."""


class ByClicks:
    """What was clicked most of late."""

    name = "decayed clicks"
    kind: Literal["model", "baseline"] = "baseline"

    def __init__(self, half_life: timedelta = BASELINE_HALF_LIFE) -> None:
        self._clicks = DecayedCounts(half_life)

    def scores(self, impression: LoggedImpression, rows: Rows) -> Floats:
        """Clicks, each half after the half-life."""
        return self._clicks.of(rows, impression.at.timestamp())

    def learn(self, impression: LoggedImpression, rows: Rows) -> None:
        """Counts the clicks."""
        self._clicks.add(rows, impression.at.timestamp(), _marks(impression).astype(np.float64))


class ByClickRate:
    """What was clicked most often of late where it was shown, drawn towards the site's rate."""

    name = "click rate"
    kind: Literal["model", "baseline"] = "baseline"

    def __init__(
        self, half_life: timedelta = BASELINE_HALF_LIFE, strength: float = PRIOR_SHOWN
    ) -> None:
        self._clicks, self._shown = DecayedCounts(half_life), DecayedCounts(half_life)
        self._strength = strength
        self._all_clicks = self._all_shown = 0

    def scores(self, impression: LoggedImpression, rows: Rows) -> Floats:
        """The rate with a prior of `strength` impressions of the site's own rate so far."""
        at = impression.at.timestamp()
        site = self._all_clicks / self._all_shown if self._all_shown else 0.0
        return shrunk(self._clicks.of(rows, at), self._shown.of(rows, at), site, self._strength)

    def learn(self, impression: LoggedImpression, rows: Rows) -> None:
        """Counts what was shown and what was clicked."""
        at = impression.at.timestamp()
        self._clicks.add(rows, at, _marks(impression).astype(np.float64))
        self._shown.add(rows, at)
        self._all_clicks += len(impression.clicked)
        self._all_shown += len(rows)


def baselines() -> tuple[Ranker, ...]:
    """Each new, of those that every replay has."""
    return (ByChance(), ByClicks(), ByClickRate())


def _marks(impression: LoggedImpression) -> npt.NDArray[np.bool_]:
    clicked = set(impression.clicked)
    return np.fromiter((one in clicked for one in impression.shown), np.bool_)
