import threading
from datetime import UTC, datetime
from pathlib import Path

import httpx

from recommender.readers.event import Event
from recommender.readers.events import EventLog
from tests.api.server import ALIVE, served
from tests.waiting import LONG

_CLIENTS = 8
_ENOUGH = 200
BROWSER = {"User-Agent": "Mozilla/5.0 Firefox/128.0"}


def test_a_killed_server_has_lost_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    failed: list[int] = []

    with served(tmp_path / "home", ALIVE) as (server, address):

        def send(name: int) -> None:
            with httpx.Client(headers=BROWSER, timeout=LONG) as client:
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

        clients = [threading.Thread(target=send, args=(name,)) for name in range(_CLIENTS)]
        for one in clients:
            one.start()
        for one in clients:
            one.join(LONG)
    assert len(acknowledged) >= _ENOUGH
    assert not failed
    with EventLog.open(tmp_path / "home" / "events.sqlite") as log:
        at = datetime.now(UTC)
        again = [Event(type="view", article_id="a", at=at, id=one) for one in acknowledged]
        assert log.append(again).known == len(acknowledged)
        # whoever was not answered sends again: at the most one of each client is more
        assert len(acknowledged) <= len(log) <= len(acknowledged) + _CLIENTS
