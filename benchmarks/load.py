"""Load on a server, by wrk where it is installed, else by the generator beside this file."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

from benchmarks.http_server import kept_to
from benchmarks.request import AGENT, NUMBER, Request

_MARK = "LOAD "
_TIMEOUT_SECONDS = 30  # many batches that are written in one go are answered in one go
_ROOT = Path(__file__).resolve().parents[1]

# each request is one of the list, drawn uniformly; what was found is told as one line of JSON
_LUA = """
local requests, counted = {}, 0
local function headers(kind)
  return {["Content-Type"] = kind, ["User-Agent"] = "%(agent)s"}
end
init = function(args)
  math.randomseed(%(seed)d)
  for line in io.lines("%(listed)s") do
    local path, body, kind = line:match("^([^\\t]*)\\t([^\\t]*)\\t(.*)$")
    local whole = body == "" and wrk.format("GET", path)
    requests[#requests + 1] = {whole = whole, path = path, body = body, headers = headers(kind)}
  end
end
local function number()
  counted = counted + 1
  return string.format("%%08x%%016x", %(seed)d, counted)
end
request = function()
  local one = requests[math.random(#requests)]
  if one.whole then return one.whole end
  return wrk.format("POST", one.path, one.headers, (one.body:gsub("%(number)s", number)))
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


class Load(BaseModel):
    """What one round of load found.

    Attributes:
        requests: that were answered.
        seconds: that it took.
        p50_ms, p95_ms, p99_ms: of the time from a request to the end of its answer.
        failed: answers other than a success, and connections that broke.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    failed: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


def generator() -> str:
    """Which one `put` uses unless told."""
    return "wrk" if shutil.which("wrk") else "built-in"


def put(
    address: str,
    requests: Sequence[Request],
    *,
    connections: int,
    seconds: int,
    seed: int,
    core: int | None,
    using: str | None = None,
) -> Load:
    """Sends `requests`, drawn uniformly, over kept-alive connections, one request on each.

    Args:
        address: of the server.
        requests: at least one.
        connections: at least 1.
        seconds: how long.
        seed: of the drawing and of the numbers in bodies.
        core: where the generator runs; None for anywhere.
        using: "wrk" or "built-in"; None for `generator()`.

    Raises:
        RuntimeError: a request failed, or the generator did.
    """
    with TemporaryDirectory() as folder:
        listed = Path(folder) / "requests.txt"
        lines = (f"{one.path}\t{one.body}\t{one.kind}\n" for one in requests)
        listed.write_text("".join(lines), encoding="ascii")
        counts = [str(connections), str(seconds), str(seed)]
        if (using or generator()) == "wrk":
            script = Path(folder) / "load.lua"
            names = {"seed": seed, "listed": listed, "agent": AGENT, "number": NUMBER}
            script.write_text(_LUA % names, encoding="ascii")
            command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
            command.append(f"--timeout={_TIMEOUT_SECONDS}s")
            command.append(address)
        else:
            module = "benchmarks.load_generator"
            command = [sys.executable, "-m", module, address, str(listed), *counts]
        with kept_to(core):
            done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    told = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    if done.returncode or not told:
        raise RuntimeError(
            f"{command[0]} failed with {done.returncode}: {done.stderr or done.stdout}"
        )
    load = Load.model_validate_json(told[-1].removeprefix(_MARK))
    if not load.requests:
        raise RuntimeError(f"No request was answered at {requests[0].path}: {done.stderr}")
    if load.failed:
        raise RuntimeError(
            f"{load.failed} of {load.requests} requests failed at {requests[0].path}."
        )
    return load
