import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from recommender.cli.app import app
from tests.cli.ended_command import Run
from tests.cli.village_paper import NOW

ROOT = typer.main.get_command(app)


def commands() -> Iterator[tuple[str, ...]]:
    for name, command in ROOT.commands.items():  # type: ignore[attr-defined]  # a group, as there are several
        below = getattr(command, "commands", None)
        if below is None:
            yield (name,)
        else:
            yield from ((name, inner) for inner in below)


def examples(command: tuple[str, ...]) -> list[str]:
    node = ROOT
    for name in command:
        node = node.commands[name]  # type: ignore[attr-defined]  # as above
    lines = (node.epilog or "").splitlines()
    return [line.strip() for line in lines if line.startswith("  recommender ")]


COMMANDS = sorted(commands())
# serve has a test of its own, nobody answers at www.example.org, and the sample is another test
RUNNABLE = [
    one
    for command in COMMANDS
    for one in examples(command)
    if command != ("serve",) and "https://" not in one and one != "recommender demo"
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_examples_of_the_command(command: tuple[str, ...], run: Run) -> None:
    shown = run(*command, "--help")

    assert shown.status == 0
    assert f"\n    recommender {' '.join(command)}" in shown.out
    assert "--home" in shown.out or command == ("evaluate", "popular")  # which needs none
    assert "--json" in shown.out


@pytest.mark.parametrize("example", RUNNABLE)
@pytest.mark.usefixtures("place")
def test_examples_of_the_help_run(example: str, run: Run) -> None:
    ended = run(*shlex.split(example)[1:])

    assert ended.status == 0, ended.err
    assert ended.out


@pytest.mark.parametrize(
    "command",
    [
        "related hp-0021",
        "popular",
        "slots hp-0021",
        "status",
        "settings",
        "snapshots list",
        "snapshots verify",
        "snapshots rollback",
        "snapshots prune",
        "withdraw hp-0030",
        "events events.jsonl",
        "score --output scores.jsonl",
        "rebuild articles.jsonl",
        "demo articles.jsonl --home recommender-data",
        "evaluate judged --home recommender-data",
    ],
)
@pytest.mark.usefixtures("place")
def test_json_is_json_alone(command: str, run: Run) -> None:
    ended = run(*command.split(), "--json")

    assert ended.status == 0, ended.err
    assert json.loads(ended.out)


@pytest.mark.usefixtures("place")
def test_related_shows_the_story_first_with_reasons(run: Run) -> None:
    answer = json.loads(run("related", "hp-0021", "--limit", "2", "--at", NOW, "--json").out)

    assert {card["id"] for card in answer["data"]} == {"hp-0001", "hp-0011"}
    assert answer["meta"]["fallback"] is None
    reasons = answer["data"][0]["reasons"]
    assert reasons[0]["signal"] == "expanded"
    assert answer["data"][0]["because"]
    assert 0 < answer["data"][0]["relevance"] < 1
    total = sum(one["contribution"] for one in reasons)
    assert total == pytest.approx(answer["data"][0]["score"], abs=1e-5)


@pytest.mark.usefixtures("place")
def test_text_file_and_standard_input_ask_the_same(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Path("draft.txt").read_text(encoding="utf-8")
    by_text = json.loads(run("related", "--text", text, "--at", NOW, "--json").out)
    by_file = json.loads(run("related", "--file", "draft.txt", "--at", NOW, "--json").out)
    with Path("draft.txt").open(encoding="utf-8") as piped:
        monkeypatch.setattr(sys, "stdin", piped)
        by_pipe = json.loads(run("related", "--file", "-", "--at", NOW, "--json").out)

    assert by_text == by_file == by_pipe
    assert by_text["data"][0]["id"] in {"hp-0001", "hp-0011", "hp-0021"}


@pytest.mark.usefixtures("place")
def test_options_narrow_what_is_shown(run: Run) -> None:
    def ids(*options: str) -> list[str]:
        answer = json.loads(run("related", "hp-0021", "--json", "--limit", "30", *options).out)
        return [card["id"] for card in answer["data"]]

    everything = ids("--at", NOW)
    assert "hp-0001" in everything
    assert "hp-0001" not in ids("--at", NOW, "--exclude", "hp-0001")
    assert "hp-0001" not in ids("--at", NOW, "--seen", "hp-0001")
    assert set(ids("--section", "sport")) <= {"hp-0003", "hp-0013", "hp-0023"}
    assert "hp-0001" not in ids("--language", "de")
    assert all(one <= "hp-0010" for one in ids("--at", "2025-08-31"))


@pytest.mark.usefixtures("place")
def test_popular_counts_readers(run: Run) -> None:
    answer = json.loads(run("popular", "--at", NOW, "--json").out)

    assert [card["id"] for card in answer["data"]] == ["hp-0028", "hp-0023", "hp-0022", "hp-0021"]
    long_after = json.loads(run("popular", "--at", "2026-11-01", "--json").out)
    assert long_after["meta"]["fallback"] == "latest"


@pytest.mark.usefixtures("place")
def test_slots_never_show_an_article_twice(run: Run) -> None:
    page = json.loads(run("slots", "hp-0021", "--at", NOW, "--limit", "20", "--json").out)
    shown = [card["id"] for slot in page["data"].values() for card in slot]

    assert page["data"]["related"]
    assert page["data"]["popular"]
    assert len(set(shown)) == len(shown)
    assert "hp-0021" not in shown
    assert set(page["meta"]["fallback"]) == {"related", "popular"}


@pytest.mark.usefixtures("place")
def test_explained_are_the_signals_beside_the_reasons(run: Run) -> None:
    short = run("related", "hp-0021", "--at", NOW).out
    explained = run("related", "hp-0021", "--at", NOW, "--explain").out

    for told in (short, explained):
        assert "shares" in told or "similar" in told or "same story" in told
    assert "expanded" not in short
    assert "popularity" not in short
    assert "popularity" in explained
    assert "editors_choice" in explained


@pytest.mark.usefixtures("place")
def test_a_headline_is_no_markup(run: Run, place: Path) -> None:
    article = {"id": "x-1", "title": "[bold]Bees[/nothing] in the clock", "body": "A swarm."}
    (place / "odd.jsonl").write_text(json.dumps(article))
    assert run("rebuild", "odd.jsonl").status == 0

    assert "[bold]Bees[/nothing]" in run("related", "hp-0021", "--limit", "30").out


@pytest.mark.usefixtures("place")
def test_withdrawn_is_gone_and_unknown_ids_are_told(run: Run) -> None:
    ended = run("withdraw", "hp-0001", "nobody")

    assert ended.status == 1
    assert ended.err.count("\n") == 1
    assert "nobody" in ended.err
    shown = json.loads(run("related", "hp-0021", "--limit", "30", "--json").out)["data"]
    assert "hp-0001" not in {card["id"] for card in shown}
    status = json.loads(run("status", "--json").out)
    assert status["articles"]["withdrawn"] == 1
    assert status["changed"] == 1


@pytest.mark.parametrize(
    "command",
    ["rebuild articles.jsonl", "events events.jsonl", "demo", "settings", "status", "popular"],
)
@pytest.mark.usefixtures("place")
def test_a_file_as_the_home_is_refused_by_every_command(run: Run, command: str) -> None:
    Path("file").write_text("", encoding="utf-8")
    ended = run(*command.split(), "--home", "file")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        "recommender: file is a file; expected the folder of everything. "
        "Name one with --home or RECOMMENDER_HOME.\n"
    )


@pytest.mark.usefixtures("place")
def test_status_tells_times_to_the_second(run: Run) -> None:
    shown = " ".join(run("status").out.split())
    assert re.search(r"snapshot \d+-[0-9a-f]{8} of [0-9-]{10}T[0-9:]{8}Z, 30 articles", shown)


@pytest.mark.usefixtures("place")
def test_settings_say_where_each_came_from(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "recommender-data" / "recommender.toml").write_text("[rebuild]\nkeep = 5\n")
    monkeypatch.setenv("RECOMMENDER_POPULAR__WINDOW_DAYS", "3")
    changed = json.loads(run("settings", "--changed", "--json").out)

    assert {(one["name"], one["value"], one["source"]) for one in changed} == {
        ("rebuild.keep", 5, "recommender.toml"),
        ("popular.window_days", 3.0, "RECOMMENDER_POPULAR__WINDOW_DAYS"),
    }
    monkeypatch.setenv("RECOMMENDER_POPULAR__WINDOW_DAY", "3")
    wrong = run("status")
    assert wrong.status == 1
    assert wrong.err.count("\n") == 1
    assert "Did you mean RECOMMENDER_POPULAR__WINDOW_DAYS" in wrong.err


@pytest.mark.usefixtures("place")
def test_home_comes_from_the_variable_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOMMENDER_HOME", "elsewhere")
    assert "elsewhere is no folder" in run("status").err
    assert not Path("elsewhere").exists()
    assert run("status", "--home", "recommender-data").status == 0


BAD = {
    "related": (2, "Expected one of ID, --text and --file"),
    "related hp-0021 --text bees": (2, "Expected one of"),
    "related hp-21": (1, "hp-0021"),
    "related hp-0021 --limit 1001": (2, "--limit"),
    "related hp-0021 --limt 3": (2, "Did you mean --limit?"),
    "rules add boost --until 2030-01-01": (2, "Did you mean --to?"),
    "rules add boost --valid-to=2030-01-01": (2, "Did you mean --to?"),
    "related hp-0021 --wholly-else 3": (2, "No such option: --wholly-else. See"),
    "related hp-0021 --at yesterday": (2, "2025-05-01T08:00:00Z"),
    "related hp-0021 --pipeline defualt": (1, "similarity"),
    "related --file absent.txt": (1, "absent.txt"),
    "related --file events.jsonl.gz": (1, "UTF-8"),
    "rebuild articles.json": (1, "articles.jsonl"),
    "rebuild articles.jsonl --map titel=headline": (1, "title"),
    "score --output scores.csv": (1, ".parquet"),
    "score --output absent/scores.jsonl": (1, "absent"),
    "score --output s.jsonl --ids articles.jsonl": (1, "No article"),
    "events absent.jsonl": (1, "absent.jsonl is not there: expected a file of events"),
    "events events.jsonl recommender-data": (1, "recommender-data is a folder"),
    "compare default similarity --html absent/x.html": (
        1,
        "absent/x.html cannot be written: there is no folder absent",
    ),
    "compare default similarity --html recommender-data": (1, "expected a file"),
    "snapshots verify 7": (1, "there are"),
    "snapshots": (2, "snapshots --help"),
    "nonsense": (2, "recommender --help"),
    "serve --port 99999": (2, "--port"),
    "serve --home absent": (1, "recommender rebuild"),
    "related hp-0021 --home articles.jsonl": (1, "articles.jsonl is a file; expected the folder"),
    "serve --host 192.0.2.1 --port 0": (1, "name it with --host"),
}


@pytest.mark.parametrize("command", BAD)
@pytest.mark.usefixtures("place")
def test_what_is_wrong_is_told_in_one_line(command: str, run: Run) -> None:
    ended = run(*command.split())
    status, way_out = BAD[command]

    told = [line for line in ended.err.splitlines() if line != "read"]
    assert ended.status == status
    assert len(told) == 1
    assert way_out in told[0]
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", ["--debug related nobody", "related nobody --debug"])
@pytest.mark.usefixtures("place")
def test_debug_shows_where_an_error_came_from(command: str) -> None:
    source = "import sys; from recommender.cli import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", source, *command.split()],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "UnknownArticle" in ended.stderr


@pytest.mark.usefixtures("place")
def test_quick_commands_load_nothing_heavy() -> None:
    source = (
        "import sys; from recommender.cli import main; assert main(['--help']) == 0; "
        "assert main(['slots', 'hp-0021']) == 0; heavy = {'torch', 'sklearn', 'fastapi', "
        "'uvicorn', 'transformers', 'pyarrow', "
        "'ir_measures', 'bm25s'} & set(sys.modules); assert not heavy, heavy"
    )
    ended = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr


@pytest.mark.usefixtures("place")
def test_a_reader_that_had_enough_is_no_error() -> None:
    source = "import sys; from recommender.cli import main; sys.exit(main())"
    command = f"{sys.executable} -c '{source}' settings --json | head -n 1"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr


def test_version_is_that_of_the_project(run: Run) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())

    assert run("--version").out == f"recommender {project['project']['version']}\n"
    assert "Commands:" in run().out
