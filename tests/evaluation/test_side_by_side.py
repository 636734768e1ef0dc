from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles.cards import Card
from recommender.errors import UnknownArticle
from recommender.evaluation.ask_both import ask_both
from recommender.evaluation.side_by_side import (
    Beside,
    Change,
    Ranking,
    average_overlap,
    beside,
    side_by_side,
)
from recommender.slots.filled import render
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.slot import Reason, Recommendation, Slot, SlotName, SlotQuery
from tests.slots.plain_page import filled
from tests.slots.small_corpus import NOW, town_corpus

AT = datetime(2026, 6, 30, tzinfo=UTC)
LISTS = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6)


def card(article_id: str) -> Card:
    return Card(article_id, f"Title of {article_id}", "", "", "", "", (), None)


def recommendations(ids: str, **signals: float) -> tuple[Recommendation, ...]:
    reasons = tuple(Reason(signal, value, value) for signal, value in signals.items())
    return tuple(
        Recommendation(card(one), sum(signals.values()), place, reasons)
        for place, one in enumerate(ids, start=1)
    )


def ranking(
    ids: str, below: str = "", *, fallback: SlotName | None = None, **signals: float
) -> Ranking:
    shown = Slot("related", recommendations(ids, **signals), fallback, "made up", "v1")
    return Ranking(shown, recommendations(below, **signals))


def test_what_stands_elsewhere_is_found_below_the_slot_too() -> None:
    found = beside(card("x"), ranking("abcde", "fg"), ranking("bafgh", "cd"))
    there = {one.card.id: one.there for one in found.left.placed}
    assert there == {"a": 2, "b": 1, "c": 6, "d": 7, "e": None}
    there = {one.card.id: one.there for one in found.right.placed}
    assert there == {"b": 2, "a": 1, "f": 6, "g": 7, "h": None}
    assert [one.position for one in found.right.placed] == [1, 2, 3, 4, 5]
    assert (found.shared, found.overlap, found.identical) == (2, 0.4, False)


def test_signals_that_count_differently_are_told_the_greatest_first() -> None:
    left = ranking("a", dense=0.5, recency=0.1, title=0.25)
    right = ranking("a", dense=0.502, recency=0.5, popularity=0.05, title=0.25)
    found = beside(card("x"), left, right)
    assert found.right.placed[0].changes == (
        Change("recency", 0.5, 0.1),
        Change("popularity", 0.05, 0.0),
    )
    assert found.left.placed[0].changes == (
        Change("recency", 0.1, 0.5),
        Change("popularity", 0.0, 0.05),
    )


def test_what_stands_in_is_not_compared_by_signals() -> None:
    found = beside(card("x"), ranking("a", dense=1), ranking("a", fallback="popular", read=9))
    assert found.left.placed[0].changes == found.right.placed[0].changes == ()
    assert found.right.fallback == "popular"


def test_average_overlap_by_hand() -> None:
    assert average_overlap("abc", "abc") == 1
    assert average_overlap("abc", "bac") == pytest.approx((0 + 1 + 1) / 3)
    assert average_overlap("abc", "acb") == pytest.approx((1 + 1 / 2 + 1) / 3)
    assert average_overlap("abc", "def") == 0
    assert average_overlap("a", "ab") == pytest.approx((1 + 1 / 2) / 2)
    assert average_overlap("", "") == 1
    assert average_overlap("", "a") == 0


@given(LISTS, LISTS)
def test_agreement_is_whole_only_where_both_are_identical(one: list[str], other: list[str]) -> None:
    agreement = average_overlap(one, other)
    assert 0 <= agreement <= 1
    assert (agreement == 1) == (one == other)
    assert agreement == average_overlap(other, one)


def test_pages_are_summed_up_and_the_largest_change_stands_first() -> None:
    def page(article_id: str, left: str, right: str) -> Beside:
        return beside(card(article_id), ranking(left), ranking(right))

    pages = [page("1", "ab", "ab"), page("2", "ab", "ba"), page("3", "ab", "cd"), page("0", "", "")]
    found = side_by_side(pages, left="one", right="two", limit=2, at=AT, index_version="v1")
    assert [one.article.id for one in found.pages] == ["3", "2", "0", "1"]
    assert found.identical == 2
    assert found.overlap == pytest.approx((1 + 1 + 0 + 1) / 4)


PLAIN = Pipeline("plain", Weights(dense=1), collapse_copies=False, as_of_now=False)
TOWN = town_corpus()


def related(article_id: str, pipeline: Pipeline, limit: int, offset: int) -> Slot:
    query = SlotQuery("related", limit, offset)
    if TOWN.position(article_id) is None:
        raise UnknownArticle(f"why {article_id} is unknown")
    return render(TOWN, filled(TOWN, article_id, query, pipeline=pipeline)[0], pipeline, None)


@pytest.mark.parametrize(
    ("about", "rule", "left_out", "told"),
    [
        ("bridge-1", {"collapse_copies": True}, "bridge-copy", "a copy of the article"),
        ("bridge-2", {"collapse_copies": True}, "bridge-1", "a copy of one that stands there"),
        ("bridge-1", {"as_of_now": True}, "tomorrow", "dated later than the time of asking"),
        ("bridge-1", {"only_older": True}, "bridge-2", "newer than the article"),
        ("bridge-1", {"min_score": 0.6}, "club", "relevance below 60%"),
        ("bridge-1", {"min_score": 0.6, "weights": Weights(dense=0.9)}, "club", None),
    ],
)
def test_the_rule_that_leaves_an_article_out_is_told(
    about: str, rule: dict[str, object], left_out: str, told: str | None
) -> None:
    ruled = replace(PLAIN, name="ruled", **rule)  # type: ignore[arg-type]  # fields by name
    found = ask_both(TOWN, about, related, left=PLAIN, right=ruled, limit=8, at=NOW)
    by_id = {one.card.id: one for one in found.left.placed}
    assert by_id[left_out].there is None
    assert by_id[left_out].absent == told
    stay = {one.card.id for one in found.right.placed}
    assert stay
    assert {one.absent for one in found.left.placed if one.card.id in stay} == {None}


def test_what_a_page_is_asked_about_must_be_there() -> None:
    with pytest.raises(UnknownArticle, match="why nobody is unknown"):
        ask_both(TOWN, "nobody", related, left=PLAIN, right=PLAIN, limit=5, at=NOW)
