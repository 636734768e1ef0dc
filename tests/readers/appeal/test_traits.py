import math
from datetime import timedelta

import numpy as np
import pytest

from recommender.readers.appeal.settings import AppealSettings, Prior
from recommender.readers.appeal.traits import Traits

HOUR = 3600.0
HOURS = timedelta(hours=1)
SETTINGS = AppealSettings(
    list_sizes=(3,),
    fresh_half_life=2 * HOURS,
    shown_half_life=HOURS,
    lately_half_life=HOURS / 2,
    read_half_life=HOURS,
    list_size_half_life=1_000_000 * HOURS,
    list_size_prior=2.0,
)
COLUMNS = ("fresh", "shown", "read", "list_size", "in short lists", "in long lists")


def traits_of(traits: Traits, row: int, at: float) -> dict[str, float]:
    values = traits.of(np.array([row]), at)[0]
    return dict(zip(COLUMNS, values.tolist(), strict=True))


def test_by_hand() -> None:
    traits = Traits(SETTINGS)
    traits.show(np.array([0, 1]), 0.0)
    traits.show(np.array([0, 2, 3, 4]), HOUR)
    traits.read(np.array([0, 9]), HOUR)
    traits.read(np.array([0]), 2 * HOUR)

    # lists as the articles see them: (2 + 2 + 4 * 4) / 6 on average
    usual = (2 * 2 + 4 * 4) / 6
    assert traits_of(traits, 0, 2 * HOUR) == pytest.approx(
        {
            "fresh": 1 / 2,
            "shown": math.log1p(1 / 2 + 1 / 4),
            "read": math.log1p(1 + 1 / 2),
            "list_size": math.log((6 / usual + 2) / (2 + 2)),
            "in short lists": math.log1p(1 / 16),
            "in long lists": math.log1p(1 / 4),
        },
        abs=1e-5,
    )


def test_an_article_that_was_never_shown_is_new_and_nothing_else() -> None:
    traits = Traits(SETTINGS)
    nothing = {"fresh": 1, "shown": 0, "read": 0, "list_size": 0}
    nothing |= {"in short lists": 0, "in long lists": 0}
    assert traits_of(traits, 3, 0.0) == nothing
    traits.show(np.array([0, 1]), 0.0)
    assert traits_of(traits, 3, HOUR) == nothing


def test_kinds_of_lists_begin_at_their_sizes_and_each_column_has_a_prior() -> None:
    traits = Traits(AppealSettings(list_sizes=(10, 20), lately=Prior(0.0, 0.3)))
    assert [traits.kind(size) for size in (1, 9, 10, 19, 20, 500)] == [0, 0, 1, 1, 2, 2]
    assert len(traits.priors) == traits.of(np.array([0]), 0.0).shape[1] == 7
    assert [one.spread for one in traits.priors[-3:]] == [0.3, 0.3, 0.3]
