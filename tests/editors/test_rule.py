from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recommender.editors.rule import ACTIONS, Action, Rule, Target
from recommender.editors.told import told
from recommender.errors import InputError

ONE = Target("article", ("hp-1",))
SECTION = Target("section", ("Sport",))
NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "numbers", "expected"),
    [
        ("pin", {}, "a position"),
        ("pin", {"position": 0}, "from 1 to 1000"),
        ("pin", {"position": 1001}, "from 1 to 1000"),
        ("pin", {"position": 1, "factor": 2.0}, "takes a position; leave factor out"),
        ("boost", {"factor": 0.9}, "from 1 to 10"),
        ("boost", {"factor": 10.1}, "from 1 to 10"),
        ("boost", {"factor": float("nan")}, "from 1 to 10"),
        ("bury", {"factor": -0.1}, "from 0 to 0.9"),
        ("bury", {"factor": 0.95}, "from 0 to 0.9"),
        ("block", {"share": 0.5}, "takes no number; leave share out"),
        ("promote", {"share": 0.0}, "above 0"),
        ("promote", {"share": 1.1}, "at most 1"),
    ],
)
def test_a_number_that_an_action_does_not_take_is_refused(
    action: Action, numbers: dict[str, float], expected: str
) -> None:
    with pytest.raises(InputError, match=expected):
        Rule(action=action, target=ONE, **numbers)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("action", "numbers"),
    [
        ("pin", {"position": 1}),
        ("pin", {"position": 1000}),
        ("boost", {"factor": 1.0}),
        ("boost", {"factor": 10.0}),
        ("bury", {"factor": 0.0}),
        ("bury", {"factor": 0.9}),
        ("promote", {"share": 1.0}),
        ("block", {}),
    ],
)
def test_the_ends_of_each_range_are_taken(action: Action, numbers: dict[str, float]) -> None:
    rule = Rule(action=action, target=ONE, **numbers)  # type: ignore[arg-type]  # by name
    assert str(rule.target) in told(rule)


def test_an_unknown_action_or_target_is_refused_and_the_known_are_told() -> None:
    with pytest.raises(InputError, match=", ".join(ACTIONS)):
        Rule(action="hide", target=ONE)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(InputError, match="article, pair, section, tag, author"):
        Target("topic", ("x",))  # type: ignore[arg-type]  # wrong on purpose


def test_a_target_has_the_names_that_its_kind_needs() -> None:
    with pytest.raises(InputError, match="2 names"):
        Target("pair", ("a",))
    with pytest.raises(InputError, match="different"):
        Target("pair", ("a", "a"))
    with pytest.raises(InputError, match="1 name"):
        Target("tag", ("a", "b"))
    with pytest.raises(InputError, match="1 to 512"):
        Target("tag", (" ",))


def test_one_target_is_given_and_no_more() -> None:
    assert Target.of({"article": None, "pair": ("a", "b")}) == Target("pair", ("a", "b"))
    assert Target.of({"tag": "x"}) == Target("tag", ("x",))
    with pytest.raises(InputError, match="got none"):
        Target.of({"article": None})
    with pytest.raises(InputError, match="got article and tag"):
        Target.of({"article": "a", "tag": "b"})


def test_only_a_section_is_ignored_as_a_signal() -> None:
    assert "as a signal" in told(Rule(action="ignore_section", target=SECTION))
    with pytest.raises(InputError, match="about a section"):
        Rule(action="ignore_section", target=ONE)


def test_a_page_that_cannot_show_the_article_is_refused() -> None:
    with pytest.raises(InputError, match="own page"):
        Rule(action="block", target=ONE, page="hp-1")
    with pytest.raises(InputError, match="two pages itself"):
        Rule(action="block", target=Target("pair", ("a", "b")), page="c")


def test_times_have_a_zone_and_an_order() -> None:
    block = Rule(action="block", target=ONE)
    with pytest.raises(InputError, match="zone"):
        replace(block, valid_from=NOON.replace(tzinfo=None))
    with pytest.raises(InputError, match="begin before it ends"):
        replace(block, valid_from=NOON, valid_to=NOON)


def test_a_rule_holds_from_its_beginning_up_to_its_end() -> None:
    rule = Rule(action="block", target=ONE, valid_from=NOON, valid_to=NOON + timedelta(hours=1))
    moments = [NOON + timedelta(minutes=one) for one in (-1, 0, 59, 60)]
    assert [rule.holds_at(one) for one in moments] == [False, True, True, False]
    assert Rule(action="block", target=ONE).holds_at(NOON)
