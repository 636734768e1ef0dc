"""Events over HTTP: single beacons by wrk, batches by threads that send what was made before."""

import http.client
import json
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.http_server import kept_to
from benchmarks.load import Load

READERS = 1_000_000
ARTICLES = 2_000
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

_MARK = "LOAD "
# every beacon has an id and a reader of its own, and one of the popular articles more often
_LUA = """
math.randomseed(%(seed)d)
local headers = {["Content-Type"] = "text/plain", ["User-Agent"] = "%(agent)s"}
local format, random = string.format, math.random
request = function()
  local article = math.floor(%(articles)d * random() ^ 3)
  local body = format('{"id":"%%08x%%08x%%08x","type":"view","article_id":"a%%d","reader":"r%%d"}',
    random(0, 4294967295), random(0, 4294967295), random(0, 4294967295), article,
    random(%(readers)d))
  return wrk.format("POST", "/v1/events", headers, body)
end
done = function(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    'LOAD {"requests":%%d,"seconds":%%.6f,' ..
    '"p50_ms":%%.4f,"p95_ms":%%.4f,"p99_ms":%%.4f,"failed":%%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def wrk_there() -> bool:
    """Whether beacons can be sent."""
    return shutil.which("wrk") is not None


def beacons(address: str, *, connections: int, seconds: int, seed: int, core: int | None) -> Load:
    """Single events, each its own request.

    Raises:
        RuntimeError: a request failed, or wrk did.
    """
    with TemporaryDirectory() as folder:
        script = Path(folder) / "beacons.lua"
        names = {"seed": seed, "agent": AGENT, "articles": ARTICLES, "readers": READERS}
        script.write_text(_LUA % names, encoding="ascii")
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), address]
        with kept_to(core):
            done = subprocess.run(["wrk", *options], capture_output=True, text=True, check=False)
    told = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    if done.returncode or not told:
        raise RuntimeError(f"wrk failed with {done.returncode}: {done.stderr or done.stdout}")
    load = Load.model_validate_json(told[-1].removeprefix(_MARK))
    if load.failed:
        raise RuntimeError(f"{load.failed} of {load.requests} beacons failed.")
    return load


def batch_bodies(count: int, size: int, seed: int) -> Iterator[bytes]:
    """`count` lists of `size` events, no two of which have the same id."""
    rng = random.Random(seed)  # noqa: S311 - draws ids, keeps no secret
    for _ in range(count):
        yield json.dumps(
            [
                {
                    "id": f"{rng.getrandbits(96):024x}",
                    "type": "view",
                    "article_id": f"a{int(ARTICLES * rng.random() ** 3)}",
                    "reader": f"r{rng.randrange(READERS)}",
                }
                for _ in range(size)
            ],
            separators=(",", ":"),
        ).encode()


def send(address: str, bodies: Sequence[bytes], *, connections: int, core: int | None) -> float:
    """Posts all bodies over so many connections; returns the seconds that took.

    Raises:
        RuntimeError: one was not taken.
    """
    place = urlsplit(address)
    waiting = iter(bodies)
    taking = threading.Lock()
    failed: list[str] = []

    def work() -> None:
        connection = http.client.HTTPConnection(place.hostname or "", place.port)
        headers = {"Content-Type": "application/json", "User-Agent": AGENT}
        while not failed:
            with taking:
                body = next(waiting, None)
            if body is None:
                break
            connection.request("POST", "/v1/events", body, headers)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status != http.client.ACCEPTED:
                failed.append(f"{answer.status}: {told[:200]!r}")
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    start = time.perf_counter()
    with kept_to(core):
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    if failed:
        raise RuntimeError(f"A batch was not taken: {failed[0]}")
    return time.perf_counter() - start
