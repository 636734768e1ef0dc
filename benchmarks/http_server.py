"""A server process, of one worker kept to one core or of several."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from benchmarks.http_app import CONSTANT, CONSTANT_BYTES, EMBEDDER, HOME

_ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 60.0
_END_SECONDS = 30.0


def cores() -> tuple[int | None, int | None]:
    """One core for the server and another for the load; None where there are not two to choose."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


@contextmanager
def kept_to(core: int | None) -> Iterator[None]:
    """Processes started within run on `core` alone."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def serving(
    home: Path,
    *,
    constant_bytes: int,
    core: int | None,
    embedder: str = "hashed",
    workers: int = 1,
) -> Iterator[str]:
    """The address of `started`, which see."""
    with started(
        home, constant_bytes=constant_bytes, core=core, embedder=embedder, workers=workers
    ) as (address, _):
        yield address


@contextmanager
def started(
    home: Path, *, constant_bytes: int, core: int | None, embedder: str, workers: int = 1
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Address and process of the application over `home`; the server ends with the block.

    Args:
        home: where a snapshot was published.
        constant_bytes: that the two constants have.
        core: where it runs; None for anywhere.
        embedder: of the home, see `EMBEDDERS`.
        workers: processes that answer; the first is waited for, a warm-up gives the others time.

    Raises:
        RuntimeError: it ended, or did not answer within a minute.
    """
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "benchmarks.http_app:from_environment"]
    options = ["--app-dir", str(_ROOT), "--port", str(port), "--no-access-log"]
    options += ["--workers", str(workers)] if workers > 1 else []
    environment = {
        **os.environ,
        HOME: str(home),
        EMBEDDER: embedder,
        CONSTANT_BYTES: str(constant_bytes),
    }
    with kept_to(core):
        process = subprocess.Popen(
            [*command, *options, "--log-level", "warning"], env=environment, cwd=_ROOT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(process, address)
        yield address, process
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with status {process.returncode}; see above.")
        with suppress(httpx.TransportError):
            httpx.get(address + CONSTANT, timeout=5).raise_for_status()
            return
        time.sleep(0.02)
    raise RuntimeError(f"The server at {address} did not answer within {_START_SECONDS:.0f} s.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
