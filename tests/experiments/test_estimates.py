from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import InputError
from recommender.experiments.estimates import OfflineEstimate, estimate
from recommender.experiments.examination import examination
from recommender.experiments.shown import ShownList
from tests.experiments.lists import listed

LOOKED = np.array([1.0, 0.5, 0.25])


def estimated(
    lists: Sequence[ShownList], *ranked: str, clip: float = 100, looked: object = LOOKED
) -> OfflineEstimate:
    return estimate(lists, ranked, np.asarray(looked, dtype=np.float64), clip=clip)


def test_two_lists_worked_out_by_hand() -> None:
    """Clicks on b at place 2 and on c at place 3; the pipeline shows b, a on both pages.

    e = 1, 1/2, 1/4. In the first list b comes up from place 2: 1 / (1/2 * 0.5) = 4 with a click,
    and a goes down from place 1: 1/2 / (1 * 1) = 0.5 without one. In the second b stands at place
    1 without a click: 1 / (1 * 0.5) = 2, a at place 2 without one: 1/2 / (1/2 * 0.25) = 4; c is
    not shown. IPS (4 + 0) / 2. What the weights make of e: 4 * 1/2 + 0.5 * 1 and 2 * 1 + 4 * 1/2,
    so 6.5 together, where 1.5 + 1.5 is the pipeline's own: 4 / 6.5 * 1.5.
    """
    lists = [
        listed("abc", "b", propensities=(1, 0.5, 1)),
        listed("bac", "c", propensities=(0.5, 0.25, 1)),
    ]
    found = estimated(lists, "ba", "ba")
    assert found.logged.value == 1
    assert found.weighted.value == pytest.approx(2)
    # 4 and 0 around 2: 8 / (2 - 1) / 2
    assert found.weighted.variance == pytest.approx(4)
    assert found.normalised is not None
    share = 4 / 6.5
    assert found.normalised.value == pytest.approx(share * 1.5)
    # each list adds 1.5 * (4 - share * 2.5) / 3.25 and the opposite of it
    assert found.normalised.variance == pytest.approx((1.5 * (4 - share * 2.5) / 3.25) ** 2)
    assert found.lead is not None
    assert found.lead.value == pytest.approx(share * 1.5 - 1)
    assert found.covered == 1
    assert found.effective == pytest.approx(10.5**2 / (16 + 0.25 + 4 + 16))
    half = 1.959964 * 2
    assert (found.weighted.low, found.weighted.high) == pytest.approx((2 - half, 2 + half))


def test_weights_above_the_clip_are_cut_to_it() -> None:
    lists = [listed("abc", "c", propensities=(1, 1, 0.1)), listed("abc", propensities=(1, 1, 1))]
    found = estimated(lists, "c", "c", clip=10)
    assert found.weighted.value == pytest.approx(10 / 2)  # not 1 / (0.25 * 0.1) = 40
    assert found.clipped == 1
    assert estimated(lists, "c", "c").weighted.value == pytest.approx(40 / 2)


def test_without_propensities_those_of_the_page_are_counted() -> None:
    """Article b is in one of four lists of its page, and in each list of the other page."""
    lists = [listed("ab", "b"), *[listed("ac")] * 3, listed("ab", "b", page="other")]
    found = estimated(lists, "xb", "xb", "xb", "xb", "xb")
    assert found.weighted.value == pytest.approx((1 / 0.25 + 1) / 5)
    assert found.covered == pytest.approx(0.5 / 1.5)
    # x is taken for as good as b, of which every look was a click
    assert found.normalised is not None
    assert found.normalised.value == pytest.approx((4 + 1) / (4 * 0.5 + 0.5) * 1.5)


def test_lists_of_different_length_add_to_the_variance() -> None:
    """A list of one place with a click and one of three with none: e adds up to 1 and 1.75.

    What the weights make of e is the same, so a share of 1 / 2.75 of 1.375 places is 0.5. The
    first adds 0.5 + 1.375 * (1 - 1 / 2.75) / 1.375 + (1 - 1.375) / 2.75 = 1, the second 0.
    """
    lists = [listed("a", "a"), listed("abc", page="other")]
    found = estimated(lists, "a", "abc").normalised
    assert found is not None
    assert found.value == pytest.approx(0.5)
    assert found.variance == pytest.approx(0.25)


