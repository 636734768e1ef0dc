"""Events as a server gets them: requests for `put`, and a beacon every so often."""

import http.client
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from benchmarks.request import AGENT, NUMBER, Request

ARTICLES = 2_000
READERS = 1_000_000

_PATH = "/v1/events"


def beacons(count: int, seed: int) -> list[Request]:
    """So many requests of one event, about some articles more often than about others."""
    return [Request(_PATH, event) for event in _events(count, seed)]


def batches(count: int, size: int, seed: int) -> list[Request]:
    """So many requests of `size` events each."""
    events = list(_events(count * size, seed))
    starts = range(0, count * size, size)
    return [Request(_PATH, f"[{','.join(events[at : at + size])}]") for at in starts]


@contextmanager
def steady_beacons(address: str, *, every: float, seed: int, path: str = _PATH) -> Iterator[None]:
    """Within, a beacon arrives every so many seconds, the first at once.

    Raises:
        RuntimeError: one was not taken.
    """
    ended = threading.Event()
    failed: list[str] = []
    place = urlsplit(address)

    def send() -> None:
        connection = http.client.HTTPConnection(place.hostname or "", place.port)
        headers = {"Content-Type": "text/plain", "User-Agent": AGENT}
        number = 0
        try:
            while not ended.is_set():
                (one,) = beacons(1, seed + number)
                body = one.body.replace(NUMBER, f"{seed:08x}{number:016x}")
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                told = answer.read()
                if answer.status != http.client.ACCEPTED:
                    failed.append(f"{answer.status}: {told[:200]!r}")
                number += 1
                ended.wait(every)
        except OSError as error:
            failed.append(repr(error))
        finally:
            connection.close()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        ended.set()
        sender.join()
    if failed:
        raise RuntimeError(f"{len(failed)} beacons were not taken, the first: {failed[0]}")


def _events(count: int, seed: int) -> Iterator[str]:
    """Each with an id and a reader of its own: the same reader again would be kept aside."""
    rng = random.Random(seed)  # noqa: S311 - draws ids, keeps no secret
    for _ in range(count):
        article = int(ARTICLES * rng.random() ** 3)
        yield f'{{"id":"{NUMBER}","type":"view","article_id":"a{article}","reader":"r{NUMBER}"}}'
