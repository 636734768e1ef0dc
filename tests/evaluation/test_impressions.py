import gzip
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from recommender.errors import SourceError
from recommender.evaluation.impressions import LoggedImpression, read_impressions

GOOD = {"timestamp": "2024-05-01T12:00:00Z", "shown": ["a", "b", "c"], "clicked": ["b"]}


def log(folder: Path, *records: object, name: str = "log.jsonl") -> Path:
    lines = [one if isinstance(one, bytes) else orjson.dumps(one) for one in records]
    content = b"\n".join(lines) + b"\n"
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
def test_lines_are_lists_that_were_shown(tmp_path: Path, name: str) -> None:
    full = GOOD | {"history": ["z", 7, "z"], "positions": [2, 1, 9], "user_id": "u1"}
    late = {"at": 1_714_564_860, "shown": [7], "clicked": [], "history": None}
    found = list(read_impressions(log(tmp_path, GOOD, b"", full, late, name=name)))

    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert found == [
        LoggedImpression(noon, ("a", "b", "c"), ("b",), (), None),
        LoggedImpression(noon, ("a", "b", "c"), ("b",), ("z", "7"), (1, 0, 8)),
        LoggedImpression(noon.replace(minute=1), ("7",), (), (), None),
    ]
    assert [one.undecided for one in found] == [False, False, True]


BAD: dict[str, tuple[object, str]] = {
    "no JSON": (b"{", "expected one JSON object on the line"),
    "no object": ([1], "expected a JSON object with timestamp, shown and clicked, got [1]"),
    "no time": ({"shown": ["a"], "clicked": []}, "expected a time such as 2019-11-09T00:01:13Z"),
    "not a time": (GOOD | {"timestamp": "soon"}, "timestamp: 'soon'"),
    "true is no time": (GOOD | {"timestamp": True}, "got True"),
    "nothing shown": (GOOD | {"shown": [], "clicked": []}, "expected 1 to 1,000 article ids"),
    "shown is no list": (GOOD | {"shown": "a b"}, "shown: expected a list of article ids"),
    "no clicks told": (
        {**GOOD, "clicked": None},
        "clicked: expected a list of article ids, got none.",
    ),
    "twice": (GOOD | {"shown": ["a", "a", "b"]}, "shown: expected each article once"),
    "not shown": (GOOD | {"clicked": ["d"]}, "clicked: expected only articles that were shown"),
    "an empty id": (GOOD | {"shown": ["a", "", "b"]}, "shown: expected article ids"),
    "an id that is none": (GOOD | {"history": [{}]}, "history"),
    "too few places": (GOOD | {"positions": [1, 2]}, "expected 3 distinct whole numbers from 1"),
    "the same place": (GOOD | {"positions": [1, 2, 2]}, "expected 3 distinct whole numbers"),
    "place nought": (GOOD | {"positions": [0, 1, 2]}, "from 1 to 1,000"),
    "earlier": (
        GOOD | {"timestamp": "2024-05-01T11:59:59Z"},
        "in the order of time, got 2024-05-01T11:59:59+00:00 after 2024-05-01T12:00:00+00:00",
    ),
    "no UTF-8": (b'{"shown": "\xff"}', "it is not UTF-8"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, case: str) -> None:
    record, told = BAD[case]
    path = log(tmp_path, GOOD, b"", record, GOOD)
    with pytest.raises(SourceError) as raised:
        list(read_impressions(path))
    assert str(raised.value).startswith(f"{path}, line 3: ")
    assert told in str(raised.value)


def test_files_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no file .*absent"):
        list(read_impressions(tmp_path / "absent"))
    with pytest.raises(SourceError, match="is empty; expected a JSON object a line"):
        list(read_impressions(log(tmp_path, b"")))
    with pytest.raises(SourceError, match="cannot be opened"):
        list(read_impressions(tmp_path))


def test_a_file_that_is_cut_short_is_told(tmp_path: Path) -> None:
    path = log(tmp_path, *[GOOD | {"user_id": str(one)} for one in range(500)], name="log.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(SourceError, match=r"after line \d+"):
        list(read_impressions(path))


def test_what_comes_first_is_there_before_the_rest_is_read(tmp_path: Path) -> None:
    found = read_impressions(log(tmp_path, GOOD, b"{"))
    assert next(found).clicked == ("b",)
