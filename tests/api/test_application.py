"""Who goes past the framework, and who does not."""

import sys
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import FastAPI
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.api.app import create_app
from recommender.engine import Recommender
from tests.api.test_api_metrics import number

RELATED = "/v1/articles/bridge-0/related"
COUNTED = (
    'recommender_http_requests_total{method="GET",'
    'route="/v1/articles/{article_id:path}/related",status="200"}'
)


@pytest.fixture
def asked_of_the_framework(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths that came to the framework, where nobody has set up telemetry."""
    monkeypatch.delitem(sys.modules, "opentelemetry.sdk", raising=False)
    paths: list[str] = []
    whole = FastAPI.__call__

    async def listening(app: FastAPI, scope: Scope, receive: Receive, send: Send) -> None:
        paths.append(scope.get("path", scope["type"]))
        await whole(app, scope, receive, send)

    monkeypatch.setattr(FastAPI, "__call__", listening)
    return paths


class Refusing:
    """Somebody's middleware, which lets nobody in without a key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (b"key", b"right") not in scope["headers"]:
            await Response(status_code=401)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def test_the_busiest_addresses_go_past_the_framework(
    home: Path, asked_of_the_framework: list[str]
) -> None:
    with TestClient(create_app(Recommender.open(home, follow=False))) as client:
        assert client.get(RELATED).status_code == 200
        assert client.post(RELATED).status_code == 405
        assert client.get("/v1/popular").status_code == 200
        assert number(client, COUNTED) == 1  # once, and not by each way
    assert asked_of_the_framework == ["lifespan", RELATED, "/v1/popular", "/metrics"]


def test_a_middleware_of_somebody_else_sees_every_request(home: Path) -> None:
    app = create_app(Recommender.open(home, follow=False))
    app.add_middleware(Refusing)
    with TestClient(app) as client:
        assert client.get(RELATED).status_code == 401
        client.headers["key"] = "right"
        assert client.get(RELATED).status_code == 200
        assert number(client, COUNTED) == 1


def test_where_telemetry_is_set_up_the_framework_tells_it_of_every_request(
    home: Path, asked_of_the_framework: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", ModuleType("opentelemetry.sdk"))
    with TestClient(create_app(Recommender.open(home, follow=False))) as client:
        assert client.get(RELATED).status_code == 200
    assert RELATED in asked_of_the_framework


def test_the_first_request_of_an_application_that_nobody_started(
    home: Path, asked_of_the_framework: list[str]
) -> None:
    with Recommender.open(home, follow=False) as recommender:
        client = TestClient(create_app(recommender))
        answers = [client.get(RELATED).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert asked_of_the_framework == [RELATED]
