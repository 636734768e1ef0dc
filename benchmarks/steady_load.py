"""Requests that arrive one after the other while something else is measured."""

import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def steady(
    address: str,
    path: str,
    body: Callable[[int], str],
    headers: Mapping[str, str],
    *,
    expected: int,
    every: float = 0.0,
) -> Iterator[None]:
    """Within, one comes every so many seconds, the first at once, each when the last is answered.

    Args:
        address: of the server.
        path: they are posted to.
        body: of each, by its number from 0.
        headers: of all.
        expected: the status of their answers.
        every: seconds between an answer and the next request.

    Raises:
        RuntimeError: one was answered otherwise.
    """
    ended = threading.Event()
    failed: list[str] = []
    place = urlsplit(address)

    def send() -> None:
        connection = http.client.HTTPConnection(place.hostname or "", place.port)
        number = 0
        try:
            while not ended.is_set():
                connection.request("POST", path, body(number), dict(headers))
                answer = connection.getresponse()
                told = answer.read()
                if answer.status != expected:
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
        raise RuntimeError(f"{len(failed)} requests to {path} failed, the first: {failed[0]}")
