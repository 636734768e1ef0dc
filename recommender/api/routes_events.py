"""Beacons: what readers did."""

from datetime import UTC, datetime

from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from recommender.api import examples
from recommender.api.bodies import json_body, problem_of
from recommender.api.documentation import JSON, Answer, Operation, RequestBody, inlined_schema
from recommender.api.parameters import NONE
from recommender.api.problems import Fault, Problem
from recommender.api.rendering import json_response
from recommender.api.routing import add
from recommender.api.schemas import MAX_EVENTS, EventBody
from recommender.api.service import Service

_MANY = TypeAdapter(list[EventBody])


class _Events:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def post(self, request: Request) -> Response:
        NONE.read(request)
        now = datetime.now(UTC)
        # navigator.sendBeacon sends text/plain, so that no preflight request goes before it
        raw = await json_body(request, kinds=(JSON, "text/plain"))
        bodies = _checked(raw)
        batch = [one.event(now) for one in bodies]
        kept = await self._service.waited(lambda: self._service.recommender.record(batch))
        return json_response(b'{"data":{"kept":%d}}' % kept, 202)


def _checked(raw: object) -> list[EventBody]:
    if isinstance(raw, list) and not 1 <= len(raw) <= MAX_EVENTS:
        detail = f"The body: expected 1 to {MAX_EVENTS:,} events, got {len(raw):,}."
        raise Problem.of_faults([Fault("", detail)])
    try:
        if isinstance(raw, list):
            return _MANY.validate_python(raw)
        return [EventBody.model_validate(raw)]
    except ValidationError as error:
        raise problem_of(error, EventBody) from None


def install(app: FastAPI, service: Service) -> None:
    """Adds the endpoint to `app`."""
    one = inlined_schema(EventBody)
    many = {"type": "array", "minItems": 1, "maxItems": MAX_EVENTS, "items": one}
    add(
        app,
        "POST",
        "/v1/events",
        _Events(service).post,
        Operation(
            "record_events",
            "events",
            "Tell what readers did",
            Answer("On disk; all of them or, on any other answer, none.", examples.KEPT),
            f"One event or a list of up to {MAX_EVENTS:,}. A view is an opened article, a click "
            "an opened recommendation.",
            status=202,
            body=RequestBody({"oneOf": [one, many]}, examples.EVENTS, (JSON, "text/plain")),
            problems=(400, 413, 415, 422, 503),
        ),
    )
