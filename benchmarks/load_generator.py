"""A load generator for machines without wrk: ADDRESS REQUESTS-FILE CONNECTIONS SECONDS SEED."""

import asyncio
import random
import re
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import numpy as np
import uvloop

from benchmarks.request import AGENT, NUMBER

_LENGTH = b"content-length:"


class _Connection(asyncio.Protocol):
    """Sends a request, waits for the whole answer, sends the next."""

    def __init__(self, draw: Callable[[], bytes], took: list[float], failed: list[bytes]) -> None:
        self._draw = draw
        self._took = took
        self._failed = failed
        self._transport: asyncio.WriteTransport | None = None
        self._ended = False
        self._begin()

    def _begin(self) -> None:
        self._head = b""
        self._left = -1  # bytes of the body still to come; -1 while the head is read
        self._sent = time.perf_counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is one of those without saying so
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._head += data
            head, found, data = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 2"):
                self._failed.append(head[:40])
            at = head.lower().index(_LENGTH) + len(_LENGTH)
            self._left = int(head[at:].partition(b"\r\n")[0])
        self._left -= len(data)
        if self._left == 0:
            self._took.append(time.perf_counter() - self._sent)
            if self._transport is not None and not self._ended:
                self._send(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended:
            self._failed.append(repr(exc).encode())

    def end(self) -> None:
        self._ended = True
        if self._transport is not None:
            self._transport.close()

    def _send(self, transport: asyncio.WriteTransport) -> None:
        self._begin()
        transport.write(self._draw())


def _drawing(host: str, lines: list[str], seed: int) -> Callable[[], bytes]:
    """Draws one of the lines of the file that `put` writes, as a whole request."""
    drawing = random.Random(seed)  # noqa: S311 - draws ids, keeps no secret
    counted = count(1)
    listed = [line.split("\t") for line in lines]
    requests = [(_head(path, host, kind if body else None), body) for path, body, kind in listed]

    def draw() -> bytes:
        head, body = drawing.choice(requests)
        if not body:
            return head
        sent = re.sub(NUMBER, lambda _: f"{seed:08x}{next(counted):016x}", body).encode()
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(sent), sent)

    return draw


def _head(path: str, host: str, kind: str | None) -> bytes:
    """Of a POST of a body of that kind all but the length and the end."""
    if kind is None:
        return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    told = f"Host: {host}\r\nContent-Type: {kind}\r\nUser-Agent: {AGENT}\r\n"
    return f"POST {path} HTTP/1.1\r\n{told}".encode()


async def _load(address: str, lines: list[str], connections: int, seconds: int, seed: int) -> str:
    parts = urlsplit(address)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    draw = _drawing(host, lines, seed)
    took: list[float] = []
    failed: list[bytes] = []
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    opened = [
        await loop.create_connection(lambda: _Connection(draw, took, failed), host, port)
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    lasted = time.perf_counter() - start
    answered = len(took)
    for _, connection in opened:
        connection.end()
    p50, p95, p99 = np.percentile(took, (50, 95, 99)) * 1e3 if took else (0.0, 0.0, 0.0)
    return (
        f'LOAD {{"requests":{answered},"seconds":{lasted:.6f},"p50_ms":{p50:.4f},'
        f'"p95_ms":{p95:.4f},"p99_ms":{p99:.4f},"failed":{len(failed)}}}'
    )


if __name__ == "__main__":
    place, listed, *counts = sys.argv[1:]
    asked = Path(listed).read_text(encoding="ascii").splitlines()
    width, length, chosen = (int(one) for one in counts)
    print(uvloop.run(_load(place, asked, width, length, chosen)))
