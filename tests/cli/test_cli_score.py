import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from recommender.cli.score_files import opened
from recommender.errors import InputError
from recommender.jobs.names import Names
from recommender.jobs.scoring import ScoredBatch
from recommender.slots.corpus import Corpus
from tests.cli.ended_command import Run
from tests.slots.ruled_corpus import ruled_corpus


@pytest.mark.usefixtures("place")
def test_both_formats_hold_the_same_rows(run: Run) -> None:
    options = ("--limit", "1000", "--pipeline", "similarity", "--json")
    parquet = json.loads(run("score", "--output", "scores.parquet", *options).out)
    jsonl = json.loads(run("score", "--output", "scores.jsonl", *options).out)

    rows = pyarrow.parquet.read_table("scores.parquet").to_pylist()
    assert rows == [json.loads(line) for line in Path("scores.jsonl").read_text().splitlines()]
    assert len(rows) == parquet["rows"] == jsonl["rows"]
    assert list(rows[0]) == ["article_id", "position", "related_id", "score"]
    assert parquet["articles"] == len({row["article_id"] for row in rows}) == 30
    first = [row for row in rows if row["article_id"] == "hp-0001"]
    assert [row["position"] for row in first] == list(range(1, len(first) + 1))
    assert {row["related_id"] for row in first[:2]} == {"hp-0011", "hp-0021"}


@pytest.mark.usefixtures("place")
def test_only_the_ids_of_a_file(run: Run) -> None:
    ended = run("score", "--output", "scores.jsonl", "--ids", "ids.txt", "--limit", "2")

    rows = [json.loads(line) for line in Path("scores.jsonl").read_text().splitlines()]
    assert ended.status == 0
    assert [row["article_id"] for row in rows] == ["hp-0001", "hp-0001", "hp-0002", "hp-0002"]


@pytest.fixture
def batches(corpus: Corpus) -> list[ScoredBatch]:
    """Many small ones."""
    names = Names(corpus)
    count = len(corpus)
    return [
        ScoredBatch(
            names=names,
            subjects=np.full(2, one),
            positions=np.array([1, 2], dtype=np.int32),
            related=np.array([one + 1, one + 2]) % count,
            scores=np.array([1, 0.5], dtype=np.float32),
            articles=1,
        )
        for one in list(range(count)) * 3
    ]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return ruled_corpus(0)


def rows_of(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return pyarrow.parquet.read_table(path).to_pylist()


NAMES = pytest.mark.parametrize("name", ["scores.parquet", "scores.jsonl"])


@NAMES
def test_what_breaks_off_is_gone_on_with(
    tmp_path: Path, batches: list[ScoredBatch], name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"of last night")

    def failing() -> Iterator[ScoredBatch]:
        yield from batches[:80]
        raise RuntimeError

    with pytest.raises(RuntimeError), opened(path, {"limit": 2}, "noon") as file:
        file.write(failing())
    assert path.read_bytes() == b"of last night"
    with opened(path, {"limit": 2}, "one o'clock") as file:
        assert (file.done, file.at) == (64, "noon")  # whole parts, as of the time of the first run
        written = file.write(iter(batches[file.done :]))
    assert (written.articles, written.taken_up) == (len(batches), 64)
    assert [one.name for one in tmp_path.iterdir()] == [name]
    found = rows_of(path)
    assert len(found) == written.rows == 2 * len(batches)
    expected = [
        (each, related)
        for one in batches
        for each, related in zip(one.article_ids, one.related_ids, strict=True)
    ]
    assert [(one["article_id"], one["related_id"]) for one in found] == expected


@NAMES
def test_of_another_question_nothing_is_taken_up(
    tmp_path: Path, batches: list[ScoredBatch], name: str
) -> None:
    def failing() -> Iterator[ScoredBatch]:
        yield from batches[:80]
        raise RuntimeError

    with pytest.raises(RuntimeError), opened(tmp_path / name, {"limit": 2}, "noon") as file:
        file.write(failing())
    with opened(tmp_path / name, {"limit": 3}, "one o'clock") as file:
        assert (file.done, file.at) == (0, "one o'clock")
        assert file.write(iter(batches[:3])).rows == 6


def test_two_runs_do_not_write_one_file(tmp_path: Path, batches: list[ScoredBatch]) -> None:
    path = tmp_path / "scores.jsonl"
    with opened(path, {}, "noon") as file:
        busy = pytest.raises(InputError, match=r"Another run writes .*scores.jsonl")
        with busy, opened(path, {}, "noon"):
            pass
        file.write(iter(batches[:3]))
    assert len(rows_of(path)) == 6


@NAMES
def test_nothing_to_score_is_an_empty_file(tmp_path: Path, name: str) -> None:
    with opened(tmp_path / name, {}, "noon") as file:
        written = file.write(iter(()))

    assert (written.articles, written.rows) == (0, 0)
    assert rows_of(tmp_path / name) == []


KILLED = """
import os, signal, sys
from recommender.cli import main, score_files
from recommender.jobs import scoring
from recommender.pages import Pages

scoring.BATCH, score_files._BATCHES = 1, 4
score = Pages.score

def broken_off(*args, **options):
    for number, batch in enumerate(score(*args, **options)):
        if number == 10:
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch

Pages.score = broken_off
sys.argv[0] = "recommender"
main()
"""


@pytest.mark.usefixtures("place")
def test_a_command_goes_on_where_it_was_killed(run: Run) -> None:
    whole = ("score", "--limit", "2", "--at", "2026-05-01T12:00:00Z", "--output")
    assert run(*whole, "scores.jsonl").status == 0
    killed = subprocess.run([sys.executable, "-c", KILLED, *whole, "again.jsonl"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not Path("again.jsonl").exists()
    ended = run(*whole, "again.jsonl")
    assert ended.status == 0
    assert "Went on behind 8 articles" in ended.out
    assert Path("again.jsonl").read_text() == Path("scores.jsonl").read_text()
    assert not list(Path().glob(".again*"))


@pytest.mark.usefixtures("place")
def test_what_never_began_leaves_nothing_behind(run: Run) -> None:
    before = sorted(Path().iterdir())
    Path("unknown.txt").write_text("hp-9999")
    ended = run("score", "--output", "scores.jsonl", "--ids", "unknown.txt")
    assert "No article has the id 'hp-9999'" in ended.err
    Path("unknown.txt").unlink()
    assert sorted(Path().iterdir()) == before
    ended = run("score", "--output", "nowhere/scores.jsonl")
    assert ended.status == 1
    assert "nowhere" in ended.err
