"""The README's commands, settings and Python run as they are written."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from recommender.api.event_bodies import Arrival, read_events
from recommender.api.query_strings import POPULAR, RELATED, SLOTS
from recommender.settings import load_settings
from recommender.wiring import assemble

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample under the names that the README uses."""
    made = tmp_path_factory.mktemp("readme")
    for name in ("articles.jsonl", "events.jsonl"):
        (made / name).write_bytes(files("recommender").joinpath("sample", name).read_bytes())
    _judge(made / "articles.jsonl", made / "judged")
    return made


def _judge(articles: Path, folder: Path) -> None:
    """Calls neighbours in a section related: enough for the commands to have something to do."""
    folder.mkdir()
    shutil.copy(articles, folder)
    sections: dict[str, list[str]] = {}
    for line in articles.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        sections.setdefault(one["section"], []).append(one["id"])
    pairs = [f"{left}\t{right}\t1" for ids in sections.values() for left, right in pairwise(ids)]
    (folder / "qrels.tsv").write_text("\n".join(["query_id\tdoc_id\tgrade", *pairs]))


def _run(command: list[str], folder: Path) -> str:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_commands_and_the_python_run_as_written(folder: Path) -> None:
    commands = [line for block in _blocks("sh") for line in block.splitlines()]
    assert any("rebuild" in command for command in commands)
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "recommender"
        if arguments[0] != "serve":  # has no end; the tests of the API start it
            _run([sys.executable, "-c", _MAIN, *arguments], folder)
    (python,) = _blocks("python")
    printed = _run([sys.executable, "-c", python], folder).splitlines()
    assert printed[0].startswith("1 ")
    assert int(printed[-1]) > 0


_MAIN = "import sys; sys.argv[0] = 'recommender'; from recommender.cli import main; main()"


def test_the_events_that_are_sent_over_http_count() -> None:
    (block,) = _blocks("console")
    command = shlex.split(block)
    assert command[1].endswith("/v1/events")
    now = datetime.now(UTC)
    sent = json.loads(command[command.index("-d") + 1])
    read = read_events(sent, Arrival(now, now - timedelta(days=1), bot=True))  # as curl is
    assert [one.type for one in read.events] == ["view", "click"]
    assert not any(one.aside for one in read.events)


def test_the_settings_are_valid(tmp_path: Path) -> None:
    (block,) = _blocks("toml")
    (tmp_path / "recommender.toml").write_text(block)
    given = tomllib.loads(block)
    settings = load_settings(tmp_path)
    assert settings.popular.window_days == given["popular"]["window_days"]
    assert settings.embedder.model == given["embedder"]["model"]
    # and together they make a product: pipelines, slots and experiments know each other
    with closing(assemble(tmp_path)) as parts:
        assert set(given.get("slots", {})) <= set(parts.slots)
        assert set(given.get("pipelines", {})) <= set(parts.pipelines)
        assert set(given.get("experiments", {})) <= set(parts.experiments.by_name)


def test_every_parameter_of_a_slot_is_named() -> None:
    (named,) = re.findall(r"^Parameters: (.*?); `/docs`", README, flags=re.DOTALL | re.MULTILINE)
    asked = {one.name for query in (RELATED, POPULAR, SLOTS) for one in query.parameters}
    assert set(re.findall(r"`(\w+)`", named)) == asked


def test_every_make_target_of_the_readme_exists() -> None:
    for target in sorted(set(re.findall(r"make ([a-z]+)", README))):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


def test_every_section_of_the_report_that_the_readme_names_is_there() -> None:
    figures = README.partition("## Figures\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"(?<!\*)\*([A-Z`][^*]+)\*(?!\*)", figures))
    report = (ROOT / "benchmarks" / "REPORT.md").read_text(encoding="utf-8")
    assert len(named) > 3
    assert named <= set(re.findall(r"^## (.+)$", report, flags=re.MULTILINE))