def test_lists_of_one_reader_are_one() -> None:
    apart = [listed("ab", "a" if number < 5 else "") for number in range(10)]
    together = [listed("ab", "a" if number < 5 else "", reader=number // 5) for number in range(10)]
    ranked = ["ab"] * 10
    independent, clustered = estimated(apart, *ranked), estimated(together, *ranked)
    assert independent.weighted.value == clustered.weighted.value == pytest.approx(0.5)
    # 2.5 more and 2.5 less than expected, of two: 12.5 * 2 / 1 / 100
    assert clustered.weighted.variance == pytest.approx(0.25)
    assert independent.weighted.variance == pytest.approx(2.5 * 10 / 9 / 100)


@given(
    st.lists(
        st.tuples(st.permutations("abc"), st.sets(st.sampled_from("abc"))), min_size=2, max_size=8
    )
)
def test_the_policy_that_was_logged_is_estimated_as_it_was(
    shown: list[tuple[list[str], set[str]]],
) -> None:
    lists = [
        listed("".join(order), "".join(sorted(clicked)), page=str(page), propensities=(1, 1, 1))
        for page, (order, clicked) in enumerate(shown)
    ]
    found = estimated(lists, *("".join(order) for order, _ in shown))
    assert found.weighted == found.logged
    assert found.normalised is not None
    assert found.normalised.value == pytest.approx(found.logged.value)
    assert found.lead is not None
    assert found.lead.value == pytest.approx(0, abs=1e-12)


def test_nothing_that_the_pipeline_shows_was_shown() -> None:
    found = estimated([listed("ab", "a"), listed("ab")], "xy", "xy")
    assert (found.weighted.value, found.normalised, found.lead) == (0, None, None)
    assert (found.covered, found.effective) == (0, 0)
    assert estimated([listed("ab"), listed("ab")], "", "").covered == 0


def test_what_cannot_be_estimated_is_told() -> None:
    with pytest.raises(InputError, match="got none"):
        estimated([])
    with pytest.raises(InputError, match="Expected 4 numbers of --examined, got 3"):
        estimated([listed("abcd")], "a")


def _clicked(
    rng: np.random.Generator, attraction: dict[str, float], order: list[str], looked: list[float]
) -> ShownList:
    hits = [
        one
        for one, look in zip(order, looked, strict=True)
        if rng.random() < attraction[one] * look
    ]
    return listed("".join(order), "".join(hits))


ATTRACTION = {"a": 0.6, "b": 0.4, "c": 0.2, "d": 0.1}
TRUE = [1.0, 0.6, 0.3]


def test_the_estimate_is_right_on_average_and_its_interval_covers() -> None:
    """Lists in random order, of which the true value of another pipeline is known."""
    rng = np.random.default_rng(3)
    truth = sum(ATTRACTION[one] * look for one, look in zip("dba", TRUE, strict=True))
    found = []
    for _ in range(60):
        orders = [rng.permutation(list("abcd"))[:3].tolist() for _ in range(400)]
        lists = [_clicked(rng, ATTRACTION, order, TRUE) for order in orders]
        found.append(estimated(lists, *["dba"] * 400, looked=TRUE, clip=1e9))
    for values in (
        [one.weighted for one in found],
        [one.normalised for one in found if one.normalised is not None],
    ):
        assert len(values) == 60
        assert abs(np.mean([one.value for one in values]) - truth) < 0.02
        assert np.mean([one.low <= truth <= one.high for one in values]) >= 0.85
        spread = np.var([one.value for one in values], ddof=1)
        assert 0.5 < np.mean([one.variance for one in values]) / spread < 2


def test_places_are_told_apart_by_articles_that_stood_at_several() -> None:
    rng = np.random.default_rng(5)
    orders = [rng.permutation(list("abcd"))[:3].tolist() for _ in range(20_000)]
    found = examination([_clicked(rng, ATTRACTION, order, TRUE) for order in orders])
    assert found[0] == 1
    assert np.abs(found - TRUE).max() < 0.04


def test_places_worked_out_by_hand() -> None:
    """One article, twenty times at each of two places, clicked on 10 and on 4 of them."""
    lists = [listed("ab", "a" if number < 10 else "") for number in range(20)]
    lists += [listed("ba", "a" if number < 4 else "") for number in range(20)]
    assert examination(lists) == pytest.approx([1, 0.4])


@pytest.mark.parametrize(
    ("lists", "place"),
    [
        ([listed("ab", "ab")] * 5, 2),  # always the same order
        ([listed("abc", "a"), listed("bac", "a")], 3),  # nothing was clicked there
        ([listed("ab", "b"), listed("ba", "b", page="other")], 2),  # another page is another case
        ([listed("a")] * 5, 1),  # nothing was clicked
        ([listed("ab"), listed("ba")], 1),
        ([], 1),
    ],
)
def test_where_places_cannot_be_told_apart_that_is_said(lists: list[ShownList], place: int) -> None:
    with pytest.raises(InputError, match=rf"place {place} is looked at.*--examined"):
        examination(lists)
