import gzip
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from recommender.articles.article import Article
from recommender.articles.sources.fetch import (
    FeedState,
    Fetched,
    FetchLimits,
    NotModified,
    fetch,
)
from recommender.articles.sources.open_source import open_source
from recommender.errors import SourceError
from tests.waiting import LONG

FEED = b"<rss version='2.0'><channel><item><title>T</title><link>/t</link></item></channel></rss>"
STATE = FeedState(etag='"v1"', last_modified="Fri, 31 May 2024 12:00:00 GMT")

NO_HEADERS: Mapping[str, str] = {}
VERSION = {"ETag": STATE.etag, "Last-Modified": STATE.last_modified}
PACKED = {"Content-Encoding": "gzip"}
PAGES: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "/feed": (200, FEED, {**VERSION, "Content-Type": "text/xml; charset=utf-8"}),
    "/packed": (200, gzip.compress(FEED), PACKED),
    "/bomb": (200, gzip.compress(b"x" * 2**24), PACKED),
    "/lines": (200, gzip.compress(b'{"title": "A"}\n{"title": 0.5}\n'), {}),
    "/page": (200, b"<!doctype html><html></html>", {}),
    "/to/file": (302, b"", {"Location": "file:///etc/passwd"}),
}


@dataclass
class Site:
    address: str = ""
    seen: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        given = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        self.site.seen.append((self.path, *given))
        if self.path == "/feed" and given == (STATE.etag, STATE.last_modified):
            self.answer(304)
        elif self.path == "/drip":
            self.drip()
        elif self.path == "/stall":
            self.site.over.wait(LONG)
            self.site.ended.append("stall")
        elif self.path.startswith("/hop/"):
            left = int(self.path.rpartition("/")[2]) - 1
            location = f"/hop/{left}" if left else "/feed"
            self.answer(302, headers={"Location": location})
        else:
            self.answer(*PAGES.get(self.path, (410, b"", {})))

    def drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        until = time.monotonic() + LONG
        while time.monotonic() < until:
            self.wfile.write(b"x")
            time.sleep(0.02)
        self.site.ended.append("drip")

    def answer(
        self, status: int, content: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keeps the test's output quiet."""

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # the reader gave up, as some tests want
            self.close_connection = True


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    handler = type("SiteHandler", (Handler,), {"site": site})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        site.address = f"http://127.0.0.1:{server.server_port}"
        yield site
        site.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def refused(url: str, client: httpx.Client, limits: FetchLimits | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        fetch(url, client=client, limits=limits or FetchLimits())
    return str(caught.value)


def test_a_document_comes_with_its_state(site: Site, client: httpx.Client) -> None:
    answer = fetch(f"{site.address}/feed", client=client)
    assert answer == Fetched(f"{site.address}/feed", FEED, "text/xml; charset=utf-8", STATE)


def test_the_state_goes_back_and_nothing_comes_where_nothing_changed(
    site: Site, client: httpx.Client
) -> None:
    answer = fetch(f"{site.address}/feed", client=client, state=STATE)
    assert answer == NotModified(f"{site.address}/feed", STATE)
    assert site.seen == [("/feed", STATE.etag, STATE.last_modified)]


def test_redirects_are_followed_up_to_the_limit(site: Site, client: httpx.Client) -> None:
    answer = fetch(f"{site.address}/hop/2", client=client, limits=FetchLimits(redirects=2))
    assert isinstance(answer, Fetched)
    assert answer.address == f"{site.address}/feed"
    message = refused(f"{site.address}/hop/3", client, FetchLimits(redirects=2))
    assert "redirects more than 2 times" in message


def test_only_the_web_is_fetched(site: Site, client: httpx.Client) -> None:
    assert "does not start with http" in refused("file:///etc/passwd", client)
    message = refused(f"{site.address}/to/file", client)
    assert "'file:///etc/passwd' (through http" in message


def test_the_size_limit_counts_what_is_unpacked(site: Site, client: httpx.Client) -> None:
    answer = fetch(f"{site.address}/packed", client=client)
    assert isinstance(answer, Fetched)
    assert answer.content == FEED
    message = refused(f"{site.address}/bomb", client, FetchLimits(bytes=2**20))
    assert "more than 1,048,576 bytes" in message


@pytest.mark.parametrize("path", ["drip", "stall"])
def test_the_time_limit_is_for_the_whole_fetch(site: Site, client: httpx.Client, path: str) -> None:
    message = refused(f"{site.address}/{path}", client, FetchLimits(seconds=0.2))
    assert "longer than 0.2 s" in message
    assert site.ended == []  # while the server still had something to say


def test_another_status_is_an_error(site: Site, client: httpx.Client) -> None:
    assert "answered 410 Gone, expected 200" in refused(f"{site.address}/gone", client)


def test_no_server_is_an_error(client: httpx.Client) -> None:
    assert "cannot be fetched" in refused("http://127.0.0.1:1/feed", client)
    assert "cannot be fetched" in refused("http://[broken/feed", client)


def test_an_address_is_a_source(site: Site) -> None:
    source = open_source(f"{site.address}/feed", client=quiet_client)
    (article,) = source.records
    assert isinstance(article, Article)
    assert article.url == f"{site.address}/t"
    assert source.state == STATE
    assert not source.not_modified

    again = open_source(f"{site.address}/feed", client=quiet_client, state=source.state)
    assert list(again.records) == []
    assert again.not_modified
    assert again.state == STATE


def test_an_address_of_json_lines_is_told_by_its_content(site: Site) -> None:
    article, reject = open_source(f"{site.address}/lines", client=quiet_client).records
    assert isinstance(article, Article)
    assert "title" in getattr(reject, "reason", "")


def test_an_address_of_a_page_is_refused(site: Site) -> None:
    with pytest.raises(SourceError, match="looks like an HTML page"):
        open_source(f"{site.address}/page", client=quiet_client)


def quiet_client() -> httpx.Client:
    return httpx.Client(trust_env=False)
