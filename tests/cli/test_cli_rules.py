import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recommender.editors.rule import Rule, Target
from recommender.editors.rule_book import RuleBook
from tests.cli.ended_command import Run

WHY = ("--by", "anna", "--why", "because")


def ids(run: Run, *more: str) -> list[str]:
    ended = run("related", "hp-0021", "--limit", "20", "--json", *more)
    assert ended.status == 0, ended.err
    return [one["id"] for one in json.loads(ended.out)["data"]]


@pytest.mark.usefixtures("place")
def test_a_pin_stands_where_it_should_until_it_is_ended(run: Run) -> None:
    before = ids(run)
    last = before[-1]
    added = run("rules", "add", "pin", "--article", last, "--position", "2", *WHY)
    assert (added.status, added.out) == (
        0,
        f"rule 2: pin article {last} to position 2 (1 article now)\n",
    )
    assert ids(run) == [before[0], last, *before[1:-1]]
    for more in ((), ("--explain",)):
        told = run("related", "hp-0021", "--limit", "2", *more)
        assert "pinned by an editor" in " ".join(told.out.split())
    assert run("rules", "end", "2", *WHY).status == 0
    assert ids(run) == before


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    "target",
    [("--article", "hp-0001"), ("--section", "Culture"), ("--pair", "hp-0001", "hp-0021")],
    ids=" ".join,
)
def test_a_block_holds_for_every_command(run: Run, target: tuple[str, ...]) -> None:
    assert "hp-0001" in ids(run)
    assert run("rules", "add", "block", *target, *WHY).status == 0
    assert "hp-0001" not in ids(run)
    scored = run("score", "--output", "scores.jsonl", "--limit", "20")
    assert scored.status == 0, scored.err
    lines = Path("scores.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = {(one["article_id"], one["related_id"]) for one in map(json.loads, lines)}
    assert ("hp-0021", "hp-0001") not in pairs
    assert ("hp-0022", "hp-0002") in pairs


@pytest.mark.usefixtures("place")
def test_rules_are_listed_and_their_changes_told(run: Run) -> None:
    run("rules", "add", "boost", "--section", "sport", "--factor", "2.5", *WHY)
    run("rules", "add", "ignore-section", "--section", "council", "--replaces", "2", *WHY)
    run("rules", "end", "1", "--by", "bert", "--why", "long over")
    listed = json.loads(run("rules", "list", "--json").out)
    assert [(one["number"], one["rule"]["action"]) for one in listed] == [(3, "ignore_section")]
    assert "ignore section council as a signal" in run("rules", "list").out
    every = json.loads(run("rules", "list", "--all", "--json").out)
    assert [(one["number"], one["replaced_by"]) for one in every] == [(1, None), (2, 3), (3, None)]
    log = json.loads(run("rules", "audit", "--json").out)
    assert [(one["done"], one["who"], one["rule"]) for one in log] == [
        ("ended", "bert", 1),
        ("added", "anna", 3),
        ("replaced", "anna", 2),
        ("added", "anna", 2),
        ("added", "desk", 1),
    ]
    assert log[0]["before"]["ended_at"] is None
    assert "long over" in run("rules", "audit", "--limit", "1").out


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pin", "--article", "hp-00x1", "--position", "1"), "Did you mean hp-00"),
        (("pin", "--article", "hp-0001"), "Expected --position for pin: a position from 1 to 1000"),
        (("bury", "--tag", "weather"), "Expected --factor for bury: a factor from 0 to 0.9"),
        (("bury", "--article", "hp-0001", "--factor", "1"), "from 0 to 0.9"),
        (("block",), "Expected one of article, pair"),
        (("block", "--article", "hp-0001", "--slot", "side"), "There is no slot 'side'"),
        (("block", "--article", "hp-0001", "--replaces", "9"), "There is no rule 9"),
    ],
)
def test_what_is_no_rule_is_refused_in_one_line(
    run: Run, words: tuple[str, ...], told: str
) -> None:
    ended = run("rules", "add", *words, *WHY)
    assert ended.status == 1
    assert told in ended.err
    assert len(ended.err.splitlines()) == 1
    assert len(json.loads(run("rules", "list", "--json").out)) == 1


