"""What a click says of an article and of those that were shown beside it and not clicked."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.readers.decay import Floats


@dataclass(frozen=True, slots=True)
class Duels:
    """Each clicked article of a list against each that was not clicked: k by n - k of them.

    Attributes:
        clicked: shape (n,): which were.
        gradient: shape (n,): how far each score falls short; adds up to 0.
        certainty: shape (k, n - k): how much each duel tells of the difference of two scores.
    """

    clicked: npt.NDArray[np.bool_]
    gradient: Floats
    certainty: Floats

    def curvature(self) -> Floats:
        """How much the duels tell of each score by itself; shape (n,), not negative."""
        found = np.zeros(len(self.clicked))
        found[self.clicked] = self.certainty.sum(axis=1)
        found[~self.clicked] = self.certainty.sum(axis=0)
        return found

    def of_traits(self, traits: Floats) -> tuple[Floats, Floats]:
        """Gradient and curvature of weights that count traits (n, m) into the scores; (m,) each."""
        winners, losers = traits[self.clicked], traits[~self.clicked]
        # the sum of certainty * (winner - loser) ** 2, without a row for each duel
        squares = self.curvature() @ traits**2
        products = np.einsum("im,ij,jm->m", winners, self.certainty, losers, optimize=True)
        return self.gradient @ traits, np.maximum(squares - 2 * products, 0.0)


def duels(scores: Floats, clicked: npt.NDArray[np.bool_], worth: float) -> Duels:
    """The duels of a list, by Bradley and Terry 1952: i is preferred to j with 1 / (1 + e^(j - i)).

    All duels of one click together count as `worth`, however long the list is: the mean over
    them is what the area under the ROC curve is a step function of (Rendle et al. 2009, "BPR").

    Args:
        scores: shape (n,).
        clicked: shape (n,); some, but not all.
        worth: more than 0.
    """
    wins, losses = scores[clicked], scores[~clicked]
    surprise = 1 / (1 + np.exp(np.clip(wins[:, None] - losses[None, :], -60, 60)))
    each = worth / len(losses)
    gradient = np.empty(len(scores))
    gradient[clicked] = each * surprise.sum(axis=1)
    gradient[~clicked] = -each * surprise.sum(axis=0)
    return Duels(clicked, gradient, each * surprise * (1 - surprise))
