"""The product's application with one more address, which answers a constant."""

import os
from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from benchmarks.corpora import HashedWords
from recommender.api.app import create_app
from recommender.api.documentation import Answer, Operation
from recommender.api.rendering import json_response
from recommender.api.routing import add
from recommender.engine import Recommender
from recommender.wiring import assemble

HOME = "BENCHMARK_HOME"
CONSTANT_BYTES = "BENCHMARK_CONSTANT_BYTES"
CONSTANT = "/constant"


def from_environment() -> FastAPI:
    """The application over the home, and with a constant as long, as the two variables say."""
    parts = replace(assemble(Path(os.environ[HOME])), embedder=HashedWords())
    return with_constant(Recommender(parts, follow=False), int(os.environ[CONSTANT_BYTES]))


def with_constant(recommender: Recommender, size: int) -> FastAPI:
    """`create_app` with `CONSTANT`, served by the product's own routing and response.

    Args:
        recommender: opened with `follow=False`.
        size: bytes of the constant, at least 2.
    """
    app = create_app(recommender)
    body = b'"%b"' % (b"x" * (size - 2))

    async def constant(_: Request) -> Response:
        return json_response(body)

    add(app, "GET", CONSTANT, constant, Operation("constant", "", "A constant", Answer("It.")))
    # in front: the constant shall not pay for the product's many addresses before it
    app.router.routes.insert(0, app.router.routes.pop())
    return app
