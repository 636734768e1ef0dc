import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx

from recommender.readers.event import Event
from recommender.readers.events import EventLog

_CLIENTS = 8
_ENOUGH = 200


def test_a_killed_server_has_lost_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "--factory"),
            *("recommender.api.app:from_environment", "--port", str(port)),
            *("--log-level", "critical"),
        ],
        env={**os.environ, "RECOMMENDER_HOME": str(tmp_path / "home")},
    )
    address = f"http://127.0.0.1:{port}"
    acknowledged: list[str] = []
    failed: list[int] = []

    def send(name: int) -> None:
        with httpx.Client(headers={"User-Agent": "Mozilla/5.0 Firefox/128.0"}) as client:
            for number in range(100_000):
                event_id = f"{name}-{number}"
                event = {"id": event_id, "type": "view", "article_id": "a", "reader": event_id}
                try:
                    answer = client.post(f"{address}/v1/events", json=event)
                except httpx.TransportError:
                    return
                if answer.status_code == 202:
                    acknowledged.append(event_id)
                    if len(acknowledged) >= _ENOUGH:
                        # at once: what was promised too early is not on disk yet
                        server.kill()
                        return
                else:
                    failed.append(answer.status_code)

    try:
        wait_for(address, server)
        clients = [threading.Thread(target=send, args=(name,)) for name in range(_CLIENTS)]
        for one in clients:
            one.start()
        for one in clients:
            one.join(30)
    finally:
        server.kill()
        server.wait()
    assert len(acknowledged) >= _ENOUGH
    assert not failed
    with EventLog.open(tmp_path / "home" / "events.sqlite") as log:
        at = datetime.now(UTC)
        again = [Event(type="view", article_id="a", at=at, id=one) for one in acknowledged]
        assert log.append(again).known == len(acknowledged)
        # whoever was not answered sends again: at the most one of each client is more
        assert len(acknowledged) <= len(log) <= len(acknowledged) + _CLIENTS


def wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None
        try:
            httpx.get(f"{address}/healthz", timeout=5)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server did not start")
