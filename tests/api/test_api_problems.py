import json
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Scope

from recommender.api.app import create_app
from recommender.engine import Recommender
from recommender.errors import CatalogError, EmbedderError, SettingsError

RELATED = "/v1/articles/bridge-0/related"


def refused(response: object, status: int) -> dict[str, object]:
    """The problem of a response, whose form is checked."""
    assert response.status_code == status, response.text  # type: ignore[attr-defined]  # an httpx response
    assert response.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]  # as above
    problem: dict[str, object] = response.json()  # type: ignore[attr-defined]  # as above
    assert {"type", "title", "status", "detail", "instance"} <= set(problem)
    assert problem["status"] == status
    assert "Traceback" not in json.dumps(problem)
    return problem


@pytest.mark.parametrize(
    ("method", "address", "body", "status"),
    [
        ("GET", "/v1/articles/nope/related", None, 404),
        ("GET", "/v1/articles/no such/related", None, 404),
        ("GET", "/v1/articles/nope/slots", None, 404),
        ("GET", f"{RELATED}?limit=0", None, 422),
        ("GET", f"{RELATED}?limit=1001", None, 422),
        ("GET", f"{RELATED}?limit=5&limit=6", None, 422),
        ("GET", f"{RELATED}?limit=", None, 422),
        ("GET", f"{RELATED}?offset=-1", None, 422),
        ("GET", f"{RELATED}?section=", None, 422),
        ("GET", f"{RELATED}?published_after=yesterday", None, 422),
        ("GET", f"{RELATED}?published_after=2024-02-01&published_before=2024-01-01", None, 422),
        ("GET", f"{RELATED}?explain=perhaps", None, 422),
        ("GET", f"{RELATED}?pipeline=nope", None, 422),
        ("GET", f"{RELATED}?window=7d", None, 422),
        ("GET", "/v1/popular?window=7", None, 422),
        ("GET", "/v1/popular?window=99999999d", None, 422),
        ("GET", "/v1/articles/bridge-0/slots?slot=sidebar", None, 422),
        ("POST", "/v1/related", {}, 422),
        ("POST", "/v1/related", {"titel": "x"}, 422),
        ("POST", "/v1/related", {"title": 5}, 422),
        ("POST", "/v1/related", ["x"], 422),
        ("POST", "/v1/related?limt=5", {"title": "x"}, 422),
        ("POST", "/v1/slots", {"article_id": "nope"}, 404),
        ("POST", "/v1/slots", {"article_id": "bridge-0", "title": "x"}, 422),
        ("POST", "/v1/slots", {"slots": []}, 422),
        ("POST", "/v1/slots", {"slots": [{"slot": "related"}, {"slot": "related"}]}, 422),
        ("POST", "/v1/slots", {"slots": [{"slot": "related", "limit": 0}]}, 422),
        ("POST", "/v1/slots", {"pipeline": "nope"}, 422),
        ("POST", "/v1/slots", {"at": "yesterday"}, 422),
        ("POST", "/v1/slots", {"window": "week"}, 422),
        ("POST", "/v1/events", {}, 422),
        ("POST", "/v1/events", "view", 422),
        ("POST", "/v1/events", {"type": "buy", "article_id": "bridge-0"}, 422),
        ("POST", "/v1/events", {"type": "view", "article_id": "a", "at": "1066-10-14"}, 422),
        ("PUT", "/v1/articles/new", [], 422),
        ("PUT", "/v1/articles/new", {}, 422),
        ("PUT", "/v1/articles/new", {"title": "x", "published_at": "yesterday"}, 422),
        ("DELETE", "/v1/articles/nope", None, 404),
        ("DELETE", "/v1/articles/nope?force=1", None, 422),
        ("GET", "/v1/index/more", None, 404),
        ("GET", "/", None, 404),
        ("GET", "/v1/popular/", None, 404),
        ("POST", "/v1/popular", None, 405),
        ("POST", "/health/live", None, 405),
        ("POST", "/health/ready", None, 405),
        ("POST", "/v1/index", None, 405),
        ("DELETE", "/metrics", None, 405),
    ],
)
def test_a_refusal_is_a_problem(
    reading: TestClient, method: str, address: str, body: object, status: int
) -> None:
    response = reading.request(method, address, json=body)
    problem = refused(response, status)
    assert str(problem["instance"]).startswith("/")


def test_an_unknown_parameter_is_told_the_nearest(reading: TestClient) -> None:
    problem = refused(reading.get(f"{RELATED}?limt=5&sektion=x"), 422)
    assert problem["detail"] == "There is no 'limt' here. Did you mean limit?"
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert [error["place"] for error in errors] == ["limt", "sektion"]
    assert "Did you mean section" in errors[1]["detail"]


