import gzip
from pathlib import Path

import pytest

from recommender.errors import SourceError
from recommender.evaluation.judgements import read_judgements

HEAD = "query_id\tdoc_id\tgrade\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "qrels.tsv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_line_is_a_judged_pair(tmp_path: Path) -> None:
    found = read_judgements(written(tmp_path, f"{HEAD}a\tb\t2\na\tc\t0\nb\ta\t1\n"))

    assert found.grades == {"a": {"b": 2, "c": 0}, "b": {"a": 1}}
    assert found.pairs == 3


@pytest.mark.parametrize(
    "content",
    [
        f"{HEAD}a\tb\t2".replace("\n", "\r\n"),
        f"\ufeff{HEAD}\n a \tb\t2\n\n",
        f"{HEAD}a\tb\t2\na\tb\t2\n",
    ],
    ids=["line ends of Windows", "mark, spaces and empty lines", "said twice"],
)
def test_harmless_oddities_are_read(tmp_path: Path, content: str) -> None:
    assert read_judgements(written(tmp_path, content)).grades == {"a": {"b": 2}}


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(f"{HEAD}a\tb\t2\n".encode()))

    assert read_judgements(path).grades == {"a": {"b": 2}}


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        ("a\tb\t1\n", "line 1", "expected the header query_id doc_id grade"),
        ("query_id doc_id grade\n", "line 1", "parted by tabs"),
        (f"{HEAD}a\tb\t1\n\na\tb c\n", "line 4", "expected 3 values"),
        (f"{HEAD}a\tQ0\tb\t1\n", "line 2", "got 4"),
        (f"{HEAD}a\t\t1\n", "line 2", "empty id"),
        (f"{HEAD}a\tb\t0.5\n", "line 2", "a whole number from 0 (not related) upwards, got '0.5'"),
        (f"{HEAD}a\tb\t-1\n", "line 2", "got '-1'"),
        (f"{HEAD}a\tb\t²\n", "line 2", "whole number"),
        (f"{HEAD}a\tb\t1\nb\ta\t1\na\tb\t2\n", "line 4", "grade 2 here and 1 further up"),
        (f"{HEAD}a\tb\t1\n".encode() + b"\xff\xfe\t\t\n", "line 3", "not UTF-8"),
        (gzip.compress(f"{HEAD}a\tb\t1\n".encode(), mtime=0)[:-9], "after line", "cut off"),
        ("", "qrels.tsv is empty", "expected the header"),
        (HEAD, "qrels.tsv", "no judgement below its header"),
    ],
)
def test_what_is_no_judgement_is_told_with_its_line(
    tmp_path: Path, content: str | bytes, line: str, expected: str
) -> None:
    with pytest.raises(SourceError) as told:
        read_judgements(written(tmp_path, content))

    assert str(tmp_path / "qrels.tsv") in str(told.value)
    assert line in str(told.value)
    assert expected in str(told.value)


def test_an_absent_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        read_judgements(tmp_path / "qrels.tsv")
    with pytest.raises(SourceError, match="cannot be opened"):
        read_judgements(tmp_path)
