"""The product's application with two more addresses, which answer a constant."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from benchmarks.corpora import HashedWords
from benchmarks.streamed import GivenVectors
from recommender.api.app import create_app
from recommender.api.documentation import Answer, Operation
from recommender.api.rendering import json_response
from recommender.api.routing import add
from recommender.engine import Recommender
from recommender.similarity.embedder import Embedder
from recommender.wiring import assemble

HOME = "BENCHMARK_HOME"
EMBEDDER = "BENCHMARK_EMBEDDER"
CONSTANT_BYTES = "BENCHMARK_CONSTANT_BYTES"
EMBEDDERS: Mapping[str, Callable[[], Embedder] | None] = {
    "own": None,
    "hashed": HashedWords,
    "given": GivenVectors,
}
"""Those that a home may have been embedded by; None: as its settings say."""

CONSTANT = "/constant"
ORDINARY = "/ordinary"


def from_environment() -> FastAPI:
    """The application as the three variables say: its home, by which embedder, and the bytes."""
    parts = assemble(Path(os.environ[HOME]))
    made = EMBEDDERS[os.environ[EMBEDDER]]
    if made is not None:
        parts = replace(parts, embedder=made())
    return with_constants(Recommender(parts, follow=False), int(os.environ[CONSTANT_BYTES]))


def with_constants(recommender: Recommender, size: int) -> FastAPI:
    """`create_app` with `CONSTANT` and `ORDINARY`, which answer the same bytes.

    `CONSTANT` is served by the product's own routing and response, `ORDINARY` as FastAPI's
    documentation would have it.

    Args:
        recommender: opened with `follow=False`.
        size: bytes of the constant, at least 2.
    """
    app = create_app(recommender)
    text = "x" * (size - 2)
    body = f'"{text}"'.encode()

    async def constant(_: Request) -> Response:
        return json_response(body)

    async def ordinary() -> str:
        return text

    add(app, "GET", CONSTANT, constant, Operation("constant", "", "A constant", Answer("It.")))
    app.get(ORDINARY)(ordinary)
    # in front: the constants shall not pay for the product's many addresses before them
    routes = app.router.routes
    routes[:] = [*routes[-2:], *routes[:-2]]
    return app
