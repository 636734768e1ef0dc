"""Editors' rules: listed, added, ended, and who did it."""

from collections.abc import Mapping
from types import MappingProxyType

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from recommender.api.bodies import model_body
from recommender.api.documentation import RULE_NUMBER, Answer, Json, Operation, body_of
from recommender.api.parameters import Parameter, flag, integer, word
from recommender.api.problems import Fault, Problem
from recommender.api.query_strings import NONE, QueryString
from recommender.api.rendering import json_response
from recommender.api.routing import add
from recommender.api.rule_bodies import (
    AUDIT_EXAMPLE,
    AUDIT_SCHEMA,
    REACH_EXAMPLE,
    REACH_SCHEMA,
    RULE_EXAMPLE,
    RULE_SCHEMA,
    RuleBody,
    audit_json,
    reach_json,
    rule_json,
)
from recommender.api.service import Service
from recommender.editors.rule import RecordedRule
from recommender.errors import InputError
from recommender.slots.reach import Reach

_TAG = "rules"
_MOST = 10_000
_LATEST = 100

ENDED = Parameter(
    "ended",
    "Those too that were ended or replaced.",
    flag,
    {"type": "boolean"},
    example=True,
    default=False,
)
LIMIT = Parameter(
    "limit",
    "How many changes at the most.",
    integer(1, _MOST),
    {"type": "integer", "minimum": 1, "maximum": _MOST},
    example=20,
    default=_LATEST,
)
BY = Parameter("by", "Who ends it.", word, {"type": "string", "minLength": 1}, example="anna")
WHY = Parameter(
    "why",
    "The reason, for the audit log.",
    word,
    {"type": "string", "minLength": 1},
    example="the bridge is open again",
)
_LISTING = QueryString((ENDED,))
_AUDIT = QueryString((LIMIT,))
_ENDING = QueryString((BY, WHY))


class _Rules:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def list_all(self, request: Request) -> Response:
        desk = self._service.recommender.rules
        values = _LISTING.values(request)
        ended = values.one(ENDED, default=False)
        values.refuse()
        found = await self._service.waited(desk.every if ended else desk.standing)
        return _answer([rule_json(one) for one in found])

    async def add(self, request: Request) -> Response:
        NONE.read(request)
        body = await model_body(request, RuleBody)
        recommender = self._service.recommender

        def kept() -> tuple[RecordedRule, Reach | None]:
            made = recommender.rules.add(
                body.rule(), by=body.by, why=body.why, replaces=body.replaces
            )
            return made, recommender.reach_of(made.rule)

        try:
            made, reach = await self._service.waited(kept)
        except InputError as error:
            # also an unknown article: it is in the body, and the address is right
            raise Problem.of_faults([Fault("", str(error))]) from None
        return _answer(rule_json(made), 201, {"meta": reach_json(reach)})

    async def end(self, request: Request) -> Response:
        values = _ENDING.values(request)
        by, why = values.needed(BY), values.needed(WHY)
        values.refuse()
        text: str = request.path_params[RULE_NUMBER]
        try:
            number = integer(1, 2**63 - 1)(text)
        except ValueError as error:
            raise Problem.of_faults(
                [Fault("", f"The address: expected {error}, got {text[:60]!r}.")]
            ) from None
        desk = self._service.recommender.rules
        ended = await self._service.waited(lambda: desk.end(number, by=by, why=why))
        return _answer(rule_json(ended))

    async def audit(self, request: Request) -> Response:
        values = _AUDIT.values(request)
        limit = values.one(LIMIT, _LATEST)
        values.refuse()
        desk = self._service.recommender.rules
        found = await self._service.waited(lambda: desk.audit(limit))
        return _answer([audit_json(one) for one in found])


def _answer(
    data: object, status: int = 200, more: Mapping[str, object] = MappingProxyType({})
) -> Response:
    return json_response(orjson.dumps({"data": data, **more}), status)


def _one(about: str) -> Answer:
    return Answer(about, {"data": RULE_EXAMPLE}, schema=_data(RULE_SCHEMA))


def _kept(about: str) -> Answer:
    schema: Json = {
        "type": "object",
        "required": ["data", "meta"],
        "properties": {"data": RULE_SCHEMA, "meta": REACH_SCHEMA},
    }
    return Answer(about, {"data": RULE_EXAMPLE, "meta": REACH_EXAMPLE}, schema=schema)


def _many(about: str, example: object, schema: Mapping[str, object]) -> Answer:
    listed = {"type": "array", "items": schema}
    return Answer(about, {"data": [example]}, schema=_data(listed))


def _data(schema: Mapping[str, object]) -> Mapping[str, object]:
    return {"type": "object", "required": ["data"], "properties": {"data": schema}}


def install(app: FastAPI, service: Service) -> None:
    """Adds the endpoints to `app`."""
    endpoints = _Rules(service)
    add(
        app,
        "GET",
        "/v1/rules",
        endpoints.list_all,
        Operation(
            "list_rules",
            _TAG,
            "The rules of editors",
            _many("The oldest first.", RULE_EXAMPLE, RULE_SCHEMA),
            query=_LISTING,
            problems=(422, 503),
        ),
    )
    add(
        app,
        "POST",
        "/v1/rules",
        endpoints.add,
        Operation(
            "add_rule",
            _TAG,
            "Pin, boost, bury, block, ignore a section as a signal, or promote",
            _kept("Kept: it holds from the next request on, in every worker."),
            "About one article, pair, section, tag or author. A block beats everything, a pin "
            "beats the ranking; of two pins to one place, or a boost and a bury of one article, "
            "the later rule counts. A rule is never changed: `replaces` ends another for it.",
            status=201,
            body=body_of(RuleBody),
            problems=(400, 413, 415, 422, 503),
        ),
    )
    add(
        app,
        "GET",
        "/v1/rules/audit",
        endpoints.audit,
        Operation(
            "audit_rules",
            _TAG,
            "Who changed which rule, when and why",
            _many("The latest first.", AUDIT_EXAMPLE, AUDIT_SCHEMA),
            query=_AUDIT,
            problems=(422, 503),
        ),
    )
    add(
        app,
        "DELETE",
        "/v1/rules/{number}",
        endpoints.end,
        Operation(
            "end_rule",
            _TAG,
            "End a rule",
            _one("Ended, from the next request on; as it is kept."),
            query=_ENDING,
            of_rule=True,
            problems=(404, 422, 503),
        ),
    )
