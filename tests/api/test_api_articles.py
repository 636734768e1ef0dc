from pathlib import Path

from starlette.testclient import TestClient

from recommender.engine import Recommender

NEW = {
    "title": "Bridge cables replaced ahead of time",
    "body": "The engineers replaced the last cables of the bridge.",
    "section": "city",
    "published_at": "2020-06-02T08:00:00Z",
}


def shown(client: TestClient, address: str) -> set[str]:
    response = client.get(address)
    assert response.status_code == 200
    return {card["id"] for card in response.json()["data"]}


def test_an_article_put_in_is_in_the_next_answer(client: TestClient) -> None:
    before = client.get("/v1/articles/new/1/related")
    assert before.status_code == 404
    response = client.put("/v1/articles/new/1", json=NEW)
    assert (response.status_code, response.json()) == (
        201,
        {"data": {"id": "new/1", "result": "added", "unused": [], "warnings": []}},
    )
    assert "new/1" in shown(client, "/v1/articles/bridge-0/related?limit=8")
    assert any(one.startswith("bridge-") for one in shown(client, "/v1/articles/new/1/related"))
    assert client.put("/v1/articles/new/1", json=NEW).json()["data"]["result"] == "unchanged"
    changed = client.put("/v1/articles/new/1", json={**NEW, "section": "sport"})
    assert (changed.status_code, changed.json()["data"]["result"]) == (200, "changed")
    assert "new/1" in shown(client, "/v1/articles/bridge-0/related?limit=8&section=sport")


def test_an_older_version_is_refused(client: TestClient) -> None:
    client.put("/v1/articles/n", json={**NEW, "updated_at": "2020-06-03T08:00:00Z"})
    older = client.put(
        "/v1/articles/n", json={**NEW, "title": "Old", "updated_at": "2020-06-02T08:00:00Z"}
    )
    assert older.status_code == 409
    assert older.json()["type"] == "urn:recommender:outdated-article"


def test_a_withdrawn_article_is_never_shown_again(client: TestClient) -> None:
    addresses = (
        "/v1/articles/bridge-0/related?limit=20",
        "/v1/articles/bridge-0/related?limit=20&section=city",
        "/v1/articles/bridge-0/related?limit=20&pipeline=similarity",
        "/v1/popular?limit=20",
    )
    assert all("bridge-1" in shown(client, one) for one in addresses[:3])
    assert "bridge-1" in shown(client, "/v1/popular")
    assert client.delete("/v1/articles/bridge-1").status_code == 204
    for address in addresses:
        assert "bridge-1" not in shown(client, address)
    gone = client.get("/v1/articles/bridge-1/related")
    assert gone.status_code == 404
    assert "withdrawn" in gone.json()["detail"]
    assert client.delete("/v1/articles/bridge-1").status_code == 204


def test_a_withdrawal_by_another_process_counts_at_once(client: TestClient, home: Path) -> None:
    assert "bridge-1" in shown(client, "/v1/articles/bridge-0/related?limit=20")
    with Recommender.open(home) as other:
        other.withdraw(["bridge-1"])
    assert "bridge-1" not in shown(client, "/v1/articles/bridge-0/related?limit=20")


def test_an_article_withdrawn_after_it_was_put_in_is_gone(client: TestClient) -> None:
    client.put("/v1/articles/new", json=NEW)
    client.delete("/v1/articles/new")
    assert "new" not in shown(client, "/v1/articles/bridge-0/related?limit=20")
    client.put("/v1/articles/new", json=NEW)
    assert "new" in shown(client, "/v1/articles/bridge-0/related?limit=20")


def test_the_id_is_that_of_the_address(client: TestClient) -> None:
    same = client.put("/v1/articles/a-1", json={**NEW, "id": "a-1"})
    assert same.status_code == 201
    other = client.put("/v1/articles/a-1", json={**NEW, "id": "a-2"})
    assert other.status_code == 422
    assert other.json()["errors"][0]["place"] == "/id"


def test_fields_that_are_not_used_are_told_and_what_is_probably_meant(client: TestClient) -> None:
    record = {**NEW, "expire_at": "2090-01-01", "word_count": 212}
    data = client.put("/v1/articles/new", json=record).json()["data"]
    assert (data["result"], data["unused"]) == ("added", ["expire_at", "word_count"])
    assert data["warnings"] == ["The field 'expire_at' is not used: did you mean 'expires_at'?"]
    # nothing changed, and it is told all the same
    again = client.put("/v1/articles/new", json=record).json()["data"]
    assert (again["result"], again["unused"]) == ("unchanged", ["expire_at", "word_count"])
