from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import SettingsError
from recommender.experiments.assignment import INTERLEAVED, Experiment, Experiments, coins

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ARMS = {"a": 0.5, "b": 0.3}
PIPELINES = {"a", "b", "c", INTERLEAVED}
SLOTS = {"related", "popular"}


def experiments(*given: Experiment) -> Experiments:
    return Experiments(given, PIPELINES, SLOTS)


def arms_of(experiment: Experiment, readers: int = 20_000) -> list[str | None]:
    return [experiment.arm_of(f"reader {number}") for number in range(readers)]


def test_readers_are_dealt_out_by_the_shares() -> None:
    counts = Counter(arms_of(Experiment("x", ARMS)))
    for arm, share in ((None, 0.2), ("a", 0.5), ("b", 0.3)):
        assert abs(counts[arm] / 20_000 - share) < 0.012  # four standard errors at least


def test_the_hash_is_the_same_in_every_version_and_process() -> None:
    """Readers must not change arms with a new release: these are written down, not worked out."""
    found = "".join(one or "-" for one in arms_of(Experiment("x", ARMS), 40))
    assert found == "-abbaa-bbbbbabbbabbabbaab-aaaaaa---abab-"
    assert (
        "".join(str(int(one)) for one in coins("x", "r-81", count=24)) == "011000001100101110100000"
    )


@given(st.text(), st.text(min_size=1))
def test_a_reader_stays_and_another_share_moves_only_whom_it_must(reader: str, name: str) -> None:
    before = Experiment(name, {"a": 0.5, "b": 0.2}).arm_of(reader)
    assert Experiment(name, {"a": 0.5, "b": 0.2}).arm_of(reader) == before
    after = Experiment(name, {"a": 0.5, "b": 0.4}).arm_of(reader)
    assert after == before or (before, after) == (None, "b")


def test_experiments_and_salts_deal_out_independently() -> None:
    halves = {"a": 0.5, "b": 0.5}
    plain, other, salted = (
        arms_of(Experiment(*names))
        for names in (("x", halves), ("y", halves), ("x", halves, "related", "again"))
    )
    for one in (other, salted):
        same = sum(left == right for left, right in zip(plain, one, strict=True))
        assert abs(same / len(plain) - 0.5) < 0.015


def test_three_thirds_are_everybody() -> None:
    third = 1 / 3
    arms = arms_of(Experiment("x", {"a": third, "b": third, "c": third}))
    assert None not in arms
    assert Experiment("x", {"a": 0.9, "b": 0.1})._limits[-1][0] == 2**64


def test_it_is_on_from_its_beginning_to_before_its_end() -> None:
    one = Experiment("x", {"a": 0.5, "b": 0.5}, starts=NOON, ends=NOON + DAY)
    found = experiments(one)
    for at, on in ((NOON - DAY, False), (NOON, True), (NOON + DAY, False)):
        assert (found.assigned("r", ("related",), at) is not None) == on


def test_who_takes_part_depends_on_the_slot_and_the_reader() -> None:
    mixed = Experiment("mixed", {"a": 0.5, "b": 0.5}, slot="popular", interleave=True)
    found = experiments(Experiment("x", {"a": 0.01, "b": 0.01}), mixed)
    assert found.assigned("", ("popular",), NOON) is None
    # the first slot that an experiment is about decides, also where the reader takes no part
    assert found.assigned("r", ("related", "popular"), NOON) is None
    alone = found.assigned("r", ("story", "popular"), NOON)
    assert alone is not None
    assert (alone.experiment.name, alone.arm) == ("mixed", INTERLEAVED)
    assert found.assigned("r", ("popular",), NOON, alone=False) is None


def test_one_after_the_other_may_be_about_the_same_slot() -> None:
    first = Experiment("x", ARMS, ends=NOON)
    found = experiments(first, Experiment("y", ARMS, starts=NOON))
    assert list(found.by_name) == ["x", "y"]


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        (
            [{"arms": {"a": 0.5, "d": 0.5}}],
            r"x.arms: there is no pipeline 'd'.*a, b, c",
        ),
        (
            [{"arms": {"a": 0.5, INTERLEAVED: 0.5}}],
            r"x.arms: a pipeline named 'interleaved' cannot be an arm.*another name",
        ),
        ([{"arms": {"a": 0.8, "b": 0.3}}], r"at most 1 together, got 1.1"),
        ([{"arms": {"a": 0.8}}], r"two pipelines or more, got a\."),
        ([{"arms": {}}], r"two pipelines or more, got none"),
        (
            [{"arms": {"a": 0.1, "b": 0.1, "c": 0.1}, "interleave": True}],
            r"exactly two pipelines, got a, b, c",
        ),
        ([{"arms": ARMS, "slot": "footer"}], r"no slot 'footer'.*popular, related"),
        ([{"arms": ARMS, "starts": NOON, "ends": NOON}], r"expected ends after starts"),
        ([{"arms": ARMS, "ends": NOON}, {"arms": ARMS}], r"x and experiments.y .* same time"),
        (
            [{"arms": ARMS, "starts": NOON}, {"arms": ARMS, "ends": NOON + DAY}],
            r"x and experiments.y .* same time",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_told(given_: list[dict[str, Any]], told: str) -> None:
    made = [Experiment(name, **one) for name, one in zip("xy", given_, strict=False)]
    with pytest.raises(SettingsError, match=told):
        experiments(*made)


def test_coins_are_fair_and_begin_the_same_whatever_their_number() -> None:
    many = coins("x", "r", "page", "2026-01-05", count=20_000)
    assert len(many) == 20_000
    assert abs(sum(many) / len(many) - 0.5) < 0.015
    assert coins("x", "r", "page", "2026-01-05", count=700) == many[:700]
    assert coins("x", "rpage", "", "2026-01-05", count=700) != many[:700]
