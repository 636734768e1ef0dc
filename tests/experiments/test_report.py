from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

import numpy as np
import pytest
from scipy.stats import chisquare

from recommender.experiments.assignment import INTERLEAVED, Experiment
from recommender.experiments.report import Report, reports
from recommender.experiments.shown import ShownList
from recommender.readers.event import Trial
from tests.experiments.lists import DAY, NOON, listed, of_arm

SETTINGS = {"x": Experiment("x", {"a": 0.4, "b": 0.4})}


def report(
    *lists: ShownList,
    settings: dict[str, Experiment] | None = None,
    names_last: timedelta | None = None,
) -> Report:
    chosen = SETTINGS if settings is None else settings
    (found,) = reports(lists, chosen, names_last=names_last)
    return found


def shown(arm: str, readers: int, clicked: int, days: int = 1) -> Iterator[ShownList]:
    """Each reader once a day, of whom some click on the last one."""
    for day in range(days):
        for reader in range(readers):
            of_last = day == days - 1 and reader < clicked
            yield of_arm(arm, f"{arm}{reader}", clicked=of_last, day=day)


def test_each_arm_is_counted_by_reader() -> None:
    found = report(*shown("b", 10, 4, days=2), *shown("a", 8, 1))
    assert [one.name for one in found.arms] == ["a", "b"]
    first, second = found.arms
    assert (first.readers, first.impressions, first.clicked, first.share) == (8, 8, 1, 0.4)
    assert (second.readers, second.impressions, second.clicked) == (10, 20, 4)
    assert second.rate == pytest.approx(0.2)
    assert second.low < 0.2 < second.high
    (contrast,) = found.contrasts
    assert (contrast.arm, contrast.against) == ("b", "a")
    assert contrast.verdict.difference == pytest.approx(0.2 - 1 / 8)
    assert (found.first, found.last) == (NOON.date(), (NOON + DAY).date())


def test_a_reader_who_clicks_all_the_time_is_one_reader() -> None:
    faithful = [of_arm("a", "one", clicked=True) for _ in range(50)]
    others = [of_arm("a", number, clicked=False) for number in range(50)]
    alone = [of_arm("a", None, clicked=one < 50) for one in range(100)]
    clustered, independent = report(*faithful, *others).arms[0], report(*alone).arms[0]
    assert clustered.rate == independent.rate == 0.5
    assert clustered.design_effect > 10
    assert independent.design_effect == pytest.approx(1, abs=0.02)
    assert clustered.high - clustered.low > 3 * (independent.high - independent.low)
    assert report(*alone).nameless == 100


def test_a_clear_difference_is_decided_on_the_day_it_shows() -> None:
    days = chain.from_iterable(
        of
        for day in range(3)
        for of in (
            [of_arm("a", f"a{day}-{n}", clicked=n < 10, day=day) for n in range(200)],
            [
                of_arm("b", f"b{day}-{n}", clicked=n < (10, 60, 60)[day], day=day)
                for n in range(200)
            ],
        )
    )
    verdict = report(*days).contrasts[0].verdict
    assert verdict.decided == (NOON + DAY).date()
    assert 0 < verdict.low < 0.1667 < verdict.high
    assert verdict.looks == 2  # ten clicks on the first day are too few


@pytest.mark.parametrize(("first", "second", "mismatch"), [(500, 520, False), (500, 700, True)])
def test_readers_who_are_not_dealt_out_by_the_shares_are_told(
    first: int, second: int, mismatch: bool
) -> None:
    balance = report(*shown("a", first, 0), *shown("b", second, 0)).balance
    assert balance.p == pytest.approx(chisquare([first, second]).pvalue)
    assert balance.mismatch == mismatch
    uneven = {"x": Experiment("x", {"a": 0.5, "b": 0.7 / 5 * 5 / 1.4})}
    assert report(*shown("a", 100, 0), *shown("b", 100, 0), settings=uneven).balance.p == 1.0


def test_an_arm_that_nobody_was_shown_is_the_greatest_mismatch() -> None:
    balance = report(*shown("a", 50, 0)).balance
    assert balance.mismatch
    assert balance.p == pytest.approx(chisquare([50, 0]).pvalue)


def weekly(*counts: tuple[int, int]) -> list[ShownList]:
    """So many readers of both arms in each week, under names of that week."""
    return [
        of_arm(arm, f"{week}{arm}{number}", clicked=False, day=7 * week)
        for week, pair in enumerate(counts)
        for arm, count in zip("ab", pair, strict=True)
        for number in range(count)
    ]


