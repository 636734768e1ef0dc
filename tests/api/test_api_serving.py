"""A real server: new snapshots, withdrawals, the end."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx

from recommender.articles.article import Article
from recommender.engine import Recommender
from tests.api.server import answers, served
from tests.waiting import LONG, until


class Readers(threading.Thread):
    """Asks one address over and over, and keeps what came."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.done = threading.Event()
        self.statuses: list[int] = []
        self.versions: list[str] = []

    def run(self) -> None:
        with httpx.Client() as client:
            while not self.done.is_set():
                answer = client.get(self.address)
                self.statuses.append(answer.status_code)
                if answer.status_code == 200:
                    self.versions.append(answer.json()["meta"]["index_version"])


def test_a_new_snapshot_is_taken_up_without_a_failed_request(home: Path) -> None:
    with served(home) as (_, address):
        before = httpx.get(f"{address}/v1/index").json()["data"]["version"]
        paths = ("related", "related?section=city", "slots", "related?pipeline=similarity")
        readers = [Readers(f"{address}/v1/articles/bridge-0/{path}") for path in paths]
        for reader in readers:
            reader.start()
        try:
            with Recommender.open(home) as other:
                added = Article(id="added", title="Bridge", body="The bridge is open again.")
                published = other.rebuild([added])
            assert published.version != before
            until(
                lambda: all(one.versions[-1:] == [published.version] for one in readers),
                "the new snapshot",
            )
        finally:
            for reader in readers:
                reader.done.set()
            for reader in readers:
                reader.join()
        for reader in readers:
            assert set(reader.statuses) == {200}
            assert reader.versions[0] == before
            # never back to the old one
            assert reader.versions == sorted(reader.versions)
        assert httpx.get(f"{address}/v1/articles/added/related").status_code == 200


def test_a_request_in_flight_is_answered_before_the_end(home: Path) -> None:
    body = b'{"title": "Bridge", "body": "The bridge and its cables."}'
    head = (
        "POST /v1/related HTTP/1.1\r\nHost: paper.example\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with served(home) as (server, address):
        place = "127.0.0.1", int(address.rpartition(":")[2])
        with socket.create_connection(place, LONG) as sock, sock.makefile("rb") as answer:
            sock.sendall(head.encode())
            # told once the application asks for the body
            assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
            assert answer.readline() == b"\r\n"
            server.send_signal(signal.SIGTERM)
            until(lambda: not answers(address), "the server to take nobody else")
            sock.sendall(body)
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
            assert b'"meta"' in answer.read()
        # uvicorn ends by the signal that it was sent
        assert server.wait(LONG) in {0, -signal.SIGTERM}
    # SQLite removes its log when the last connection is closed in order
    assert not list(home.glob("*.sqlite-wal"))


def test_serving_from_the_snapshot_imports_no_model(home: Path) -> None:
    script = """
import sys
from starlette.testclient import TestClient
from recommender.api.app import from_environment

with TestClient(from_environment()) as client:
    for path in ("articles/bridge-0/related", "articles/bridge-0/slots", "popular", "index"):
        assert client.get(f"/v1/{path}").status_code == 200
    event = {"type": "view", "article_id": "bridge-0"}
    assert client.post("/v1/events", json=event).status_code == 202
    assert client.get("/v1/articles/bridge-0/related?section=city&limit=50").status_code == 200
    assert client.delete("/v1/articles/bridge-1").status_code == 204
    assert client.get("/v1/articles/bridge-0/related").status_code == 200
print({"torch", "sentence_transformers", "sklearn"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "RECOMMENDER_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"
