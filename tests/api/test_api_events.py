import json

import pytest
from starlette.testclient import TestClient

VIEW = {"type": "view", "article_id": "school-2", "reader": "new"}


def most_read(client: TestClient) -> str:
    first: str = client.get("/v1/popular?limit=1").json()["data"][0]["id"]
    return first


def test_an_event_counts_in_the_next_answer(client: TestClient) -> None:
    assert most_read(client) == "football-0"
    batch = [{**VIEW, "reader": f"n{number}"} for number in range(20)]
    response = client.post("/v1/events", json=batch)
    assert (response.status_code, response.json()) == (202, {"data": {"kept": 20}})
    assert most_read(client) == "school-2"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/plain;charset=UTF-8"])
def test_a_beacon_may_be_plain_text(client: TestClient, kind: str) -> None:
    response = client.post("/v1/events", content=json.dumps(VIEW), headers={"Content-Type": kind})
    assert (response.status_code, response.json()) == (202, {"data": {"kept": 1}})


def test_a_reader_counts_once(client: TestClient) -> None:
    client.post("/v1/events", json=[VIEW] * 50)
    assert most_read(client) == "football-0"


def test_one_wrong_event_keeps_all_out(client: TestClient) -> None:
    wrong = client.post("/v1/events", json=[VIEW, {**VIEW, "typ": "view"}])
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["place"] == "/1/typ"
    assert "type" in wrong.json()["detail"]
    batch = [{**VIEW, "reader": f"n{number}"} for number in range(20)]
    assert client.post("/v1/events", json=[*batch, {"type": "view"}]).status_code == 422
    assert most_read(client) == "football-0"


@pytest.mark.parametrize("count", [0, 1001])
def test_a_list_holds_up_to_a_thousand(client: TestClient, count: int) -> None:
    response = client.post("/v1/events", json=[VIEW] * count)
    assert response.status_code == 422
    assert "1,000" in response.json()["detail"]
    assert client.post("/v1/events", json=[VIEW] * 1000).json() == {"data": {"kept": 1000}}
