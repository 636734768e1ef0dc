"""Clicks of a real log, foreseen; skipped where that data is not at hand."""

from datetime import UTC, date, datetime
from functools import cache

import numpy as np

from recommender.evaluation.impressions import read_impressions
from recommender.evaluation.rankers import ByAppeal, baselines
from recommender.evaluation.replay import Ranked, Replay, replay
from recommender.readers.appeal.model import Appeal
from tests.real_data import DATA, needs_real_data

LOG = DATA / "mind" / "impressions.jsonl.gz"
LAST_DAY = datetime(2019, 11, 12, tzinfo=UTC)

pytestmark = needs_real_data


@cache
def _replayed(since: datetime | None) -> Replay:
    return replay(
        read_impressions(LOG),
        (ByAppeal(Appeal()), *baselines()),
        since=since,
        rng=np.random.default_rng(0),
    )


def _ranker(name: str, since: datetime | None = LAST_DAY) -> Ranked:
    return next(one for one in _replayed(since).rankers if one.name == name)


def test_the_clicks_of_the_last_day_are_foreseen() -> None:
    found = _replayed(LAST_DAY)
    assert (found.impressions, found.judged, found.articles) == (3058, 1020, 4873)
    assert _ranker("appeal").metrics["AUC"].mean >= 0.62
    assert _ranker("random").metrics["AUC"].mean == 0.5


def test_the_model_leads_over_all_days_beyond_chance() -> None:
    for name, least in (("random", 0.12), ("decayed clicks", 0.04), ("click rate", 0.01)):
        lead = _ranker(name, None).lead
        assert lead is not None
        assert lead["AUC"].mean >= least
        assert all(one.low > 0 for one in lead.values())


def test_the_days_that_it_was_chosen_on() -> None:
    days = {one.day: one.metrics["AUC"] for one in _ranker("appeal", None).days}
    assert list(days) == [date(2019, 11, day) for day in (9, 10, 11, 12)]
    # the first one begins with nothing known
    assert days[date(2019, 11, 9)] > 0.62
    assert min(days[date(2019, 11, 10)], days[date(2019, 11, 11)]) > 0.67
