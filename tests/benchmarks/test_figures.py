import pytest

from benchmarks.figures import Goal, figure, in_turn, ratio


def test_figure_is_over_all_runs_and_keeps_the_median_of_each_round() -> None:
    found = figure("ms", [[1.0, 2.0, 3.0], [4.0, 5.0, 100.0]])
    assert found.runs == 6
    assert found.median == 3.5
    assert found.spread == pytest.approx(4.75 - 2.25)
    assert found.rounds == (2.0, 5.0)
    assert 76 < found.p95 < found.p99 < 100


def test_ratio_is_taken_round_by_round() -> None:
    # the machine was three times slower in the last round, for both
    measured = figure("answers/s", [[50.0], [52.0], [17.0]])
    baseline = figure("answers/s", [[100.0], [100.0], [34.0]])
    assert ratio(measured, baseline) == 0.5


def test_contestants_take_turns_and_get_the_same_runs() -> None:
    calls: list[tuple[str, int]] = []
    one, other = in_turn(
        [lambda number: calls.append(("one", number)), lambda n: calls.append(("other", n))],
        runs=2,
        warm_up=1,
        rounds=2,
    )
    assert calls[:2] == [("one", 0), ("other", 0)]
    # one to warm up again, before each turn
    turns = [calls[at : at + 3] for at in range(2, len(calls), 3)]
    assert turns == [
        [(who, 0), (who, first), (who, first + 1)] for first in (1, 3) for who in ("one", "other")
    ]
    assert one.runs == other.runs == 4


@pytest.mark.parametrize(("came", "reached"), [(0.39, False), (0.4, True), (0.9, True)])
def test_goal_with_a_lower_bound(came: float, reached: bool) -> None:
    assert Goal(name="rate", at_least=0.4, came=came).reached is reached


@pytest.mark.parametrize(("came", "reached"), [(10.0, True), (10.1, False)])
def test_goal_with_an_upper_bound(came: float, reached: bool) -> None:
    assert Goal(name="seconds", at_most=10, came=came).reached is reached
