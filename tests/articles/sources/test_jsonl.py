import gzip
import io
import json
import tracemalloc
from collections.abc import Iterable, Iterator

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles.article import Article
from recommender.articles.sources.chunks import MAX_RECORD, stream_chunks
from recommender.articles.sources.jsonl import read_jsonl
from recommender.articles.sources.reject import Record, Reject, excerpt_of
from recommender.errors import InputError


def read(data: bytes, size: int = 7) -> list[Record]:
    """Read in pieces of `size` bytes, so that every boundary falls somewhere awkward."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return list(read_jsonl(pieces, name="in.jsonl"))


def titles(records: Iterable[Record]) -> list[str]:
    return [record.title for record in records if isinstance(record, Article)]


def rejects(records: Iterable[Record]) -> list[Reject]:
    return [record for record in records if isinstance(record, Reject)]


LINES = b'{"title": "A"}\n\n{"title": "B\xc3\xa9"}\r\n{"title": "C"}'


def test_each_line_is_an_article() -> None:
    assert titles(read(LINES)) == ["A", "Bé", "C"]


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(LINES, mtime=0),
        gzip.compress(LINES[:15], mtime=0) + gzip.compress(LINES[15:], mtime=0) + b"\0" * 20,
        b"\xef\xbb\xbf" + LINES,
        LINES.decode().encode("utf-16"),
        gzip.compress(LINES.decode().encode("utf-16"), mtime=0),
        LINES.decode().encode("utf-32"),
    ],
    ids=["gzip", "two members", "mark", "utf-16", "utf-16 in gzip", "utf-32"],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_compression_and_marks_make_no_difference(data: bytes, size: int) -> None:
    assert titles(read(data, size)) == ["A", "Bé", "C"]


def test_a_bad_line_costs_only_itself() -> None:
    data = b"\n".join(
        [
            b'{"title": "ok 1"}',
            b'{"title": "latin \xe9"}',
            b'{"title": "cut',
            b'{"title": NaN}',
            b"[1, 2]",
            b'"text"',
            b'{"title": {"nested": {}}}',
            b'{"id": "x"}',
            b'{"title": "ok 2"}',
        ]
    )
    records = read(data)
    assert titles(records) == ["ok 1", "ok 2"]
    bad = rejects(records)
    assert [reject.position for reject in bad] == [2, 3, 4, 5, 6, 7, 8]
    assert "byte 0xe9 at column 18 is not UTF-8" in bad[0].reason
    assert bad[0].excerpt == '{"title": "latin \ufffd"}'
    assert "expected one JSON object" in bad[1].reason
    assert "got [1, 2]" in bad[3].reason
    assert "an object with 'nested'" in bad[5].reason
    assert "needs a title or a body" in bad[6].reason
    assert {reject.source for reject in bad} == {"in.jsonl"}


BAD = st.sampled_from([b"{", b"\xff", b"null", b'{"title": 0.5}', b"]", b'"', b"x" * 50, b"{}"])


@given(st.lists(st.integers(0, 99) | BAD), st.integers(1, 40), st.booleans())
def test_whatever_stands_between_them_good_lines_arrive_in_order(
    rows: list[int | bytes], size: int, packed: bool
) -> None:
    text = b'{"title": "first"}\n' + b"\n".join(
        b'{"title": "%d"}' % row if isinstance(row, int) else row for row in rows
    )
    records = read(gzip.compress(text) if packed else text, size)
    assert titles(records) == ["first", *(str(row) for row in rows if isinstance(row, int))]
    assert [reject.position for reject in rejects(records)] == [
        number for number, row in enumerate(rows, start=2) if isinstance(row, bytes)
    ]


@pytest.mark.parametrize(
    "data",
    [
        b'[{"title": "A"}, {"title": "B"},\n {"title": "C"}]\n',
        b'[\n{"title": "A"},\n{"title": "B"},\n{"title": "C"}\n]',
        b'{\n "title": "A"\n}\n{\n "title": "B"\n}\n{\n "title": "C"\n}\n',
        gzip.compress(b'[{"title": "A"}, {"title": "B"}, {"title": "C"}]', mtime=0),
    ],
    ids=["list", "list by lines", "objects over lines", "list in gzip"],
)
def test_a_list_and_objects_over_many_lines_are_read(data: bytes) -> None:
    assert titles(read(data)) == ["A", "B", "C"]


def test_a_broken_list_keeps_what_came_before() -> None:
    records = read(b'[{"title": "A"}, 7, {"title": "B"}, {"title" "C"}, {"title": "D"}]')
    assert titles(records) == ["A", "B"]
    wrong, broken = rejects(records)
    assert (wrong.position, broken.position) == (2, 4)
    assert "got 7" in wrong.reason
    assert "the rest cannot be read" in broken.reason
    (cut,) = rejects(read(b'[{"title": "A"}, '))
    assert "cut off" in cut.reason


def test_wrong_bytes_in_a_list_cost_one_record() -> None:
    records = read(b'[{"title": "A"}, {"title": "latin \xe9"}, {"title": "\xc3\xa9"}]', size=1)
    assert titles(records) == ["A", "é"]
    (reject,) = rejects(records)
    assert reject.position == 2
    assert "not UTF-8" in reject.reason


def test_hostile_numbers_and_nesting_in_a_list_are_no_crash() -> None:
    assert rejects(read(b"[" + b"9" * 5000 + b"]", size=1000))
    assert rejects(read(b"[" * 100_000, size=5000))
    assert rejects(read(b'{"title": ' + b"[" * 100_000, size=5000))


def test_a_truncated_gzip_keeps_all_whole_lines_and_says_where_it_ends() -> None:
    # random letters: compressible text would all be in the first block
    lines = [
        json.dumps({"title": f"{n} {n * 0x9E3779B97F4A7C15 % 2**64:x}"}).encode()
        for n in range(2000)
    ]
    packed = gzip.compress(b"\n".join(lines))
    records = read(packed[: len(packed) // 2], size=1000)
    found = titles(records)
    assert 500 < len(found) < 2000
    assert found == [json.loads(line)["title"] for line in lines[: len(found)]]
    last = records[-1]
    assert isinstance(last, Reject)
    assert last.position == len(found) + 1
    assert "cut off" in last.reason


def test_a_damaged_gzip_keeps_what_came_before() -> None:
    packed = bytearray(gzip.compress(LINES))
    packed[-6] ^= 0xFF  # the checksum
    records = read(bytes(packed))
    assert titles(records)[:2] == ["A", "Bé"]
    assert "damaged" in rejects(records)[-1].reason


def test_a_line_without_end_is_rejected_in_constant_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"title": "'
        for _ in range(200):
            yield b"x" * 2**20
        yield b'"}\n{"title": "next"}\n'

    tracemalloc.start()
    records = list(read_jsonl(endless(), name="in"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert titles(records) == ["next"]
    assert f"at most {MAX_RECORD:,} bytes" in rejects(records)[0].reason
    assert peak < 5 * MAX_RECORD


def test_a_long_list_is_read_in_constant_memory() -> None:
    def many() -> Iterator[bytes]:
        yield b"["
        for n in range(1000):
            yield b'{"title": "%d", "body": "%s"},' % (n, b"word " * 1000)
        yield b'{"title": "last"}]'

    tracemalloc.start()
    count = sum(1 for _ in read_jsonl(many(), name="in"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 1001
    assert peak < 2**21  # the list has 5 MiB


def test_articles_come_as_the_lines_do() -> None:
    def pipe() -> Iterator[bytes]:
        yield b'{"title": "A"}\n' * 400  # more than is looked at to tell the format
        pytest.fail("read ahead of what was asked for")

    assert titles([next(read_jsonl(pipe(), name="-"))]) == ["A"]


def test_a_wrong_map_is_refused_before_anything_is_read() -> None:
    with pytest.raises(InputError, match="did you mean 'title'"):
        read_jsonl([], name="in", mapping={"titel": "x"})


def test_an_empty_file_has_no_records() -> None:
    assert read(b"") == []
    assert read(b"\n \n") == []


def test_a_failing_disk_ends_in_a_reject() -> None:
    class Failing(io.BytesIO):
        def read1(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    (reject,) = rejects(read_jsonl(stream_chunks(Failing()), name="in"))
    assert "Input/output error" in reject.reason


def test_a_reject_is_one_line_of_json() -> None:
    reject = Reject(
        "in.jsonl", 3, "why: 'é'\n", excerpt_of(b'{"a":\t"\xff\x00\xc3\xa9' + b"x" * 999)
    )
    line = reject.to_json()
    assert "\n" not in line
    parsed = orjson.loads(line)
    assert parsed["position"] == 3
    assert parsed["reason"] == "why: 'é'\n"
    assert parsed["excerpt"].startswith('{"a": "\ufffd é')
    assert len(parsed["excerpt"]) == 200