@pytest.mark.usefixtures("place")
def test_a_wrong_action_or_no_reason_is_wrong_usage(run: Run) -> None:
    ended = run("rules", "add", "hide", "--article", "hp-0001", *WHY)
    assert (ended.status, "ignore-section" in ended.err) == (2, True)
    ended = run("rules", "add", "block", "--article", "hp-0001")
    assert (ended.status, "--why" in ended.err) == (2, True)
    ended = run("rules", "end", "1")
    assert (ended.status, "--why" in ended.err) == (2, True)


@pytest.mark.usefixtures("place")
def test_a_rule_is_looked_at_as_of_its_time(run: Run) -> None:
    best = ids(run)[0]
    run(
        "rules",
        "add",
        "block",
        "--article",
        best,
        "--from",
        "2030-01-01",
        "--to",
        "2030-02-01",
        *WHY,
    )
    assert best in ids(run)
    assert best not in ids(run, "--at", "2030-01-15")
    assert best in ids(run, "--at", "2030-02-01")


@pytest.mark.usefixtures("place")
def test_a_rule_about_a_name_that_no_article_has_says_which_was_meant(run: Run) -> None:
    added = run("rules", "add", "block", "--section", "cultur", *WHY)
    assert (added.status, added.out) == (
        0,
        "rule 2: block section cultur (0 articles now). Did you mean culture?\n",
    )
    added = run("rules", "add", "block", "--tag", "a tag for next year", "--json", *WHY)
    told = json.loads(added.out)
    assert (told["articles"], told["near"]) == (0, [])


@pytest.mark.usefixtures("place")
def test_a_block_counts_the_copies_that_vanish_with_it(run: Run) -> None:
    first = json.loads(Path("articles.jsonl").read_text(encoding="utf-8").splitlines()[0])
    copy = {**first, "id": "reprint"}
    Path("more.jsonl").write_text(json.dumps(copy), encoding="utf-8")
    assert run("rebuild", "more.jsonl").status == 0
    added = run("rules", "add", "block", "--article", first["id"], *WHY)
    assert added.out == f"rule 2: block article {first['id']} (2 articles now)\n"
    pinned = ("rules", "add", "pin", "--article", "reprint", "--position", "1")
    assert "(1 article now)" in run(*pinned, *WHY).out
    refused = run(*pinned, "--page", first["id"], *WHY)
    assert refused.status == 1
    assert f"'reprint' is a copy of '{first['id']}'" in refused.err


@pytest.mark.usefixtures("place")
def test_a_rule_that_could_hold_at_no_time_is_refused_and_one_that_is_over_says_so(
    run: Run,
) -> None:
    block = ("rules", "add", "block", "--article", "hp-0001")
    refused = run(*block, "--to", "2020-01-01", *WHY)
    assert (refused.status, "ends later than now" in refused.err) == (1, True)
    with RuleBook.open(Path("recommender-data", "rules.sqlite")) as book:
        over = Rule(
            action="block",
            target=Target("article", ("hp-0001",)),
            valid_to=datetime(2020, 1, 1, tzinfo=UTC),
        )
        book.add(over, by="anna", why="long ago", at=datetime(2019, 1, 1, tzinfo=UTC))
    listed = " ".join(run("rules", "list").out.split())
    assert "block article hp-0001 to 2020-01-01 00:00, over" in listed
    assert "hp-0030 from 2099-01-01 00:00, over" not in listed


def test_an_audit_of_no_rule_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = run("rules", "audit", "--home", str(tmp_path / "empty"))
    assert (ended.status, ended.out) == (
        0,
        "There is no rule. Make one with: recommender rules add --help\n",
    )
