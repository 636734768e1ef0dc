import gzip
from collections.abc import Iterable

import pytest

from recommender.articles.article import Article
from recommender.articles.sources.csv_file import read_csv
from recommender.articles.sources.reject import Record, Reject
from recommender.errors import InputError, SourceError


def read(data: bytes, mapping: dict[str, str] | None = None) -> list[Record]:
    pieces = [data[at : at + 11] for at in range(0, len(data), 11)]
    return list(read_csv(pieces, name="in.csv", mapping=mapping or {}))


def titles(records: Iterable[Record]) -> list[str]:
    return [record.title for record in records if isinstance(record, Article)]


def rejects(records: Iterable[Record]) -> list[Reject]:
    return [record for record in records if isinstance(record, Reject)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    data = f'id{delimiter}"Title"{delimiter}Text\n1{delimiter}A, b{delimiter}x; y\n'
    data = data.replace("A, b", '"A, b"').replace("x; y", '"x; y"')
    (article,) = read(data.encode())
    assert isinstance(article, Article)
    assert (article.id, article.title, article.body) == ("1", "A, b", "x; y")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    text = end.join(["title,body", "É,x", "B,y"])
    assert titles(read(text.encode(encoding))) == ["É", "B"]
    assert titles(read(gzip.compress(text.encode(encoding)))) == ["É", "B"]


def test_quoted_line_ends_and_huge_fields() -> None:
    body = "word " * 60_000  # beyond the library's own limit of 131,072 characters
    (article, second) = read(f'title,body\n"A ""quoted""","one\n\ntwo {body}"\nB,\n'.encode())
    assert isinstance(article, Article)
    assert article.title == 'A "quoted"'
    assert article.body == "one\n\ntwo " + body.strip()
    assert titles([second]) == ["B"]


def test_a_bad_row_costs_only_itself_and_is_told_by_its_line() -> None:
    records = read(
        b'title,body,date\nA,"x\ny",\nB,y\nC,x,,\nD\xe9,x,\nE,x,never\n\n,,\n   ,"\n",\nF,x,\n'
    )
    assert titles(records) == ["A", "F"]
    bad = rejects(records)
    assert [reject.position for reject in bad] == [4, 5, 6, 7, 10]
    assert "3 columns, this row has 2" in bad[0].reason
    assert "this row has 4" in bad[1].reason
    assert "not UTF-8" in bad[2].reason
    assert "date: expected a time" in bad[3].reason
    assert "title or a body" in bad[4].reason
    assert bad[0].excerpt == "B,y"


def test_a_stray_quote_does_not_swallow_other_rows() -> None:
    records = read(b'title,body\nA,x\nB,"no end\nC,x\nD,y\nE,z\n')
    assert titles(records) == ["A", "C", "D", "E"]
    assert [reject.position for reject in rejects(records)] == [3]


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (b'A,"x,1\nB,y,2\nC,"z",3\nD,x,4\n', ["B", "C", "D"]),
        (b'A,"x,1\nB,y,2\nC",z,3\nD,x,4\n', ["B", 'C"', "D"]),
        (b'A,"x" and more,1\nB,y,2\n', ["B"]),
    ],
)
def test_a_stray_quote_that_another_closes_swallows_nothing(rows: bytes, kept: list[str]) -> None:
    records = read(b"title,body,tags\n" + rows)
    assert titles(records) == kept
    assert [reject.position for reject in rejects(records)] == [2]


def test_a_quote_that_never_ends_swallows_no_more_than_a_field() -> None:
    rows = b"".join(b"T%d,some text\n" % n for n in range(100_000))
    records = read(b'title,body\nA,"no end\n' + rows)
    assert len(titles(records)) == 100_000
    (reject,) = rejects(records)
    assert reject.position == 2
    assert "no CSV" in reject.reason


def test_a_truncated_gzip_keeps_what_came_before() -> None:
    rows = b"title,body\n" + b"".join(
        b"%d,%x\n" % (n, n * 0x9E3779B97F4A7C15 % 2**64) for n in range(3000)
    )
    packed = gzip.compress(rows)
    records = read(packed[: len(packed) // 2])
    assert 1000 < len(titles(records)) < 3000
    assert "cut off" in rejects(records)[-1].reason


def test_a_map_names_columns() -> None:
    assert titles(read(b"kop,tekst\nA,x\n", {"title": "kop", "body": "tekst"})) == ["A"]


@pytest.mark.parametrize(
    ("data", "mapping", "part"),
    [
        (b"", {}, "its columns: none"),
        (b"kop,tekst\nA,x\n", {}, "kop, tekst.*--map title=COLUMN"),
        (b"headline,text\nA,x\n", {"title": "hedline"}, "did you mean 'headline'"),
    ],
)
def test_a_header_without_text_is_refused(data: bytes, mapping: dict[str, str], part: str) -> None:
    with pytest.raises(SourceError, match=part):
        read(data, mapping)


def test_a_wrong_map_is_refused_before_anything_is_read() -> None:
    with pytest.raises(InputError):
        read_csv([], name="in", mapping={"titel": "x"})
