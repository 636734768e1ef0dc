"""The application as a process of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.waiting import LONG, until

READY = "/health/ready"
ALIVE = "/health/live"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def answers(address: str, path: str = READY) -> bool:
    try:
        return httpx.get(address + path, timeout=LONG).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def served(home: Path, path: str = READY) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server and its address, once it answers at `path`; killed in the end if it still runs."""
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
        until(lambda: server.poll() is not None or answers(address, path), "the server to be ready")
        assert server.poll() is None, f"the server ended with {server.returncode}"
        yield server, address
    finally:
        if server.poll() is None:
            server.kill()
        server.wait(LONG)
