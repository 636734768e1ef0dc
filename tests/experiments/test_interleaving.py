from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.experiments.interleaving import Pick, preference, team_draft

LISTS = st.lists(st.integers(0, 12), unique=True, max_size=8)
COINS = st.lists(st.booleans(), min_size=6, max_size=6)


def drafted(first: list[int], second: list[int], coins: list[bool], most: int = 12) -> list[int]:
    lists = (first, second)
    return [lists[one.team][one.index] for one in team_draft(first, second, coins, most)]


def test_a_draft_of_two_lists_that_share_b_and_c() -> None:
    """The coins say second, first, first; at the end the first has nothing left."""
    first, second = list("abcg"), list("befc")
    found = team_draft(first, second, [False, True, True], 6)
    assert [(("ab"[one.team]), "".join((first, second)[one.team])[one.index]) for one in found] == [
        ("b", "b"), ("a", "a"), ("a", "c"), ("b", "e"), ("a", "g"), ("b", "f"),
    ]  # fmt: skip
    assert [one.counts for one in found] == [True] * 5 + [False]


@given(LISTS, LISTS, COINS, st.integers(1, 12))
def test_it_is_a_list_of_both(
    first: list[int], second: list[int], coins: list[bool], most: int
) -> None:
    picks = team_draft(first, second, coins, most)
    found = drafted(first, second, coins, most)
    assert len(set(found)) == len(found) == min(most, len({*first, *second}))
    # each team picks in its own order, and never more than one ahead of the other
    for team, items in enumerate((first, second)):
        own = [one.index for one in picks if one.team == team]
        assert own == sorted(own)
        for place, pick in enumerate(picks):
            if pick.team == team:  # everything better of its own stands there already
                assert set(items[: pick.index]) <= set(found[:place])
    sizes = [0, 0]
    for one in picks:
        if not one.counts:
            break
        sizes[one.team] += 1
        assert abs(sizes[0] - sizes[1]) <= 1


@given(LISTS, LISTS, COINS, st.integers(1, 12), st.integers(0, 12))
def test_a_longer_list_begins_as_a_shorter_one(
    first: list[int], second: list[int], coins: list[bool], most: int, more: int
) -> None:
    longer = team_draft(first, second, coins, min(12, most + more))
    assert longer[:most] == team_draft(first, second, coins, most)


@given(LISTS, LISTS, COINS, st.integers(1, 12))
def test_neither_list_has_an_advantage(
    first: list[int], second: list[int], coins: list[bool], most: int
) -> None:
    """With the lists and the coins exchanged, the same articles stand at the same places."""
    other = [not one for one in coins]
    mirrored = [
        Pick(0 if one.team else 1, one.index, one.counts)
        for one in team_draft(second, first, other, most)
    ]
    assert mirrored == team_draft(first, second, coins, most)


@given(LISTS, st.integers(1, 8), st.lists(st.integers(0, 5), min_size=8, max_size=8))
def test_of_equal_lists_each_place_is_of_either_team_as_often(
    items: list[int], most: int, clicks: list[int]
) -> None:
    """Over all coins, whatever is clicked is credited to both alike."""
    credit: Counter[int] = Counter()
    for coins in product((False, True), repeat=-(-most // 2)):
        for place, one in enumerate(team_draft(items, items, coins, most)):
            assert one.counts
            credit[one.team] += clicks[place]
    assert credit[0] == credit[1]


def test_what_only_one_has_left_says_nothing() -> None:
    picks = team_draft([1, 2, 3, 4], [1], [True, True], 4)
    assert [one.counts for one in picks] == [True, False, False, False]


def test_wins_are_counted_by_list_and_tested_by_reader() -> None:
    credit = np.array([[1, 0], [2, 1], [0, 1], [1, 1], [0, 0], [0, 2]])
    reader = np.array([0, 0, 1, 2, 3, 0])
    found = preference(("a", "b"), credit, reader)
    assert (found.impressions, found.clicks) == (6, (4, 5))
    assert (found.wins, found.ties) == ((2, 2), 1)
    assert found.judges == (1, 1)  # reader 0 prefers a by two lists to one
    assert found.undecided == 1  # reader 2; reader 3 clicked nothing
    assert found.preference == pytest.approx(0.0)
    assert found.p == 1.0


def test_the_sign_test_is_exact() -> None:
    """Nine of ten: 2 * (1 + 10) / 2**10."""
    credit = np.array([[1, 0]] * 9 + [[0, 1]])
    assert preference(("a", "b"), credit, np.arange(10)).p == pytest.approx(22 / 1024)
    nothing = preference(("a", "b"), np.zeros((3, 2), dtype=np.int64), np.arange(3))
    assert (nothing.p, nothing.preference) == (1.0, None)
