import re

import pytest
from starlette.testclient import TestClient


def test_every_endpoint_is_documented_with_examples(reading: TestClient) -> None:
    paths = reading.get("/openapi.json").json()["paths"]
    operations = {
        (method, path): one for path, all_ in paths.items() for method, one in all_.items()
    }
    assert set(operations) == {
        ("get", "/v1/articles/{article_id}/related"),
        ("get", "/v1/articles/{article_id}/slots"),
        ("put", "/v1/articles/{article_id}"),
        ("delete", "/v1/articles/{article_id}"),
        ("post", "/v1/articles"),
        ("post", "/v1/hooks/ghost"),
        ("post", "/v1/related"),
        ("get", "/v1/popular"),
        ("post", "/v1/slots"),
        ("post", "/v1/events"),
        ("get", "/v1/rules"),
        ("post", "/v1/rules"),
        ("get", "/v1/rules/audit"),
        ("delete", "/v1/rules/{number}"),
        ("get", "/v1/index"),
        ("get", "/health/live"),
        ("get", "/health/ready"),
        ("get", "/metrics"),
    }
    for (method, path), operation in operations.items():
        answers = operation["responses"]
        assert "500" in answers
        for status, answer in answers.items():
            for content in answer.get("content", {}).values():
                assert content["example"] is not None, (method, path, status)
        for parameter in operation.get("parameters", ()):
            assert "example" in parameter
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content["example"]


@pytest.mark.parametrize("address", ["/v1/related", "/v1/slots"])
def test_documented_bodies_are_taken(reading: TestClient, address: str) -> None:
    operation = reading.get("/openapi.json").json()["paths"][address]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    example.pop("article_id", None)
    answer = reading.post(address, json=example)
    assert answer.status_code == 200


def test_documented_events_and_articles_are_taken(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for method, address, path, status in (
        ("POST", "/v1/events", "/v1/events", 202),
        ("PUT", "/v1/articles/x", "/v1/articles/{article_id}", 201),
    ):
        body = paths[path][method.lower()]["requestBody"]["content"]["application/json"]
        assert client.request(method, address, json=body["example"]).status_code == status


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/v1/articles/bridge-0/related", "/v1/articles/{article_id}/related"),
        ("/v1/articles/bridge-0/slots", "/v1/articles/{article_id}/slots"),
        ("/v1/popular", "/v1/popular"),
        ("/health/ready", "/health/ready"),
    ],
)
def test_answers_have_the_documented_shape(reading: TestClient, address: str, path: str) -> None:
    operation = reading.get("/openapi.json").json()["paths"][path]["get"]
    example = operation["responses"]["200"]["content"]["application/json"]["example"]
    assert _shape(reading.get(address).json()) == _shape(example)


def test_the_documented_etag_is_of_the_kind_that_answers_have(reading: TestClient) -> None:
    answers = reading.get("/openapi.json").json()["paths"]["/v1/popular"]["get"]["responses"]
    documented = answers["200"]["headers"]["ETag"]["example"]
    tags = documented, reading.get("/v1/popular").headers["ETag"]
    assert len({re.sub("[0-9a-f]", "0", one) for one in tags}) == 1


def _shape(value: object) -> object:
    """Names of the fields, all the way down; of a list, those of its first item."""
    if isinstance(value, dict):
        return {name: _shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shape(one) for one in value[:1]] if value and isinstance(value[0], dict) else []
    return None
