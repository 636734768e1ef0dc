import numpy as np
import pytest

from recommender.readers.appeal.effects import Effects
from recommender.readers.appeal.settings import Prior


def test_priors_recur_and_steps_shrink_as_certainty_grows() -> None:
    effects = Effects([Prior(0.5, 1.0), Prior(-1.0, 0.0)])
    assert effects.of(np.array([0, 1, 2, 5])).tolist() == [0.5, -1, 0.5, -1]

    rows = np.array([1, 2])
    effects.learn(rows, np.array([9.0, 0.6]), np.array([1.0, 0.5]))
    # a variance of 1 becomes 1 / 1.5, then 1 / 2; a spread of 0 stays where it is
    assert effects.of(rows) == pytest.approx([-1, 0.5 + 0.6 / 1.5])
    effects.learn(rows, np.array([9.0, 0.6]), np.array([1.0, 0.5]))
    assert effects.of(rows) == pytest.approx([-1, 0.5 + 0.6 / 1.5 + 0.6 / 2])
    # one that turns up later begins where they all did
    assert effects.of(np.array([0, 64])).tolist() == [0.5, 0.5]
