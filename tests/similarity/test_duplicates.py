from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.snapshot import SnapshotStore
from recommender.articles.article import Article
from recommender.similarity.duplicates import (
    copies_of,
    find_copies,
    read_copies,
    write_copies,
)
from recommender.similarity.sketches import sketch
from tests.index.snapshots import seal
from tests.similarity.made_up_texts import article, made_up

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
TEXT = made_up(300, 1)


def _groups(articles: list[Article]) -> list[int]:
    return [int(one) for one in find_copies(sketch(articles)).groups]


def _canonical(articles: list[Article]) -> list[int]:
    return [int(one) for one in find_copies(sketch(articles)).canonical]


def _edited(words: list[str], every: int) -> list[str]:
    """With each so many-th word replaced."""
    return [f"x{at}" if at % every == every - 1 else one for at, one in enumerate(words)]


def test_the_same_text_under_another_title_is_a_copy() -> None:
    assert _groups([article("a", TEXT), article("b", made_up(300, 2)), article("c", TEXT)]) == [
        *(0, 1, 0)
    ]


@pytest.mark.parametrize(
    "other",
    [
        _edited(TEXT, 30),
        TEXT[:60],
        TEXT[100:160],
        TEXT + made_up(200, 9),
        made_up(30, 8) + TEXT + made_up(30, 9),
        [one.upper() + "," for one in TEXT],
        TEXT[:140] + TEXT[160:],
    ],
    ids=["corrected", "beginning", "middle", "continued", "framed", "loud", "shortened"],
)
def test_a_version_of_the_text_is_a_copy(other: list[str]) -> None:
    assert _groups([article("a", TEXT), article("b", other)]) == [0, 0]


@pytest.mark.parametrize(
    "other",
    [
        _edited(TEXT, 6),
        TEXT[:80] + made_up(220, 9),
        TEXT[:20],
        sorted(TEXT),
        [],
    ],
    ids=["rewritten", "quoted", "two lines", "the same words", "empty"],
)
def test_another_text_is_no_copy(other: list[str]) -> None:
    assert _groups([article("a", TEXT), article("b", other)]) == [0, 1]


def test_an_excerpt_is_found_in_a_text_of_which_only_a_sample_is_kept() -> None:
    long = made_up(2500, 3)
    excerpts = [article(str(at), long[at : at + 250]) for at in range(0, 2500, 250)]
    others = [article(f"other {seed}", made_up(250, seed)) for seed in range(20, 30)]
    copies = find_copies(sketch([article("long", long), *others]))
    assert copies.groups.tolist() == list(range(11))
    for one in excerpts:
        assert _groups([article("long", long), one]) == [0, 0]


@pytest.mark.parametrize(
    "script", ["漢字仮名交文章新聞報道橋梁", "กขคงจฉชซฌญฎฏ", "កខគឃងចឆជឈញ", "ကခဂဃငစဆဇဈည"]
)
def test_copies_are_found_where_no_space_parts_words(script: str) -> None:
    rng = np.random.default_rng(0)
    one, other = ("".join(rng.choice(list(script), 300)) for _ in range(2))
    corrected = one[:150] + script[:3] + one[153:]
    bodies = [one, other, corrected, one[40:140]]
    assert _groups([Article(id=str(at), body=body) for at, body in enumerate(bodies)]) == [
        *(0, 1, 0, 0)
    ]


def test_short_notices_are_copies_only_if_title_and_text_agree() -> None:
    body = "Quarterly dividend 10 cents against 10 cents. Pay April 30, record April 15."
    titles = ["Ryland Group sets payout", "James River raises nothing", "Ryland group: sets payout"]
    articles = [Article(id=str(at), title=one, body=body) for at, one in enumerate(titles)]
    assert _groups(articles) == [0, 1, 0]
    few = [Article(id=str(at), title="Weather today", body="Rain later.") for at in range(2)]
    assert _groups(few) == [0, 1]


@pytest.mark.parametrize(
    ("days", "same"), [(0, True), (3, True), (5, False), (None, True)], ids=str
)
def test_a_notice_with_other_figures_days_later_is_the_next_one(
    days: float | None, *, same: bool
) -> None:
    notice = made_up(60, 4)
    later = None if days is None else NOW + timedelta(days=days)
    first = article("a", notice, published_at=NOW)
    second = article("b", [*notice[:30], "seven", *notice[31:]], published_at=later)
    assert _groups([first, second]) == [0, 0 if same else 1]


@pytest.mark.parametrize("days", [0, 5, 400])
def test_the_same_text_printed_again_later_is_a_copy(days: float) -> None:
    again = article("b", made_up(60, 4), updated_at=NOW + timedelta(days=days))
    assert _groups([article("a", made_up(60, 4), published_at=NOW), again]) == [0, 0]


def test_what_stands_in_most_articles_makes_none_a_copy() -> None:
    notice = made_up(60, 5)  # "this article is for subscribers": longer than what is free
    articles = [article(str(seed), made_up(20, 100 + seed) + notice) for seed in range(60)]
    articles += [article(f"closed {at}", notice) for at in range(5)]
    quote = made_up(12, 98)
    articles += [article(str(seed), made_up(20, seed) + quote + notice) for seed in (65, 66)]
    articles += [article("closed 0", notice)]
    copies = find_copies(sketch(articles))
    assert copies.groups[:67].tolist() == list(range(67))
    assert copies.groups[67] == 60  # title and text are the same
    assert len(copies.boilerplate) == 56


def test_a_copy_of_a_copy_need_not_be_one() -> None:
    # a live blog: each version keeps two thirds of the one before
    versions = [article(str(at), made_up(600, 6)[at * 60 : at * 60 + 180]) for at in range(7)]
    groups = _groups(versions)
    assert groups[0] == groups[1]
    assert groups[0] != groups[6]
    assert len(set(groups)) >= 3


