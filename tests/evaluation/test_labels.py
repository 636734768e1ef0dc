import gzip
import json
from pathlib import Path

import pytest

from recommender.errors import SourceError
from recommender.evaluation.labels import read_labels


def line(article_id: object, related_id: object, clicked: object) -> str:
    return json.dumps({"article_id": article_id, "related_id": related_id, "clicked": clicked})


def written(path: Path, *lines: str | bytes) -> Path:
    path.write_bytes(b"\n".join(one.encode() if isinstance(one, str) else one for one in lines))
    return path


def test_a_pair_that_was_clicked_once_is_related_and_one_that_never_was_is_not(
    tmp_path: Path,
) -> None:
    log = [line("a", "b", False), line("a", "c", False), "", line("a", "b", True)]
    log += [line("a", "b", False), line(7, " d ", True)]

    found = read_labels(written(tmp_path / "clicks.jsonl", *log))
    assert found.judgements.grades == {"a": {"b": 1, "c": 0}, "7": {"d": 1}}
    assert found.kind == "clicks"
    assert found.judged_only


@pytest.mark.parametrize("judged_only", [False, True])
def test_any_other_name_is_a_file_of_judgements(tmp_path: Path, *, judged_only: bool) -> None:
    path = tmp_path / "labels.tsv.gz"
    path.write_bytes(gzip.compress(b"query_id\tdoc_id\tgrade\na\tb\t2\n"))

    found = read_labels(path, judged_only=judged_only)
    assert found.judgements.grades == {"a": {"b": 2}}
    assert found.kind == "judgements"
    assert found.judged_only is judged_only


def test_a_log_may_be_gzip(tmp_path: Path) -> None:
    path = tmp_path / "Clicks.JSONL.gz"
    path.write_bytes(gzip.compress(line("a", "b", True).encode()))

    assert read_labels(path).judgements.grades == {"a": {"b": 1}}


GOOD = line("a", "b", True)


@pytest.mark.parametrize(
    ("lines", "place", "expected"),
    [
        ((GOOD, "", "[1]"), "line 3", "expected a JSON object with article_id, related_id and"),
        ((GOOD, '{"article_id": "a",'), "line 2", "expected one JSON object on the line"),
        ((line("a", "b", 1),), "line 1", "clicked: expected true or false, got 1"),
        ((line("a", "b", None),), "line 1", "clicked: expected true or false"),
        ((line("", "b", True),), "line 1", "article_id: expected an article's id, got an empty"),
        (('{"article_id": "a", "clicked": true}',), "line 1", "related_id: expected a string"),
        ((GOOD, b'{"article_id": "\xff"}'), "line 2", "not UTF-8"),
        ((gzip.compress(GOOD.encode(), mtime=0)[:-9],), "after line", "cut off"),
        (("", ""), "clicks.jsonl", "is empty; expected a JSON object a line"),
    ],
)
def test_what_is_no_impression_is_told_with_its_line(
    tmp_path: Path, lines: tuple[str | bytes, ...], place: str, expected: str
) -> None:
    path = written(tmp_path / "clicks.jsonl", *lines)
    with pytest.raises(SourceError) as told:
        read_labels(path)

    assert str(path) in str(told.value)
    assert place in str(told.value)
    assert expected in str(told.value)


def test_an_absent_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        read_labels(tmp_path / "clicks.jsonl")
    with pytest.raises(SourceError, match="There is no file"):
        read_labels(tmp_path / "labels.tsv")
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(SourceError, match="cannot be opened"):
        read_labels(tmp_path / "folder.jsonl")