def test_every_wrong_field_is_told_by_its_place(reading: TestClient) -> None:
    body = {"slots": [{"slot": "related", "limit": "many"}, {"slot": "popular", "limt": 3}]}
    problem = refused(reading.post("/v1/slots", json=body), 422)
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert [error["place"] for error in errors] == ["/slots/0/limit", "/slots/1/limt"]
    assert "Did you mean limit" in errors[1]["detail"]


def test_an_unknown_article_is_told_the_nearest(reading: TestClient) -> None:
    problem = refused(reading.get("/v1/articles/bridge-00/related"), 404)
    assert "bridge-0" in str(problem["detail"])
    assert problem["instance"] == "/v1/articles/bridge-00/related"


@pytest.mark.parametrize("address", ["/v1/related", "/v1/slots", "/v1/events"])
@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b'{"title": "\xff"}', "application/json", 400),
        (b'{"title": "\\ud800"}', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"<a/>", "text/xml", 415),
        (b'{"title": "' + b"x" * 9_000_000 + b'"}', "application/json", 413),
    ],
    ids=["cut short", "empty", "no UTF-8", "half a character", "deep", "xml", "long"],
)
def test_a_body_that_cannot_be_read(
    reading: TestClient, address: str, content: bytes, kind: str, status: int
) -> None:
    response = reading.post(address, content=content, headers={"Content-Type": kind})
    refused(response, status)


def test_a_method_that_is_not_taken_is_told_those_that_are(reading: TestClient) -> None:
    response = reading.post("/v1/articles/bridge-0")
    refused(response, 405)
    assert response.headers["allow"] == "DELETE, PUT"
    assert reading.delete("/v1/slots").headers["allow"] == "POST"
    # as an article's id it would fit the address of an article as well
    assert reading.post(RELATED).headers["allow"] == "GET, HEAD"
    assert reading.post("/v1/rules/audit").headers["allow"] == "GET"


def test_where_nothing_is_the_documentation_is_named(reading: TestClient) -> None:
    assert "/docs" in str(refused(reading.get("/"), 404)["detail"])
    assert reading.get("/docs").status_code == 200


@pytest.mark.parametrize(
    ("slots", "told"),
    [
        ([], "/slots: expected a list with at least 1 in it, got an empty one."),
        (["story"] * 11, "/slots: expected a list with at most 10 in it, got 11."),
        ([5], "/slots/0: expected an object, got 5."),
        ([["related"]], "/slots/0: expected an object, got a list."),
        ([{"slot": {}}], "/slots/0/slot: input should be a valid string, got an object."),
    ],
)
def test_a_wrong_list_is_told_in_plain_words(
    reading: TestClient, slots: list[object], told: str
) -> None:
    assert refused(reading.post("/v1/slots", json={"slots": slots}), 422)["detail"] == told


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[TestClient]:
    """A home in which nothing was published."""
    app = create_app(Recommender.open(tmp_path / "empty", follow=False))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "/v1/articles/bridge-0/related", None),
        ("GET", "/v1/articles/bridge-0/slots", None),
        ("GET", "/v1/popular", None),
        ("POST", "/v1/related", {"title": "Bridge"}),
        ("POST", "/v1/slots", {}),
        ("GET", "/v1/index", None),
        ("GET", "/health/ready", None),
    ],
)
def test_without_a_snapshot_it_is_not_ready(
    empty: TestClient, method: str, address: str, body: object
) -> None:
    response = empty.request(method, address, json=body)
    problem = refused(response, 503)
    assert "recommender rebuild" in str(problem["detail"])
    assert response.headers["retry-after"] == "5"
    assert empty.get("/health/live").json() == {"status": "live"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EmbedderError("/srv/secret/model is broken"), 500),
        (SettingsError("/srv/secret/recommender.toml asks for another model"), 500),
        (CatalogError("/srv/secret/catalog.sqlite: the disk is full"), 503),
        (RuntimeError("/srv/secret in a traceback"), 500),
    ],
)
def test_a_failure_tells_nothing_of_the_machine(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Recommender, "fill", broken)
    response = client.post("/v1/related", json={"title": "x"})
    assert "secret" not in json.dumps(refused(response, status))


@pytest.mark.parametrize("address", ["/v1/events", "/v1/related"])
def test_a_client_that_goes_away_is_no_failure_of_the_server(
    reading: TestClient, address: str
) -> None:
    coming: list[Message] = [
        {"type": "http.request", "body": b'{"type": ', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": address,
        "raw_path": address.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "client": None,
    }
    anyio.run(reading.app, scope, receive, send)
    assert sent[0]["status"] == 400