def test_short_reports_in_one_review_of_the_day_are_not_copies_of_each_other() -> None:
    reports = [article(str(seed), made_up(60, seed)) for seed in range(10, 14)]
    review = article("review", [word for seed in range(10, 14) for word in made_up(60, seed)])
    groups = _groups([*reports, review])
    assert len(set(groups[:4])) == 4


def test_a_copy_of_most_in_a_group_belongs_to_it() -> None:
    bodies = [TEXT, _edited(TEXT, 60), TEXT[:100], TEXT[180:]]
    assert _groups([article("beginning", TEXT[:100]), article("end", TEXT[180:])]) == [0, 1]
    assert _groups([article(str(at), body) for at, body in enumerate(bodies)]) == [0, 0, 0, 0]


def test_articles_of_the_same_words_stand_together_whatever_else_is_alike() -> None:
    notice = made_up(60, 4)

    def issue(day: int, figure: str) -> Article:
        words = [*notice[:30], figure, *notice[31:]]
        return Article(
            id=str(day),
            title="The figures of today",
            body=" ".join(words),
            published_at=NOW + timedelta(days=day),
        )

    groups = _groups([issue(0, "six"), issue(1, "seven"), issue(20, "six"), issue(21, "eight")])
    assert groups[0] == groups[2]


@pytest.mark.parametrize("count", [2, 8, 9, 30, 48])
def test_many_copies_are_one_group(count: int) -> None:
    others = [article(f"other {seed}", made_up(80, 200 + seed)) for seed in range(5)]
    copies = [article(str(at), [*TEXT[:200], f"x{at}", *TEXT[200:]]) for at in range(count)]
    assert _groups([*others, *copies]) == [0, 1, 2, 3, 4] + count * [5]


def test_equal_articles_are_one_group_even_where_they_are_too_many_to_compare_all() -> None:
    assert set(_groups(1010 * [article("a", made_up(12, 1))])) == {0}


def test_the_most_complete_stands_for_its_group_whatever_its_place() -> None:
    whole = article("whole", TEXT, published_at=NOW - timedelta(days=9))
    cut = article("cut", TEXT[:200], published_at=NOW)
    for articles, best in (([whole, cut], 0), ([cut, whole], 1)):
        assert _canonical(articles) == [best, best]
        assert _groups(articles) == [0, 0]


def test_of_complete_ones_the_newest_stands_for_the_group_then_the_first() -> None:
    first = article("first", TEXT, published_at=NOW - timedelta(hours=3))
    corrected = article("b", TEXT[:-10], published_at=NOW - timedelta(hours=4), updated_at=NOW)
    undated = article("undated", TEXT)
    assert _canonical([undated, first, corrected]) == [2, 2, 2]
    assert _canonical([undated, first]) == [1, 1]
    assert _canonical([article("x", made_up(90, 7)), undated, article("again", TEXT)]) == [0, 1, 1]


def test_a_new_article_is_compared_as_at_a_rebuild() -> None:
    notice = made_up(60, 5)
    half, other_half = TEXT[:105] + made_up(45, 96), TEXT[:105] + made_up(45, 97)
    articles = [article(str(seed), made_up(20, 100 + seed) + notice) for seed in range(60)]
    articles += [article("copied", TEXT), article("cut", TEXT[:100])]
    articles += [article("half", half + notice), article("half", half)]
    articles += [article("rewritten", _edited(TEXT, 6)), Article(id="few", title="Weather")]
    corpus = sketch(articles)
    boilerplate = find_copies(corpus).boilerplate

    def judged(new: Article, *positions: int) -> list[bool]:
        found = copies_of(sketch([new]), corpus.take(np.array(positions, np.int64)), boilerplate)
        return [bool(one) for one in found]

    assert judged(article("new", TEXT + notice), 64, 60, 3, 61) == [False, True, False, True]
    assert judged(article("new", made_up(25, 99) + notice), *range(60)) == 60 * [False]
    assert judged(article("new", other_half), 62, 63) == [True, True]
    assert judged(article("new", other_half + notice), 62, 63) == [True, True]
    assert judged(Article(id="new", title="Weather"), 65) == [False]
    assert judged(article("new", TEXT)) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=14))
def test_groups_are_named_by_their_first_and_the_canonical_is_a_member(
    made_of: list[tuple[int, int]],
) -> None:
    articles = []
    for at, (seed, change) in enumerate(made_of):
        words = made_up(150, 300 + seed)
        articles.append(article(str(at), (words, words[:90], _edited(words, 40))[change]))
    copies = find_copies(sketch(articles))
    seeds = [seed for seed, _ in made_of]
    assert copies.groups.tolist() == [seeds.index(seed) for seed in seeds]
    assert copies.groups[copies.canonical].tolist() == copies.groups.tolist()
    assert copies.canonical[copies.groups].tolist() == copies.canonical.tolist()


@pytest.mark.parametrize("count", [0, 1])
def test_so_few_articles_have_no_copies(count: int) -> None:
    copies = find_copies(sketch([article("a", TEXT)][:count]))
    assert copies.groups.tolist() == copies.canonical.tolist() == list(range(count))


def test_copies_come_back_from_a_snapshot(tmp_path: Path) -> None:
    found = find_copies(sketch([article("a", TEXT[:200]), article("b", TEXT)]))
    store = SnapshotStore(tmp_path)
    with store.draft() as draft:
        write_copies(found, draft)
        version = seal(draft)
    read = read_copies(store.open(version))
    assert (read.groups.tolist(), read.canonical.tolist()) == ([0, 0], [1, 1])
    assert read.boilerplate.dtype == found.boilerplate.dtype


def _array(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)
