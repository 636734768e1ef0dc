import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from recommender.articles.catalog import Catalog
from recommender.editors.rule import RecordedRule, Rule, Target
from recommender.editors.rule_book import RuleBook
from recommender.errors import CatalogError, InputError

NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
PROCESSES = multiprocessing.get_context("spawn")

BLOCK = Rule(action="block", target=Target("article", ("a",)))
FULL = Rule(
    action="pin",
    target=Target("article", ("ä/1",)),
    position=3,
    page="b",
    slot="related",
    valid_from=datetime(2026, 7, 1, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=2))),
    valid_to=NOON + timedelta(days=9),
)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[RuleBook]:
    with RuleBook.open(tmp_path / "rules.sqlite") as opened:
        yield opened


def add(book: RuleBook, rule: Rule = BLOCK, replaces: int | None = None) -> RecordedRule:
    return book.add(rule, by="anna", why="because", at=NOON, replaces=replaces)


def test_a_new_book_is_empty(book: RuleBook) -> None:
    assert (book.standing(), book.every(), book.audit()) == ([], [], [])


def test_a_rule_is_there_when_opened_again(tmp_path: Path) -> None:
    every = [
        FULL,
        Rule(action="boost", target=Target("section", ("Sport",)), factor=2.5),
        Rule(action="bury", target=Target("tag", ("x",)), factor=0.0),
        Rule(action="promote", target=Target("author", ("A. B.",)), share=0.2),
        Rule(action="ignore_section", target=Target("section", ("News",))),
        Rule(action="block", target=Target("pair", ("a", "b"))),
    ]
    with RuleBook.open(tmp_path / "rules.sqlite") as book:
        made = [add(book, rule) for rule in every]
    with RuleBook.open(tmp_path / "rules.sqlite") as book:
        assert book.standing() == made
        assert [one.rule for one in book.standing()] == every
        assert [one.number for one in made] == [1, 2, 3, 4, 5, 6]


def test_an_ended_rule_stands_no_longer_but_is_not_forgotten(book: RuleBook) -> None:
    first, second = add(book), add(book, FULL)
    ended = book.end(first.number, by="bert", why="over", at=LATER)
    assert (ended.rule, ended.by, ended.ended_at) == (BLOCK, "anna", LATER)
    assert book.standing() == [second]
    assert book.every() == [ended, second]
    with pytest.raises(InputError, match="ended at 2026-06-30T13"):
        book.end(first.number, by="bert", why="over", at=LATER)


def test_a_rule_takes_the_place_of_another_in_one_step(book: RuleBook) -> None:
    first = add(book)
    second = add(book, FULL, replaces=first.number)
    assert book.standing() == [second]
    assert book.every()[0].replaced_by == second.number
    with pytest.raises(InputError, match=r"There is no rule 99\. Standing: 2"):
        add(book, replaces=99)
    assert len(book.every()) == 2  # what was refused left nothing behind


def test_the_log_tells_who_when_why_and_what_was_before(book: RuleBook) -> None:
    first = add(book)
    second = book.add(FULL, by="bert", why="better", at=LATER, replaces=first.number)
    book.end(second.number, by="cleo", why="over", at=LATER)
    log = book.audit()
    assert [(one.done, one.who, one.rule, one.why, one.at) for one in log] == [
        ("ended", "cleo", 2, "over", LATER),
        ("added", "bert", 2, "better", LATER),
        ("replaced", "bert", 1, "better", LATER),
        ("added", "anna", 1, "because", NOON),
    ]
    assert [(one.before, one.after) for one in log[2:]] == [(first, book.every()[0]), (None, first)]
    assert (log[0].before, log[0].after) == (second, book.every()[1])
    assert [one.number for one in book.audit(limit=2)] == [4, 3]


def test_nobody_and_no_reason_are_refused(book: RuleBook) -> None:
    with pytest.raises(InputError, match="who orders it"):
        book.add(BLOCK, by=" ", why="x", at=NOON)
    with pytest.raises(InputError, match="the reason"):
        book.add(BLOCK, by="anna", why="", at=NOON)
    made = add(book)
    with pytest.raises(InputError, match="the reason"):
        book.end(made.number, by="anna", why="", at=NOON)
    assert [one.done for one in book.audit()] == ["added"]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit", "DELETE FROM rules"],
)
def test_what_was_logged_cannot_be_rewritten(book: RuleBook, statement: str) -> None:
    add(book)
    with (
        pytest.raises(IntegrityError, match=r"only added to|never deleted"),
        book._database.writing() as connection,
    ):
        connection.exec_driver_sql(statement)


def test_the_data_version_tells_of_every_change(book: RuleBook, tmp_path: Path) -> None:
    versions = [book.data_version()]
    assert book.data_version() == versions[0]
    made = add(book)
    versions.append(book.data_version())
    with RuleBook.open(tmp_path / "rules.sqlite") as other:
        other.end(made.number, by="anna", why="over", at=LATER)
    versions.append(book.data_version())
    assert len(set(versions)) == 3


def test_a_catalog_is_no_rule_book(tmp_path: Path) -> None:
    Catalog.open(tmp_path / "catalog.sqlite").close()
    with pytest.raises(CatalogError, match="not the rule book"):
        RuleBook.open(tmp_path / "catalog.sqlite")


def test_commits_wait_for_the_disk(book: RuleBook) -> None:
    with book._database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_threads_share_one_book(book: RuleBook) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: add(book).number, range(24)))
    assert sorted(numbers) == list(range(1, 25))
    assert len(book.audit()) == 24


def add_forever(path: Path, told: Connection) -> None:
    with RuleBook.open(path) as book:
        while True:
            made = add(book)
            add(book, FULL, replaces=made.number)
            told.send(len(book.every()))


def test_a_killed_process_leaves_whole_steps(tmp_path: Path) -> None:
    path = tmp_path / "rules.sqlite"
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=add_forever, args=(path, theirs), daemon=True)
    process.start()
    theirs.close()
    kept = 0
    while kept < 20:
        assert ours.poll(30)
        kept = ours.recv()
    process.kill()
    process.join(30)
    with RuleBook.open(path) as book:
        every = book.every()
        assert len(every) >= kept
        for one in every:
            assert (one.ended_at is None) == (one.replaced_by is None)
        log = book.audit(10_000)
        assert len(log) == len(every) + sum(one.replaced_by is not None for one in every)
