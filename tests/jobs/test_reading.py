from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from recommender.errors import SourceError
from tests.jobs.home import articles, opened


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/articles.jsonl", folder / "articles.jsonl"
        server.shutdown()
        thread.join()


def test_what_has_not_changed_is_not_fetched_again(tmp_path: Path, site: tuple[str, Path]) -> None:
    address, file = site
    file.write_text('{"id": "a", "title": "Harbour"}\n{"id": "b", "title": "School"}\n')
    with opened(tmp_path / "home") as engine:
        assert engine.rebuild([address]).ingested.read == 2
        assert engine.rebuild([address]).ingested.read == 0


def test_a_source_with_rejects_is_read_again_with_a_better_map(
    tmp_path: Path, site: tuple[str, Path]
) -> None:
    address, file = site
    file.write_text('{"id": "a", "title": "Harbour"}\n{"id": "b", "kopf": "School"}\n')
    with opened(tmp_path / "home") as engine:
        first = engine.rebuild([address]).ingested
        assert (first.added, first.rejected) == (1, 1)
        second = engine.rebuild([address], mapping={"title": "kopf"}).ingested
        assert second.added == 1


def test_an_empty_source_is_told_and_takes_nothing_away(tmp_path: Path) -> None:
    empty = tmp_path / "nightly.jsonl"
    empty.write_text("\n")
    with opened(tmp_path / "home") as engine:
        with pytest.raises(SourceError, match=r"nightly\.jsonl is empty"):
            engine.rebuild([str(empty)])
        assert not list(engine.parts.home.glob("*.part"))
        engine.rebuild(articles(10))
        with pytest.raises(SourceError, match="is empty"):
            engine.rebuild([str(empty)])
        done = engine.rebuild([str(empty), *articles(11)])
        assert (done.ingested.rejected, done.ingested.added, done.articles) == (1, 1, 11)


def test_what_is_odd_about_records_is_told(tmp_path: Path) -> None:
    lines, table, feed = (tmp_path / f"a.{kind}" for kind in ("jsonl", "csv", "xml"))
    lines.write_text('{"id": "a", "title": "Harbour", "expire_at": "2020-01-01", "own": 1}\n')
    table.write_text("id,title,expires_at,own\nb,School,2020-01-01,1\nc,Roof,,2\n")
    feed.write_text(
        '<rss version="2.0"><channel><title>F</title><item><guid>d</guid><title>Leak</title>'
        "<expirationDate>Wed, 01 Jan 2020 00:00:00 GMT</expirationDate></item></channel></rss>"
    )
    with opened(tmp_path / "home") as engine:
        noticed = engine.rebuild([str(lines), str(table), str(feed)]).noticed
    assert [(one.field, one.meant, one.records) for one in noticed.unused] == [
        ("expire_at", "expires_at", 1),
        ("own", "", 3),
    ]
    assert noticed.expired == 2


def test_ids_that_come_again_are_counted_over_all_sources_and_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.jobs.ingest._BATCH", 2)
    for name in ("one", "two"):
        (tmp_path / f"{name}.jsonl").write_text(
            '{"id": "a", "title": "Harbour"}\n{"id": "b", "title": "School"}\n'
            f'{{"id": "a", "title": "Harbour {name}"}}\n'
        )
    with opened(tmp_path / "home") as engine:
        done = engine.rebuild([str(tmp_path / "one.jsonl"), str(tmp_path / "two.jsonl")]).ingested
        stored = engine.parts.catalog.get("a")
    assert (done.read, done.repeated) == (6, 4)
    assert stored is not None
    assert stored.article.title == "Harbour two"
