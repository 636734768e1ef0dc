"""What content systems tell by themselves when an article changes."""

import hashlib
import hmac
from datetime import timedelta

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from recommender.api import examples
from recommender.api.bodies import body_bytes
from recommender.api.documentation import Answer, Operation, RequestBody
from recommender.api.problems import Fault, Problem
from recommender.api.query_strings import NONE
from recommender.api.rendering import json_response
from recommender.api.routing import add
from recommender.api.service import Service
from recommender.articles.ghost import article_from_hook
from recommender.errors import InputError

SIGNATURE = "X-Ghost-Signature"
FRESH = timedelta(minutes=5)
"""A signature of longer ago, or of a time to come, may have been overheard."""


class _Hooks:
    def __init__(self, service: Service) -> None:
        self._service = service
        secret = service.recommender.parts.settings.hooks.ghost_secret
        self._secret = b"" if secret is None else secret.get_secret_value().encode()

    async def ghost(self, request: Request) -> Response:
        NONE.read(request)
        body = await body_bytes(request)
        if self._secret:
            signed = request.headers.get(SIGNATURE, "")
            check_signature(
                body, signed, secret=self._secret, now=self._service.recommender.clock().timestamp()
            )
        try:
            payload: object = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Problem(400, "invalid-json", f"The body is not valid JSON: {error}.") from None
        content = await self._service.waited(lambda: self._keep(payload))
        return json_response(content, 202)

    def _keep(self, payload: object) -> bytes:
        recommender = self._service.recommender
        try:
            article = article_from_hook(payload)
        except InputError as error:
            raise Problem.of_faults([Fault("", f"The body: {error}")]) from None
        if article.status == "withdrawn" and article.updated_at is None:
            recommender.withdraw([article.id])
            return _told(article.id, "withdrawn")
        done = recommender.load([article], keep_reject=lambda _: None, patient=False)
        counts = ("added", "changed", "unchanged", "outdated", "withheld")
        result = next(name for name in counts if getattr(done, name))
        if article.status == "withdrawn" and result in {"added", "changed"}:
            result = "withdrawn"
        return _told(article.id, result)


def check_signature(body: bytes, signed: str, *, secret: bytes, now: float) -> None:
    """Refuses a body that was not signed with `secret` of late.

    Args:
        body: as it came.
        signed: the header: `sha256=HEX, t=MILLISECONDS`, where HEX is of the body and t.
        secret: that Ghost was given.
        now: seconds since 1970.

    Raises:
        Problem: it was not (403).
    """
    parts = dict(part.strip().partition("=")[::2] for part in signed.split(","))
    given, stamp = parts.get("sha256", ""), parts.get("t", "")
    made = hmac.new(secret, body + stamp.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.encode(), made.encode()):
        raise Problem(
            403,
            "",
            f"Expected the header {SIGNATURE} as Ghost makes it with the secret in the setting "
            f"hooks.ghost_secret, got {'another' if signed else 'none'}. Give the webhook in Ghost "
            "the same secret.",
        )
    if not stamp.isdecimal() or abs(now - int(stamp) / 1000) > FRESH.total_seconds():
        raise Problem(
            403,
            "",
            f"Expected a signature of the last {FRESH.seconds // 60} minutes. Set the clocks of "
            "both machines.",
        )


def _told(article_id: str, result: str) -> bytes:
    return orjson.dumps({"data": {"id": article_id, "result": result}})


def install(app: FastAPI, service: Service) -> None:
    """Adds the endpoint to `app`."""
    add(
        app,
        "POST",
        "/v1/hooks/ghost",
        _Hooks(service).ghost,
        Operation(
            "ghost_hook",
            "articles",
            "Take a webhook of Ghost",
            Answer(
                "Kept, and shown once it has its vector; or withdrawn, and in no answer from now "
                "on. `outdated` and `withheld` are versions older than what is known.",
                examples.STORED,
            ),
            "For the events post.published, post.published.edited, post.unpublished and "
            f"post.deleted. Where `hooks.ghost_secret` is set, `{SIGNATURE}` must be right.",
            status=202,
            body=RequestBody({"type": "object"}, examples.GHOST),
            problems=(400, 403, 413, 422, 503),
        ),
    )
