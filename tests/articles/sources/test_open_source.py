import gzip
import io
from pathlib import Path

import pytest

from recommender.articles.article import Article
from recommender.articles.record import ReadRecord
from recommender.articles.sources.open_source import open_source
from recommender.errors import InputError, SourceError

JSONL = b'{"title": "A"}\n'
CSV = b"title;text\nA;x\n"
RSS = b"<?xml version='1.0'?><rss><channel><item><title>A</title></item></channel></rss>"
JSON_FEED = b'{"version": "https:\\/\\/jsonfeed.org\\/version\\/1", "items": [{"title": "A"}]}'


def titles(name: str | Path) -> list[str]:
    return [r.title for r in open_source(str(name)).records if isinstance(r, Article)]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", JSONL),
        ("a.ndjson", JSONL),
        ("a.json", b'[{"title": "A"}]'),
        ("A.JSON", JSON_FEED),
        ("a.csv", CSV),
        ("a.tsv", b"title\ttext\nA\tx\n"),
        ("a.xml", RSS),
        ("a.rss", RSS),
        ("noname", JSONL),
        ("list", b' [{"title": "A"}]'),
        ("feed", RSS),
        ("feed.download", JSON_FEED),
        ("table.txt", CSV),
        ("a.b.csv", CSV),
    ],
)
def test_the_kind_is_told_by_name_or_content(
    tmp_path: Path, name: str, content: bytes, packed: bool
) -> None:
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(content) if packed else content)
    assert titles(path) == ["A"]


@pytest.mark.parametrize(
    ("name", "content", "looks"),
    [
        ("report.pdf", b"%PDF-1.7", "a PDF document"),
        ("notes.txt", b"Dear diary\n", "plain text"),
        ("page.html", b"<html><body></body></html>", "an HTML page"),
        ("table.txt", b"a,b\n1,2\n", "plain text"),
        ("empty", b"", "an empty file"),
        ("a.parquet", b"PAR1xx", "a Parquet file"),
    ],
)
def test_an_unknown_kind_is_refused_with_the_known_ones(
    tmp_path: Path, name: str, content: bytes, looks: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_source(str(tmp_path / name))
    assert f"looks like {looks}" in str(caught.value)
    assert "JSON Lines (.jsonl" in str(caught.value)


def test_an_absent_file_is_refused_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "articles.jsonl").write_bytes(JSONL)
    with pytest.raises(SourceError, match=r"There is no file .*near it: .*articles\.jsonl"):
        open_source(str(tmp_path / "artikles.jsonl"))
    with pytest.raises(SourceError, match=r"no folder .*none either"):
        open_source(str(tmp_path / "none" / "a.jsonl"))


def test_a_folder_and_other_schemes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder; it holds no file"):
        open_source(str(tmp_path))
    (tmp_path / "LICENCE").write_text("free")
    (tmp_path / "export.2026.csv.gz").write_bytes(b"")
    with pytest.raises(SourceError, match=r"is a folder; give the files in it: .*/\*\.csv\.gz"):
        open_source(str(tmp_path))
    with pytest.raises(SourceError, match="ftp:// is not supported"):
        open_source("ftp://example.org/feed")


def test_a_feed_that_is_too_large_or_cut_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xml.gz"
    path.write_bytes(gzip.compress(RSS)[:-12])
    with pytest.raises(SourceError, match="cut off"):
        open_source(str(path))
    path.write_bytes(gzip.compress(RSS))
    monkeypatch.setattr("recommender.articles.sources.open_source.MAX_FEED", 50)
    with pytest.raises(SourceError, match="more than 50 bytes"):
        open_source(str(path))


def test_a_feed_by_name_that_is_none_by_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<note/>")
    with pytest.raises(SourceError, match="no feed"):
        open_source(str(tmp_path / "a.xml"))


def test_a_wrong_map_is_refused_for_every_kind() -> None:
    for name in ("-", "http://127.0.0.1:1/", "absent.jsonl"):
        with pytest.raises(InputError, match="no field 'titel'"):
            open_source(name, mapping={"titel": "x"})


def test_standard_input_is_json_lines() -> None:
    source = open_source("-", stdin=io.BytesIO(JSONL + b"{}\n"))
    article, reject = source.records
    assert isinstance(article, Article)
    assert getattr(reject, "source", "") == "-"
    assert getattr(reject, "position", 0) == 2


def test_a_keyboard_is_no_standard_input() -> None:
    class Keyboard(io.BytesIO):
        def isatty(self) -> bool:
            return True

    with pytest.raises(SourceError, match="nothing is piped in"):
        open_source("-", stdin=Keyboard())


def test_a_map_reaches_files(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"kop": "A"}\n')
    (article,) = open_source(str(path), mapping={"title": "kop"}).records
    assert isinstance(article, Article)
    assert article.title == "A"


def test_what_is_read_is_told_with_its_position(tmp_path: Path) -> None:
    told: list[tuple[int, str, bool]] = []

    def on_read(position: int, found: ReadRecord) -> None:
        told.append((position, found.unused[0].name, found.without_id))

    files = {
        "a.jsonl": '\n{"id": "a", "title": "A", "own": 1}\nno JSON\n{"title": "B", "own": 1}\n',
        "a.json": '[{"id": "a", "title": "A", "own": 1}, 1, {"title": "B", "own": 1}]',
        "a.csv": "id,title,own\na,A,1\n,B,1\n",
    }
    positions = {"a.jsonl": (2, 4), "a.json": (1, 3), "a.csv": (2, 3)}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        told.clear()
        list(open_source(str(tmp_path / name), on_read=on_read).records)
        first, second = positions[name]
        assert told == [(first, "own", False), (second, "own", True)], name
