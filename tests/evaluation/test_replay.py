from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from recommender.errors import InputError
from recommender.evaluation.click_metrics import NAMES
from recommender.evaluation.impressions import LoggedImpression
from recommender.evaluation.rankers import (
    ByAppeal,
    ByChance,
    ByClickRate,
    ByClicks,
    Ranker,
    baselines,
)
from recommender.evaluation.replay import Replay, replay
from recommender.readers.appeal.model import Appeal
from recommender.readers.decay import Floats, Rows

MIDNIGHT = datetime(2024, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seen(hours: float, shown: str, clicked: str = "", read: str = "") -> LoggedImpression:
    at = MIDNIGHT + hours * HOUR
    return LoggedImpression(at, *_ids(shown, clicked, read), None)


def _ids(*texts: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    shown, clicked, read = (tuple(one.split()) for one in texts)
    return shown, clicked, read


def run(
    log: list[LoggedImpression], *rankers: Ranker, since: datetime | None = None, seed: int = 0
) -> Replay:
    return replay(log, rankers, since=since, rng=np.random.default_rng(seed))


class Watching(ByChance):
    """Says what it was told, and in which order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def scores(self, impression: LoggedImpression, rows: Rows) -> Floats:
        self.told.append(f"scores {impression.shown[0]}")
        return super().scores(impression, rows)

    def learn(self, impression: LoggedImpression, rows: Rows) -> None:
        self.told.append(f"learn {impression.shown[0]} {rows.tolist()}")


def test_each_list_is_judged_before_it_is_learned_from() -> None:
    watching = Watching()
    log = [seen(0, "a b", "a"), seen(1, "c a", ""), seen(2, "b c", "c")]
    run(log, watching)
    assert watching.told == [
        "scores a",
        "learn a [0, 1]",
        "learn c [2, 0]",
        "scores b",
        "learn b [1, 2]",
    ]


def test_what_comes_before_is_learned_from_and_not_judged() -> None:
    watching = Watching()
    log = [seen(0, "a b", "a"), seen(25, "b a", "a"), seen(26, "a b", "a b")]
    found = run(log, watching, since=MIDNIGHT + 25 * HOUR)
    assert watching.told == ["learn a [0, 1]", "scores b", "learn b [1, 0]", "learn a [0, 1]"]
    assert (found.impressions, found.judged, found.undecided, found.clicks) == (3, 1, 1, 4)
    assert (found.articles, found.hours) == (2, 1)
    assert (found.first, found.last) == (MIDNIGHT, MIDNIGHT + 26 * HOUR)


def test_means_days_and_leads_by_hand() -> None:
    log = [
        seen(0, "a b", "a"),  # nothing is known: 1/2
        seen(1, "a b", "a"),  # 1
        seen(2, "b a", "b"),  # 0
        seen(30, "c b a", "a"),  # a has two clicks, b one, c none: 1
    ]
    found = run(log, ByClicks(), ByChance())
    clicks, chance = found.rankers

    assert clicks.metrics["AUC"].mean == pytest.approx(2.5 / 4)
    assert [(one.day, one.judged) for one in clicks.days] == [
        (date(2024, 5, 1), 3),
        (date(2024, 5, 2), 1),
    ]
    assert [one.metrics["AUC"] for one in clicks.days] == pytest.approx([0.5, 1])
    assert chance.metrics["AUC"].mean == chance.metrics["AUC"].low == 0.5
    assert clicks.lead is None
    assert chance.lead is not None
    assert chance.lead["AUC"].mean == pytest.approx(2.5 / 4 - 0.5)
    # chance puts one of three at 1, 1/2 and 1/3 alike, and one of two at 1 and 1/2
    assert chance.metrics["MRR"].mean == pytest.approx((3 * 3 / 4 + 11 / 18) / 4)
    assert found.metric_names == NAMES == tuple(clicks.metrics)


def test_baselines_score_as_they_say() -> None:
    log = [
        seen(0, "a b", "a"),
        *(seen(0, "a b", "b") for _ in range(2)),
        *(seen(0, "b x", "x") for _ in range(30)),
    ]
    clicks, rate = ByClicks(), ByClickRate()
    run(log, clicks, rate)
    rows = np.array([0, 1])
    asked = seen(24, "a b")
    assert clicks.scores(asked, rows) == pytest.approx([1 / 2, 2 / 2])
    # half of what was counted, and 20 impressions of the site's 33 of 66
    expected = [(1 / 2 + 10) / (3 / 2 + 20), (2 / 2 + 10) / (33 / 2 + 20)]
    assert rate.scores(asked, rows) == pytest.approx(expected)
    assert [one.kind for one in baselines()] == ["baseline"] * 3


def made_up() -> Iterator[LoggedImpression]:
    """Two days of lists of five; each article has a strength that the third hour turns round."""
    rng = np.random.default_rng(8)
    strengths = rng.normal(0, 1, 60)
    for minute in range(0, 48 * 60, 3):
        if minute % 180 == 0:
            strengths = rng.normal(0, 1, 60)
        shown = rng.choice(60, 5, replace=False)
        weights = np.exp(strengths[shown])
        clicked = shown[rng.choice(5, p=weights / weights.sum())]
        yield seen(minute / 60, " ".join(map(str, shown)), str(clicked))


def test_the_model_leads_where_things_change_by_the_hour() -> None:
    found = run(list(made_up()), ByAppeal(Appeal()), *baselines())
    appeal, chance, clicks, rate = found.rankers
    assert (appeal.name, appeal.kind) == ("appeal", "model")
    assert chance.metrics["AUC"].mean == 0.5
    assert appeal.metrics["AUC"].mean > 0.55
    for other in (chance, clicks, rate):
        assert other.lead is not None
        assert other.lead["AUC"].low > 0
        estimate = other.metrics["AUC"]
        assert other is chance or estimate.low < estimate.mean < estimate.high


def test_intervals_are_those_of_hours_that_stand_or_fall_together() -> None:
    # forty lists an hour, all right or all wrong: as few as the hours they are of
    log = []
    for hour in range(60):
        clicked = "a" if hour % 2 else "b"
        log += [seen(hour, "a b", "a")] + [seen(hour + 0.5, "a b", clicked) for _ in range(40)]

    class Always(ByChance):
        def scores(self, impression: LoggedImpression, rows: Rows) -> Floats:
            return super().scores(impression, rows) + [one == "a" for one in impression.shown]

    (always,) = run(log, Always()).rankers
    auc = always.metrics["AUC"]
    # half of the hours: a standard error of 1/2 / sqrt(60), not of 1/2 / sqrt(2460)
    assert auc.high - auc.low == pytest.approx(2 * 1.96 * 0.49 / 60**0.5, rel=0.1)


def test_the_same_log_gives_the_same_report() -> None:
    log = list(made_up())[:200]
    reports = [run(log, ByAppeal(Appeal()), *baselines(), seed=one) for one in (1, 1, 2)]
    assert reports[0] == reports[1]
    assert reports[0] != reports[2]


def test_what_cannot_be_judged_is_told() -> None:
    log = [seen(0, "a b", "a b"), seen(1, "a b", "")]
    with pytest.raises(InputError, match="in none of the 2 lists to judge"):
        run(log, ByChance())
    with pytest.raises(
        InputError, match=r"nothing is left to judge from 2024-05-03.*Judge earlier"
    ):
        run(log, ByChance(), since=MIDNIGHT + 48 * HOUR)
    with pytest.raises(InputError, match="no list in the log"):
        run([], ByChance())
