"""What answers tell caches: who may keep one, how long it may be shown, and whether it still holds.

An answer depends on nothing but its address, so that there is no header that it varies by.
"""

from starlette.requests import Request
from starlette.responses import Response
from xxhash import xxh3_128_hexdigest

from recommender.settings_tables import CacheSettings

_ASK_AGAIN = "no-cache"
_PERSONAL = "private, no-cache"
"""What one reader knows is no other's business, and out of date with the next article they read."""


def tag_of(body: bytes) -> str:
    """A strong ETag (RFC 9110, 8.8.1): the same for the same bytes, in every process."""
    return f'"{xxh3_128_hexdigest(body)}"'


class Caching:
    """The headers of answers, as the publisher's settings have them."""

    def __init__(self, settings: CacheSettings) -> None:
        """By default a cache asks before it shows anything, so that a withdrawal holds at once."""
        fresh, stale = settings.max_age_seconds, settings.stale_while_revalidate_seconds
        self._shared = _ASK_AGAIN
        if fresh or stale:
            self._shared = f"public, max-age={fresh}"
        if stale:
            self._shared += f", stale-while-revalidate={stale}"
        self._longest = fresh + stale

    def headers(self, tag: str, *, personal: bool, until: float, now: float) -> dict[str, str]:
        """Of an answer with this ETag.

        Args:
            tag: of what is recommended.
            personal: whether it depends on what one reader knows.
            until: when an article of the corpus expires next, seconds since 1970: no cache may
                show it any longer.
            now: seconds since 1970.
        """
        control = _PERSONAL if personal else self._shared
        if not personal and self._longest and until < now + self._longest:
            control = _ASK_AGAIN
        return {"ETag": tag, "Cache-Control": control}


def holds(request: Request, tag: str) -> bool:
    """Whether the answer with this ETag is one that the request's If-None-Match names."""
    encoded = tag.encode()
    # once through the list: asking for a header by its name goes through it as well
    for name, value in request.scope["headers"]:
        # no tag is a part of another, as each has its quotation marks; W/ before one says nothing
        if name == b"if-none-match" and (encoded in value or value.strip() == b"*"):
            return True
    return False


def not_modified(headers: dict[str, str]) -> Response:
    """What the caller keeps is still the answer."""
    return Response(status_code=304, headers=headers)
