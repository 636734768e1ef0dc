from datetime import timedelta

import numpy as np
import pytest

from recommender.readers.appeal.settings import AppealSettings
from recommender.readers.appeal.strengths import Strengths

DAY = 86_400.0
SETTINGS = AppealSettings(
    level_spread=1.0,
    level_half_life=timedelta(days=2),
    surge_spread=2.0,
    surge_half_life=timedelta(days=1),
)
ONE = np.array([0])


def test_a_new_article_is_at_its_priors() -> None:
    found = Strengths(SETTINGS).of(np.array([7, 0]), 5 * DAY)
    assert found.total.tolist() == [0, 0]
    assert (found.of_level.tolist(), found.of_surge.tolist()) == ([1, 1], [4, 4])
    assert found.shared.tolist() == [0, 0]


def test_one_step_by_hand() -> None:
    strengths = Strengths(SETTINGS)
    strengths.learn(ONE, 0.0, np.array([0.5]), np.array([0.2]))

    # variances 1 and 4: the gain is 1 / (1 + .2 * 5), the surge takes four times the level's part
    found = strengths.of(ONE, 0.0)
    assert found.level == pytest.approx([0.25])
    assert found.surge == pytest.approx([1.0])
    assert found.of_level == pytest.approx([1 - 0.1 * 1])
    assert found.shared == pytest.approx([-0.1 * 4])
    assert found.of_surge == pytest.approx([4 - 0.1 * 16])


def test_what_is_not_seen_for_a_time_is_forgotten_at_its_own_pace() -> None:
    strengths = Strengths(SETTINGS)
    strengths.learn(ONE, 0.0, np.array([0.5]), np.array([0.2]))

    found = strengths.of(ONE, 2 * DAY)
    assert found.level == pytest.approx([0.25 / 2])
    assert found.surge == pytest.approx([1.0 / 4])
    assert found.of_level == pytest.approx([1 + (0.9 - 1) / 4])
    assert found.shared == pytest.approx([-0.4 / 2 / 4])
    assert found.of_surge == pytest.approx([4 + (2.4 - 4) / 16])
    # and asking changes nothing
    assert strengths.of(ONE, 0.0).level == pytest.approx([0.25])


def test_a_late_event_counts_as_of_the_latest() -> None:
    strengths = Strengths(SETTINGS)
    strengths.learn(ONE, 2 * DAY, np.array([0.5]), np.array([0.2]))
    before = strengths.of(ONE, 2 * DAY)
    strengths.learn(ONE, DAY, np.array([0.0]), np.array([0.0]))
    after = strengths.of(ONE, 2 * DAY)
    assert (after.level, after.of_surge) == (before.level, before.of_surge)


def test_others_stay_as_they_are() -> None:
    strengths = Strengths(SETTINGS)
    strengths.learn(np.array([1]), 0.0, np.array([0.5]), np.array([0.2]))
    assert strengths.of(np.array([0, 2]), 0.0).total.tolist() == [0, 0]


def test_much_seen_is_well_known_and_moves_little() -> None:
    strengths = Strengths(SETTINGS)
    steps = []
    for number in range(50):
        before = strengths.of(ONE, 0.0).total[0]
        strengths.learn(ONE, 0.0, np.array([0.3]), np.array([0.2]))
        steps.append(strengths.of(ONE, 0.0).total[0] - before)
        if number:
            assert 0 < steps[-1] < steps[-2]
    spread = strengths.of(ONE, 0.0)
    assert (spread.of_level + 2 * spread.shared + spread.of_surge)[0] < 0.1
