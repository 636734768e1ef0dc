"""One document from the web: only if it changed, and within limits."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urljoin

from recommender.articles.urls import web_url
from recommender.errors import SourceError

if TYPE_CHECKING:
    import httpx

_MIB = 2**20
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, "
    "application/json;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_MODIFIED = 304
_OK = 200


@dataclass(frozen=True, slots=True)
class FeedState:
    """What a server said of a document's version, to be sent back at the next visit."""

    etag: str = ""
    last_modified: str = ""


NO_STATE = FeedState()


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much a fetch may take.

    Attributes:
        seconds: for the whole fetch, redirects included.
        bytes: of the document, after decompression.
        redirects: followed at most.
    """

    seconds: float = 30.0
    bytes: int = 32 * _MIB
    redirects: int = 5


LIMITS = FetchLimits()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document.

    Attributes:
        address: where it was found, after redirects.
        content: decompressed where the transfer was compressed.
        content_type: the header, "" where there was none.
        state: for the next visit.
    """

    address: str
    content: bytes
    content_type: str
    state: FeedState


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says that nothing changed since `state`."""

    address: str
    state: FeedState


Answer: TypeAlias = Fetched | NotModified


def fetch(
    url: str,
    *,
    client: "httpx.Client",
    state: FeedState = NO_STATE,
    limits: FetchLimits = LIMITS,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """The document at `url`, unless it is the one of `state` still.

    Args:
        url: http or https; so must be whatever it redirects to.
        client: its own redirect and time settings are not used.
        state: of the last visit.
        limits: what the fetch may take.
        clock: seconds, never going back.

    Raises:
        SourceError: no such address, no connection, another status than 200 and 304, or over a
            limit; says which and the way out.
    """
    # imported here: a server that fetches nothing starts without it
    import httpx  # noqa: PLC0415

    deadline = clock() + limits.seconds
    address = _checked(url, url)
    headers = {"Accept": _ACCEPT}
    if state.etag:
        headers["If-None-Match"] = state.etag
    if state.last_modified:
        headers["If-Modified-Since"] = state.last_modified
    for _ in range(limits.redirects + 1):
        remaining = deadline - clock()
        if remaining <= 0:
            raise _too_slow(url, limits)
        try:
            with client.stream(
                "GET", address, headers=headers, follow_redirects=False, timeout=remaining
            ) as response:
                if response.status_code not in _REDIRECTS:
                    return _answer(response, url, state, limits, lambda: clock() > deadline)
                address = _checked(urljoin(address, response.headers.get("location", "")), url)
        except httpx.TimeoutException:
            raise _too_slow(url, limits) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            what = str(error) or type(error).__name__
            raise SourceError(f"{url} cannot be fetched: {what}. Is the address right?") from error
    raise SourceError(
        f"{url} redirects more than {limits.redirects} times, last to {address}; "
        "give the address where it ends."
    )


def _answer(
    response: "httpx.Response",
    url: str,
    state: FeedState,
    limits: FetchLimits,
    is_late: Callable[[], bool],
) -> Answer:
    address = str(response.url)
    if response.status_code == _NOT_MODIFIED:
        return NotModified(address, state)
    if response.status_code != _OK:
        raise SourceError(
            f"{url} answered {response.status_code} {response.reason_phrase}, expected 200."
        )
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > limits.bytes:
            raise SourceError(
                f"{url} has more than {limits.bytes:,} bytes, the limit for fetching; "
                "download it and give the file."
            )
        # the client's own limit is for each wait: a server that drips would never exceed it
        if is_late():
            raise _too_slow(url, limits)
    headers = response.headers
    return Fetched(
        address,
        bytes(content),
        headers.get("content-type", ""),
        FeedState(headers.get("etag", ""), headers.get("last-modified", "")),
    )


def _checked(address: str, asked: str) -> str:
    try:
        web_url(address)  # for its checks only: a feed's address may need each parameter
    except ValueError as error:
        through = "" if address == asked else f" (through {asked})"
        raise SourceError(f"{address!r}{through} cannot be fetched: {error}.") from None
    return address


def _too_slow(url: str, limits: FetchLimits) -> SourceError:
    return SourceError(f"{url} took longer than {limits.seconds:g} s; try again later.")
