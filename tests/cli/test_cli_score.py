import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from recommender.cli.score_files import write_scores
from recommender.jobs.scoring import ScoredBatch
from tests.cli.ended_command import Run


def batch(article_id: str, *related: str) -> ScoredBatch:
    count = len(related)
    return ScoredBatch(
        article_ids=(article_id,) * count,
        positions=np.arange(1, count + 1, dtype=np.int32),
        related_ids=related,
        scores=np.linspace(1, 0.5, count, dtype=np.float32),
    )


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


@pytest.mark.parametrize("name", ["scores.parquet", "scores.jsonl"])
def test_what_fails_halfway_leaves_the_old_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_scores(path, [batch("a", "b", "c")])
    before = path.read_bytes()

    def failing() -> Iterator[ScoredBatch]:
        yield batch("a", "x")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_scores(path, failing())
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["scores.parquet", "scores.jsonl"])
def test_nothing_to_score_is_an_empty_file(tmp_path: Path, name: str) -> None:
    written = write_scores(tmp_path / name, [])

    assert (written.articles, written.rows) == (0, 0)
    assert (tmp_path / name).exists()
