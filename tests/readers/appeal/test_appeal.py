from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import InputError
from recommender.readers.appeal.model import Appeal
from recommender.readers.appeal.settings import AppealSettings, Prior
from recommender.readers.decay import Floats

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEPT = Prior(0.0, 0.0)
# strengths alone: what is shown, read or new has no weight, and never gets one
PLAIN = AppealSettings(fresh=KEPT, shown=KEPT, lately=KEPT, read=KEPT, list_size=KEPT)


def scores(model: Appeal, articles: str, minutes: float = 0, size: int = 3) -> Floats:
    return model.scores(articles.split(), NOON + minutes * MINUTE, list_size=size)


def test_what_is_clicked_rises_above_what_stood_beside_it_and_that_falls() -> None:
    model = Appeal(PLAIN)
    model.click(["a", "b", "c"], ["b"], NOON)
    clicked, beside, elsewhere = scores(model, "b a d")
    assert clicked > elsewhere == 0 > beside
    # by hand: gradient 1, curvature 1/2, variance .45 ** 2 + .55 ** 2
    assert clicked == pytest.approx(0.505 / (1 + 0.505 / 2))
    assert len(model) == 4


def test_to_win_against_the_strong_counts_more() -> None:
    model = Appeal(PLAIN)
    for _ in range(20):
        model.click(["strong", "weak"], ["strong"], NOON)
    model.click(["one", "strong"], ["one"], NOON)
    model.click(["other", "weak"], ["other"], NOON)
    one, other = scores(model, "one other")
    assert one > other + 0.1


def test_a_list_of_which_all_or_nothing_was_clicked_says_nothing() -> None:
    model = Appeal(PLAIN)
    model.click(["a", "b"], [], NOON)
    model.click(["a", "b"], ["b", "a"], NOON)
    assert scores(model, "a b").tolist() == [0, 0]


def test_a_surge_passes_and_a_level_stays() -> None:
    model = Appeal(PLAIN)
    for minute in range(10):
        model.click(["a", "b"], ["a"], NOON + minute * MINUTE)
    now, tomorrow = (model.strength(["a"], NOON + one * MINUTE) for one in (10, 24 * 60))
    assert now.surge[0] > 0.3
    assert tomorrow.surge[0] < 0.01
    assert tomorrow.level[0] > now.level[0] / 2


def test_a_new_article_of_a_section_that_is_clicked_begins_ahead() -> None:
    sections = {f"s{number}": "sport" for number in range(40)} | {"p": "politics", "n": ""}
    model = Appeal(PLAIN, sections)
    for number in range(30):
        model.click([f"s{number}", f"x{number}", f"y{number}"], [f"s{number}"], NOON)
    sport, politics, none = scores(model, "s39 p n")
    assert sport > 0.2
    assert politics == none == 0


def test_an_article_that_always_stands_on_top_owes_that_to_the_place() -> None:
    rng = np.random.default_rng(6)
    blind, told = Appeal(PLAIN), Appeal(PLAIN)
    # readers click the first place whatever stands there; "top" stands there twice in three times
    for number in range(300):
        first = "top" if number % 3 else f"a{number}"
        shown = [first, *(f"b{one}" for one in rng.integers(0, 40, 4))]
        if len(set(shown)) == len(shown):
            blind.click(shown, [first], NOON)
            told.click(shown, [first], NOON, places=range(5))
    # not all of it: once it stood there, it was clicked whenever it was shown
    assert scores(told, "top", size=5)[0] < 0.65 * scores(blind, "top", size=5)[0]


def test_weights_of_traits_are_learned_for_each_kind_of_list() -> None:
    model = Appeal(AppealSettings(list_sizes=(4,), level_spread=0.05, surge_spread=0.05))
    for number in range(200):
        at = NOON + number * MINUTE
        old = f"old{number // 20}"
        strip = [old, f"new{number}", f"other{number}"]
        model.click(strip, strip[1:2], at)
        feed = [*strip, f"more{number}", f"yet{number}"]
        model.click(feed, [old], at)
        model.show(strip, at)
    at = NOON + 200 * MINUTE
    old, new = "old9", "new"
    short = model.scores([old, new], at, list_size=3)
    long = model.scores([old, new], at, list_size=5)
    assert short[0] < short[1]
    assert long[0] > long[1]


def test_readers_from_elsewhere_and_newness_count_by_their_weights() -> None:
    one = Prior(1.0, 0.0)
    model = Appeal(replace(PLAIN, fresh=one, read=one, fresh_half_life=MINUTE))
    model.show(["a", "b"], NOON)
    model.read({"b"}, NOON)
    assert scores(model, "a b c", minutes=1) == pytest.approx([0.5, 0.5 + np.log(2), 1.0], abs=1e-3)


def test_a_time_needs_a_zone() -> None:
    with pytest.raises(InputError, match="zone"):
        Appeal().scores(["a"], datetime(2024, 5, 1), list_size=2)  # noqa: DTZ001 - that is the point


lists = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True),
        st.integers(0, 255),
        st.floats(-30, 3_000),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(lists)
def test_scores_are_finite_and_do_not_depend_on_who_is_asked_along(
    seen: list[tuple[list[str], int, float]],
) -> None:
    model = Appeal(sections={"a": "x", "b": "x", "c": "y"})
    for shown, bits, minutes in seen:
        at = NOON + minutes * MINUTE
        clicked = [one for place, one in enumerate(shown) if bits >> place & 1]
        model.click(shown, clicked, at)
        model.show(shown, at)
        model.read(clicked, at)
    together = scores(model, "a b c d e f g h new", minutes=3_000)
    assert np.all(np.isfinite(together))
    assert np.all(np.abs(together) < 10)
    apart = [scores(model, one, minutes=3_000)[0] for one in [*"abcdefgh", "new"]]
    assert together.tolist() == pytest.approx(apart)
