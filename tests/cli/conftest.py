import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender.cli import main
from tests.cli.ended_command import Ended, Run
from tests.cli.village_paper import records, write_articles, write_inputs


@pytest.fixture(scope="session")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two snapshots and events, made by the commands themselves; not to be changed."""
    folder = tmp_path_factory.mktemp("built")
    home = folder / "home"
    write_inputs(folder)
    most = write_articles(folder / "most.jsonl", records()[:-1])
    assert main(["rebuild", str(most), "--home", str(home)]) == 0
    assert main(["events", str(folder / "events.jsonl"), "--home", str(home)]) == 0
    assert main(["rebuild", str(folder / "articles.jsonl"), "--home", str(home)]) == 0
    # not for long, so that it changes no slot; the help's examples end it
    block = ["rules", "add", "block", "--article", "hp-0030", "--from", "2099-01-01"]
    assert main([*block, "--by", "desk", "--why", "test", "--home", str(home)]) == 0
    return home


@pytest.fixture
def place(tmp_path: Path, built_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: every input file, and a copy of the home where it stands by default."""
    monkeypatch.delenv("RECOMMENDER_HOME", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(built_home, tmp_path / "recommender-data", symlinks=True)
    write_inputs(tmp_path)
    return tmp_path


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def run_it(*arguments: str) -> Ended:
        capfd.readouterr()
        status = main(arguments)
        out, err = capfd.readouterr()
        return Ended(status, out, err)

    return run_it


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C means what it does at a terminal: what a shell runs in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
