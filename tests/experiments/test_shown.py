import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recommender.articles.database import Database
from recommender.articles.sources.reject import Reject
from recommender.errors import SourceError
from recommender.experiments.logged import read_logged
from recommender.experiments.shown import ShownLists, read_shown
from recommender.readers.event import Event, Trial
from recommender.readers.event_import import import_events
from recommender.readers.event_layout import LAYOUT
from recommender.readers.event_lines import csv_rows, json_lines
from recommender.readers.event_records import event_of
from recommender.readers.events import EventLog
from recommender.readers.keeping import Keeping
from tests.readers.made_up_events import MINUTE, NOON, clicked, happened

TRIAL = Trial("x", "a")


def impression(name: str, *shown: str, trial: Trial | None = None, reader: str = "r") -> Event:
    return Event(
        type="impression",
        article_id="page",
        at=NOON,
        impression_id=name,
        shown=shown,
        trial=trial,
        reader=reader,
    )


def test_impressions_come_with_the_clicks_that_count(tmp_path: Path) -> None:
    with EventLog.open(tmp_path / "events.sqlite", Keeping(hashed=False)) as log:
        log.append(
            [
                impression("one", "a", "b", trial=TRIAL),
                replace(impression("two", "a", "b", reader=""), at=NOON + MINUTE),
                impression("", "a", "b"),
                replace(impression("bot", "a"), aside="bot"),
                # clicks may come later than the time that is asked about, and repeats do not count
                replace(clicked("b", "one", "r"), at=NOON + timedelta(hours=2)),
                replace(clicked("b", "one", "r"), at=NOON + timedelta(hours=2)),
                *[replace(clicked("a", "two"), at=NOON + 2 * MINUTE)] * 2,
                clicked("c", "two"),
                clicked("a"),
                # the same id again
                impression("one", "b", "c", trial=Trial("y", "a")),
                happened("a"),
            ]
        )
        found = read_shown(log)
        trials = read_shown(log, trials_only=True)
        until = read_shown(log, until=NOON + MINUTE)
        since = read_shown(log, since=NOON + MINUTE)
    assert found.without_id == 1
    one, two = found.lists
    assert (one.page, one.shown, one.places, one.clicked, one.clicks) == (
        "page", ("a", "b"), (0, 1), (1,), 1,
    )  # fmt: skip
    assert (one.trial, one.reader, one.at) == (TRIAL, "r", NOON)
    assert (two.clicked, two.clicks, two.reader, two.trial) == ((0,), 2, None, None)
    assert trials.lists == until.lists == [one]
    assert since == ShownLists([two], 0)


def test_an_impression_of_one_article_stands_at_its_position(tmp_path: Path) -> None:
    alone = Event(type="impression", article_id="a", at=NOON, impression_id="i", position=3)
    with EventLog.open(tmp_path / "events.sqlite") as log:
        log.append([alone, clicked("a", "i")])
        (found,) = read_shown(log).lists
    assert (found.page, found.shown, found.places, found.clicked) == ("", ("a",), (2,), (0,))


def test_a_log_of_the_layout_before_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    old = Database.open(path, replace(LAYOUT, migrations=LAYOUT.migrations[:2]))
    with old.writing() as connection:
        connection.exec_driver_sql("INSERT INTO article_numbers VALUES (1, 'a')")
        connection.exec_driver_sql(
            "INSERT INTO events (at, type, article, impression) VALUES (?, 0, 1, ?)",
            (int(NOON.timestamp()) * 10**6, b"0123456789abcdef"),
        )
    old.close()
    teams = Trial("x", "interleaved", ("a", "b"))
    with EventLog.open(path) as log:
        log.append([impression("new", "a", "b", trial=teams), clicked("b", "new")])
        found = read_shown(log).lists
    assert [one.trial for one in found] == [None, teams]
    assert found[1].clicked == (1,)


RECORD = {"type": "impression", "at": "2024-05-01T12:00:00Z", "impression_id": "i"}
TOLD = {"name": "x", "arm": "interleaved", "teams": ["a", ""]}


