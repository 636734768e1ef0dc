from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.editors.desk import RuleDesk
from recommender.editors.rule import Rule, Target
from recommender.editors.rule_book import RuleBook
from recommender.errors import InputError, UnknownArticle

NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RuleDesk]:
    with (
        Catalog.open(tmp_path / "catalog.sqlite") as catalog,
        RuleBook.open(tmp_path / "rules.sqlite") as book,
    ):
        made = [Article(id=f"bridge-{n}", title=f"Bridge {n}", body="Rust.") for n in range(3)]
        catalog.upsert(made, complete=lambda article: replace(article, language="en"))
        catalog.withdraw(["bridge-2"], at=NOON)
        copies = {"bridge-0", "bridge-1"}
        yield RuleDesk(
            book,
            catalog,
            ("related", "popular"),
            lambda one, other: {one, other} == copies,
            lambda: NOON,
        )


def pin(article: str, **more: str) -> Rule:
    return Rule(action="pin", target=Target("article", (article,)), position=1, **more)  # type: ignore[arg-type]  # by name


def test_a_rule_about_a_known_article_is_taken(desk: RuleDesk) -> None:
    made = desk.add(pin("bridge-0", page="bridge-2", slot="related"), by="anna", why="x", at=NOON)
    assert desk.standing() == [made]
    desk.end(made.number, by="anna", why="y", at=NOON)
    assert desk.standing() == []
    assert [one.number for one in desk.every()] == [made.number]
    assert [one.done for one in desk.audit()] == ["ended", "added"]


@pytest.mark.parametrize(
    "rule",
    [
        pin("bridge-O"),
        pin("bridge-0", page="bridge-O"),
        Rule(action="block", target=Target("pair", ("bridge-0", "bridge-O"))),
        Rule(action="block", target=Target("article", ("bridge-O",))),
    ],
)
def test_an_unknown_article_is_refused_with_the_nearest_ids(desk: RuleDesk, rule: Rule) -> None:
    with pytest.raises(UnknownArticle, match=r"'bridge-O'. Did you mean bridge-0 or bridge-1"):
        desk.add(rule, by="anna", why="x")
    assert desk.every() == []
    assert desk.audit() == []


def test_a_withdrawn_article_can_be_blocked_but_not_pinned(desk: RuleDesk) -> None:
    desk.add(Rule(action="block", target=Target("article", ("bridge-2",))), by="anna", why="x")
    with pytest.raises(UnknownArticle, match="withdrawn"):
        desk.add(pin("bridge-2"), by="anna", why="x")


def test_an_unknown_slot_is_refused_and_the_known_are_told(desk: RuleDesk) -> None:
    with pytest.raises(InputError, match="related, popular"):
        desk.add(pin("bridge-0", slot="populr"), by="anna", why="x")


def test_names_that_no_article_has_yet_are_taken(desk: RuleDesk) -> None:
    desk.add(Rule(action="block", target=Target("tag", ("new",))), by="anna", why="x")
    assert len(desk.standing()) == 1


@pytest.mark.parametrize(
    "rule",
    [
        pin("bridge-0", page="bridge-1"),
        Rule(action="boost", target=Target("pair", ("bridge-1", "bridge-0")), factor=2),
    ],
)
def test_what_a_copy_of_its_page_never_shows_is_refused(desk: RuleDesk, rule: Rule) -> None:
    with pytest.raises(InputError, match=r"is a copy of 'bridge-[01]', so neither ever stands"):
        desk.add(rule, by="anna", why="x")
    assert desk.standing() == []


def test_a_copy_may_be_blocked_on_the_other_ones_page(desk: RuleDesk) -> None:
    block = Rule(action="block", target=Target("article", ("bridge-0",)), page="bridge-1")
    desk.add(block, by="anna", why="x")
    assert len(desk.standing()) == 1


def test_a_rule_that_is_over_already_is_refused(desk: RuleDesk) -> None:
    with pytest.raises(InputError, match="later than now, got 2026-06-30T12:00:00"):
        desk.add(replace(pin("bridge-0"), valid_to=NOON), by="anna", why="x")
    assert desk.every() == []
    desk.add(replace(pin("bridge-0"), valid_to=NOON + timedelta(seconds=1)), by="anna", why="x")
    assert len(desk.standing()) == 1