def test_people_who_come_back_under_other_names_are_no_mismatch() -> None:
    """520 and 480 of a thousand are nothing; ten times the same people would be."""
    lists = weekly(*[(520, 480)] * 10)
    weeks = report(*lists, names_last=7 * DAY)
    assert weeks.periods == 10
    assert weeks.balance.p == min(1, 10 * chisquare([520, 480]).pvalue) == 1
    ever = report(*lists)
    assert ever.periods == 1
    assert ever.balance.p == pytest.approx(chisquare([5200, 4800]).pvalue)
    assert ever.balance.mismatch


def test_a_mismatch_of_one_period_is_told() -> None:
    balance = report(*weekly((500, 500), (500, 700), (500, 500)), names_last=7 * DAY).balance
    assert balance.p == pytest.approx(3 * chisquare([500, 700]).pvalue)
    assert balance.mismatch


def test_a_few_readers_are_no_mismatch() -> None:
    """One reader, who is in an arm of one hundredth, has a chi-square of 99."""
    rare = {"x": Experiment("x", {"a": 0.99, "b": 0.01})}
    assert report(of_arm("b", "r", clicked=False), settings=rare).balance.p is None
    # nor do they count as a period that was looked at
    found = report(*weekly((500, 560), (3, 0)), names_last=7 * DAY)
    assert found.periods == 2
    assert found.balance.p == pytest.approx(chisquare([500, 560]).pvalue)


def test_a_period_begins_where_the_salt_does() -> None:
    """Both are counted from 1970, a Thursday: the 8th of January 2026 is one too."""
    wednesday, thursday = (of_arm("a", day, clicked=False, day=day) for day in (2, 3))
    assert report(wednesday, names_last=7 * DAY).periods == 1
    assert report(wednesday, thursday, names_last=7 * DAY).periods == 2
    assert report(of_arm("a", None, clicked=False), names_last=7 * DAY).periods == 0


def test_the_first_arm_of_the_settings_is_the_one_compared_with() -> None:
    found = report(*shown("b", 30, 5), *shown("z", 30, 5))
    assert [(one.name, one.impressions) for one in found.arms] == [("a", 0), ("b", 30), ("z", 30)]
    assert (found.arms[0].rate, found.arms[0].low, found.arms[0].high) == (0, 0, 1)
    assert [(one.arm, one.against) for one in found.contrasts] == [("b", "a"), ("z", "a")]
    assert all(one.verdict.looks == 0 for one in found.contrasts)


def test_without_shares_nothing_is_compared_with_them() -> None:
    found = report(*shown("a", 5, 0), *shown("z", 50, 0))
    assert [one.name for one in found.arms] == ["a", "z"]
    assert found.balance.p is None
    assert report(*shown("a", 5, 0), settings={}).balance.p is None


def test_readers_of_both_arms_are_told() -> None:
    both = [of_arm("a", "r", clicked=False), of_arm("b", "r", clicked=False)]
    assert report(*shown("a", 5, 0), *both).balance.crossed == 1


def test_interleaved_lists_are_credited_by_place() -> None:
    def mixed(clicked: str, reader: int) -> ShownList:
        trial = Trial("x", INTERLEAVED, ("b", "a", ""))
        return listed("pqr", clicked, reader=reader, trial=trial)

    found = report(mixed("p", 1), mixed("pq", 2), mixed("r", 3), mixed("p", 4), mixed("q", 4))
    judged = found.interleaved
    assert judged is not None
    assert (judged.first, judged.second) == ("a", "b")
    assert judged.clicks == (2, 3)
    assert judged.wins == (1, 2)
    assert judged.ties == 1
    assert judged.judges == (0, 1)
    assert judged.undecided == 2
    assert found.arms == ()
    assert found.contrasts == ()


def test_only_the_one_that_is_asked_for() -> None:
    lists = [of_arm("a", 1, clicked=False), listed("a", reader=2, trial=Trial("y", "a"))]
    assert [one.name for one in reports(lists, SETTINGS)] == ["x", "y"]
    assert [one.name for one in reports(lists, SETTINGS, "y")] == ["y"]
    assert reports([listed("a")], SETTINGS) == []


def test_an_experiment_without_an_effect_is_seldom_decided() -> None:
    """From lists to verdicts: no arm is better, readers come back, and each day is looked at."""
    rng = np.random.default_rng(7)
    decided = 0
    for _ in range(20):
        taste = rng.beta(2, 10, 300)
        lists = [
            of_arm("ab"[reader % 2], reader, clicked=bool(rng.random() < taste[reader]), day=day)
            for day in range(8)
            for reader in rng.integers(0, 300, 200).tolist()
        ]
        decided += report(*lists).contrasts[0].verdict.decided is not None
    assert decided <= 1
