"""Beacons: what readers did."""

from collections.abc import Sequence

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from recommender.api import examples
from recommender.api.bodies import json_body
from recommender.api.commits import Commits
from recommender.api.documentation import JSON, Answer, Operation, RequestBody, inlined_schema
from recommender.api.event_bodies import MAX_EVENTS, Arrival, read_events
from recommender.api.problems import Fault
from recommender.api.query_strings import NONE
from recommender.api.rendering import json_response
from recommender.api.routing import add
from recommender.api.schemas import EventBody
from recommender.api.service import Service
from recommender.api.shortcut import Address
from recommender.readers.circumstances import is_bot, is_own, is_prefetch
from recommender.readers.event import Appended, Aside
from recommender.readers.events import told
from recommender.readers.storing import KEPT

_PATH = "/v1/events"
_PURPOSES = frozenset({b"purpose", b"sec-purpose", b"x-moz"})


def _answered(appended: Appended, refused: Sequence[Fault]) -> bytes:
    return orjson.dumps(
        {
            "data": {
                "kept": appended.kept,
                "known": appended.known,
                "set_aside": appended.aside,
                "refused": [{"place": one.place, "detail": one.detail} for one in refused],
            }
        }
    )


# what nearly every beacon is told; nobody changes a response
_ONE = json_response(_answered(Appended(kept=1), ()), 202)


class _Events:
    def __init__(self, service: Service) -> None:
        recommender = service.recommender
        self._clock = recommender.clock
        self._log = recommender.parts.events
        self._own = recommender.parts.own_networks
        self._commits = Commits(recommender.parts.commits)

    async def post(self, request: Request) -> Response:
        NONE.read(request)
        # navigator.sendBeacon sends text/plain, so that no preflight request goes before it
        raw = await json_body(request, kinds=(JSON, "text/plain"))
        read = read_events(raw, self._arrival(request))
        outcomes = await self._commits.append(read.events) if read.events else []
        if outcomes == [KEPT] and not read.refused:
            return _ONE
        return json_response(_answered(told(outcomes), read.refused), 202)

    def _arrival(self, request: Request) -> Arrival:
        agent = b""
        prefetch = False
        # once through the list: asking for each header goes through it each time
        for name, value in request.scope["headers"]:
            if name == b"user-agent":
                agent = value
            elif name in _PURPOSES:
                prefetch = prefetch or is_prefetch(value.decode("latin-1"))
        aside: Aside | None = "prefetch" if prefetch else None
        address = request.client.host if self._own and request.client else ""
        if aside is None and is_own(address, self._own):
            aside = "own_address"
        now = self._clock()
        return Arrival(now, self._log.oldest(now), is_bot(agent.decode("latin-1")), aside)


def install(app: FastAPI, service: Service) -> Address:
    """Adds the endpoint to `app`; beacons are what it is asked for most."""
    endpoint = _Events(service).post
    one = inlined_schema(EventBody)
    many = {"type": "array", "minItems": 1, "maxItems": MAX_EVENTS, "items": one}
    add(
        app,
        "POST",
        _PATH,
        endpoint,
        Operation(
            "record_events",
            "events",
            "Tell what readers did",
            Answer(
                "On disk, all of them but the refused; on any other answer, none. Kept are those "
                "that count, set aside those that are kept and do not, by the reason; known are "
                "those whose id was there before.",
                examples.KEPT,
            ),
            f"One event or a list of up to {MAX_EVENTS:,}. An impression shows articles, a view "
            "is an opened article, a click an opened recommendation.",
            status=202,
            body=RequestBody({"oneOf": [one, many]}, examples.EVENTS, (JSON, "text/plain")),
            problems=(400, 413, 415, 422, 503),
        ),
    )
    return Address("POST", _PATH, endpoint)
