from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from recommender.editors.rule import Rule, Target
from recommender.editors.rule_book import RuleBook
from recommender.slots.live_rules import LiveRules
from tests.slots.ruled_corpus import ruled_corpus
from tests.slots.small_corpus import NOW

DAY = timedelta(days=1)
BLOCK = Rule(action="block", target=Target("article", ("r1",)), valid_from=NOW)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[RuleBook]:
    with RuleBook.open(tmp_path / "rules.sqlite") as opened:
        yield opened


def test_rules_stay_the_same_object_until_something_changes(book: RuleBook) -> None:
    corpus, live = ruled_corpus(0), LiveRules(book)
    assert live.kept(corpus, NOW) is None
    first = live.current(corpus, NOW)
    assert live.kept(corpus, NOW + 900 * DAY) is first  # no rule ever begins or ends
    book.add(BLOCK, by="anna", why="because", at=NOW)
    assert live.kept(corpus, NOW) is None
    second = live.current(corpus, NOW)
    assert len(second.everywhere) == 1
    assert live.kept(corpus, NOW + DAY) is second
    assert live.kept(corpus, NOW - DAY) is None
    assert live.kept(ruled_corpus(0), NOW) is None


def test_pages_as_of_another_day_do_not_displace_those_of_now(book: RuleBook) -> None:
    corpus, live = ruled_corpus(0), LiveRules(book)
    for days in range(20):
        book.add(replace(BLOCK, valid_from=NOW - days * DAY), by="anna", why="because", at=NOW)
    now = live.current(corpus, NOW)
    assert len(now.everywhere) == 20
    for days in range(1, 20):
        before = live.current(corpus, NOW - days * DAY)
        assert len(before.everywhere) == 20 - days
        assert live.kept(corpus, NOW) is now
        assert live.kept(corpus, NOW - days * DAY + DAY / 2) is before
    assert live.kept(corpus, NOW - DAY) is None  # forgotten


def test_a_rule_of_somebody_else_is_seen(book: RuleBook, tmp_path: Path) -> None:
    corpus, live = ruled_corpus(0), LiveRules(book)
    assert live.current(corpus, NOW).everywhere == ()
    with RuleBook.open(tmp_path / "rules.sqlite") as other:
        made = other.add(BLOCK, by="anna", why="because", at=NOW)
        assert [one.number for one in live.current(corpus, NOW).everywhere] == [made.number]
        other.end(made.number, by="anna", why="over", at=NOW)
    assert live.current(corpus, NOW).everywhere == ()