@pytest.mark.parametrize(
    ("told", "trial"),
    [
        ({"experiment": TOLD}, Trial("x", "interleaved", ("a", ""))),
        ({"experiment": json.dumps(TOLD)}, Trial("x", "interleaved", ("a", ""))),
        ({"experiment": "x", "arm": "a"}, TRIAL),
        ({"experiment": "x", "arm": "a", "teams": '["a","b"]'}, Trial("x", "a", ("a", "b"))),
        ({"experiment": None}, None),
        ({}, None),
        # columns of another meaning, which were passed over before there were experiments
        ({"experiment": "blue button"}, None),
        ({"arm": "left", "teams": "red"}, None),
        ({"experiment": {"id": 7}}, None),
    ],
)
def test_records_tell_of_experiments(told: dict[str, object], trial: Trial | None) -> None:
    assert event_of({**RECORD, "shown": ["p", "q"], **told}).trial == trial
    assert event_of({**RECORD, "type": "view", "article_id": "p", **told}).trial is None


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"experiment": {"name": "x"}}, "expected a name and an arm"),
        ({"experiment": {"name": "x", "arm": 7}}, "expected a name and an arm"),
        ({"experiment": {**TOLD, "teams": ["a"]}}, "one for each of 2 shown"),
        ({"experiment": {**TOLD, "teams": [1, 2]}}, "names of pipelines"),
        ({"experiment": "{"}, None),
        ({"experiment": "{", "arm": "a"}, "is no JSON"),
    ],
)
def test_records_that_tell_half_are_refused(told: dict[str, object], reason: str | None) -> None:
    with pytest.raises(ValueError, match=reason or "is no JSON"):
        event_of({**RECORD, "shown": ["p", "q"], **told})


def test_files_are_imported_once_with_their_experiments(tmp_path: Path) -> None:
    lines = [json.dumps({**RECORD, "shown": ["p", "q"], "experiment": TOLD}), json.dumps(RECORD)]
    table = (
        "type,at,impression_id,shown,experiment,arm\nimpression,2024-05-01T12:00:00Z,j,p q,x,a\n"
    )
    rejects: list[Reject] = []
    with EventLog.open(tmp_path / "events.sqlite") as log:
        kept = []
        for _ in range(2):
            for items in (
                json_lines(["\n".join(lines).encode()], name="log"),
                csv_rows([table.encode()], name="log"),
            ):
                done = import_events(
                    log,
                    items,
                    name="log",
                    now=datetime(2030, 1, 1, tzinfo=UTC),
                    on_reject=rejects.append,
                )
                kept.append(done.kept)
        trials = [one.trial for one in read_shown(log).lists]
    assert kept == [1, 1, 0, 0]
    assert [one.position for one in rejects] == [2, 2]
    assert trials == [Trial("x", "interleaved", ("a", "")), TRIAL]


def test_an_event_without_an_experiment_has_the_derived_id_that_it_had(tmp_path: Path) -> None:
    """Logs that were imported before there were experiments are not kept twice."""
    with EventLog.open(tmp_path / "events.sqlite", Keeping(hashed=False)) as log:
        plain, part = impression("", "a"), impression("", "a", trial=TRIAL)
        assert log.derived_id(plain, 0) == "derived:894f690ad173c00f6d38d15673218906"
        assert log.derived_id(part, 0) != log.derived_id(plain, 0)


GOOD = {
    "timestamp": "2024-05-01T12:00:00Z",
    "article_id": "page",
    "shown": ["a", "b"],
    "clicked": ["b"],
}


def test_a_publishers_own_lists_are_read(tmp_path: Path) -> None:
    full = {**GOOD, "reader": 7, "propensities": [1, 0.25], "positions": [2, 1]}
    late = {**GOOD, "timestamp": "2024-05-02", "reader": ""}
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, (late, full, GOOD))).encode()))
    first, second, third = read_logged(path)
    assert (first.page, first.reader, first.propensities) == ("page", None, None)
    assert (second.reader, second.propensities, second.places) == ("7", (1.0, 0.25), (1, 0))
    assert (third.shown, third.clicked, third.clicks, third.places) == (("a", "b"), (1,), 1, (0, 1))
    assert list(read_logged(path, since=NOON, until=NOON + MINUTE)) == [second, third]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"article_id": None}, "article_id: expected the article that the list stood beside"),
        ({"propensities": [1]}, "propensities: expected 2 numbers above 0 and up to 1"),
        ({"propensities": [1, 0]}, "propensities: expected 2 numbers"),
        ({"clicked": ["z"]}, "clicked: expected only articles that were shown"),
    ],
)
def test_a_line_that_is_no_list_is_told(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, (GOOD, {**GOOD, **change}))))
    with pytest.raises(SourceError, match=f"line 2: {told}"):
        list(read_logged(path))
