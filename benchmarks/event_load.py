"""Events as a server gets them: requests for `put`, and a beacon every so often."""

import http.client
import random
from collections.abc import Iterator
from contextlib import AbstractContextManager

from benchmarks.request import AGENT, NUMBER, Request
from benchmarks.steady_load import steady

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


def steady_beacons(
    address: str, *, every: float, seed: int, path: str = _PATH
) -> AbstractContextManager[None]:
    """Within, a beacon arrives every so many seconds, the first at once; see `steady`."""

    def body(number: int) -> str:
        (one,) = beacons(1, seed + number)
        return one.body.replace(NUMBER, f"{seed:08x}{number:016x}")

    headers = {"Content-Type": "text/plain", "User-Agent": AGENT}
    return steady(address, path, body, headers, expected=http.client.ACCEPTED, every=every)


def _events(count: int, seed: int) -> Iterator[str]:
    """Each with an id and a reader of its own: the same reader again would be kept aside."""
    rng = random.Random(seed)  # noqa: S311 - draws ids, keeps no secret
    for _ in range(count):
        article = int(ARTICLES * rng.random() ** 3)
        yield f'{{"id":"{NUMBER}","type":"view","article_id":"a{article}","reader":"r{NUMBER}"}}'
