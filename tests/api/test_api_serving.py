"""A real server: new snapshots, withdrawals, the end."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from recommender.articles.article import Article
from recommender.engine import Recommender

_WAIT = 60.0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def served(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    server = subprocess.Popen(
        [
            sys.executable, "-m", "uvicorn", "--factory", "recommender.api.app:from_environment",
            "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning",
        ],
        env={**os.environ, "RECOMMENDER_HOME": str(home)},
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: server.poll() is None and is_ready(address), "the server to be ready")
        yield server, address
    finally:
        if server.poll() is None:
            server.kill()
        server.wait()


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def until(holds: object, what: str, within: float = _WAIT) -> None:
    deadline = time.monotonic() + within
    while not holds():  # type: ignore[operator]  # a function without arguments
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


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
    with served(home) as (server, address):
        answers: list[httpx.Response] = []

        def ask() -> None:
            body = {"title": "Bridge", "body": "The bridge and its cables."}
            # the model is loaded for this first text, which takes seconds
            answers.append(httpx.post(f"{address}/v1/related", json=body, timeout=_WAIT))

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.5)
        assert not answers, "too quick to be in flight"
        server.send_signal(signal.SIGTERM)
        asking.join()
        assert [one.status_code for one in answers] == [200]
        # uvicorn ends by the signal that it was sent
        assert server.wait(_WAIT) in {0, -signal.SIGTERM}
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
