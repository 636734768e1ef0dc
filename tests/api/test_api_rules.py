from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recommender.api.app import create_app
from recommender.editors.rule import Rule, Target
from recommender.engine import Recommender
from recommender.wiring import assemble
from tests.api.clock import STARTED, Clock

WHO = {"by": "anna", "why": "because"}
RELATED = "/v1/articles/bridge-0/related?limit=20"


def shown(client: TestClient, address: str = RELATED) -> list[str]:
    response = client.get(address)
    assert response.status_code == 200, response.text
    return [card["id"] for card in response.json()["data"]]


def order(client: TestClient, action: str, **more: object) -> int:
    response = client.post("/v1/rules", json={"action": action, **more, **WHO})
    assert response.status_code == 201, response.text
    number: int = response.json()["data"]["number"]
    return number


def end(client: TestClient, number: int) -> None:
    response = client.delete(f"/v1/rules/{number}", params=WHO)
    assert response.status_code == 200, response.text


def test_a_rule_is_listed_ended_and_logged(client: TestClient) -> None:
    number = order(client, "pin", article="bridge-2", position=2, page="bridge-0")
    (listed,) = client.get("/v1/rules").json()["data"]
    assert listed.pop("made_at")
    assert listed == {
        "number": number,
        "action": "pin",
        "article": "bridge-2",
        "position": 2,
        "page": "bridge-0",
        "in_words": "pin article bridge-2 to position 2 on the page of bridge-0",
        **WHO,
    }
    other = order(client, "block", pair=["bridge-1", "bridge-2"], replaces=number)
    end(client, other)
    assert client.get("/v1/rules").json()["data"] == []
    every = client.get("/v1/rules?ended=true").json()["data"]
    assert [one["number"] for one in every] == [number, other]
    assert every[0]["replaced_by"] == other
    assert every[1]["pair"] == ["bridge-1", "bridge-2"]
    log = client.get("/v1/rules/audit").json()["data"]
    assert [(one["done"], one["rule"]) for one in log] == [
        ("ended", other),
        ("added", other),
        ("replaced", number),
        ("added", number),
    ]
    assert "ended_at" not in log[0]["before"]
    assert log[0]["after"]["ended_at"]
    assert log[3]["before"] is None
    assert len(client.get("/v1/rules/audit?limit=2").json()["data"]) == 2


def test_a_block_holds_on_the_next_request_for_answers_that_were_ready(client: TestClient) -> None:
    addresses = (
        RELATED,
        "/v1/articles/bridge-0/slots?slot=latest",
        "/v1/popular?limit=20",
    )
    ready = [client.get(RELATED).content for _ in range(2)]
    assert len(ready[0]) > 100
    before = shown(client)
    assert "bridge-1" in before
    number = order(client, "block", article="bridge-1")
    for address in addresses:
        assert "bridge-1" not in client.get(address).text
    end(client, number)
    assert shown(client) == before


def test_a_rule_of_another_process_counts_at_once(client: TestClient, home: Path) -> None:
    before = shown(client)
    assert shown(client) == before
    with Recommender.open(home) as other:
        block = Rule(action="block", target=Target("article", (before[0],)))
        made = other.rules.add(block, by="anna", why="because")
    assert before[0] not in shown(client)
    with Recommender.open(home) as other:
        other.rules.end(made.number, by="anna", why="over")
    assert shown(client) == before


def test_a_pin_stands_at_its_place_and_says_so(client: TestClient) -> None:
    last = shown(client)[-1]
    order(client, "pin", article=last, position=1)
    cards = client.get(RELATED).json()["data"]
    assert (cards[0]["id"], cards[0]["position"]) == (last, 1)
    assert cards[0]["because"][0] == "pinned by an editor"
    assert not any("pinned by an editor" in card["because"] for card in cards[1:])
    assert [card["position"] for card in cards] == list(range(1, len(cards) + 1))


def test_a_boost_is_a_reason_with_its_contribution(client: TestClient) -> None:
    second = client.get(RELATED).json()["data"][1]
    order(client, "boost", article=second["id"], factor=10)
    first = client.get(RELATED).json()["data"][0]
    assert first["id"] == second["id"]
    assert first["score"] == pytest.approx(10 * second["score"], rel=1e-4)
    added = {one["signal"]: one["contribution"] for one in first["reasons"]}
    assert added["editors_rule"] == pytest.approx(9 * second["score"], rel=1e-4)
    assert sum(added.values()) == pytest.approx(first["score"], abs=1e-4)
    assert "boosted by an editor" in first["because"]
    assert first["relevance"] == second["relevance"]


@pytest.mark.parametrize("slot", ["related", "popular"])
def test_a_rule_on_a_tag_reaches_articles_put_in_since_the_rebuild(
    client: TestClient, slot: str
) -> None:
    new = {
        "title": "Bridge cables replaced ahead of time",
        "body": "The engineers replaced the last cables of the bridge.",
        "section": "city",
        "tags": ["Steel Cables"],
        "authors": ["Ada Berg"],
        "published_at": "2020-06-02T08:00:00Z",
    }
    client.put("/v1/articles/new", json=new)
    assert "new" in shown(client)
    number = order(client, "block", tag="steel  cables", slot=slot)
    assert ("new" in shown(client)) == (slot == "popular")
    end(client, number)
    order(client, "block", author="ada berg")
    assert "new" not in shown(client)


def test_a_rule_begins_and_ends_by_itself(home: Path) -> None:
    clock, moment = Clock(STARTED), timedelta(microseconds=1)
    recommender = Recommender(assemble(home), follow=False, clock=clock)
    with TestClient(create_app(recommender)) as client:
        best = shown(client)[0]
        begin, finish = STARTED + timedelta(minutes=1), STARTED + timedelta(minutes=2)
        times = {"valid_from": begin.isoformat(), "valid_to": finish.isoformat()}
        order(client, "block", article=best, **times)
        for now, there in (
            (begin - moment, True),
            (begin, False),
            (finish - moment, False),
            (finish, True),
        ):
            clock.now = now
            for _ in range(2):  # ready the second time
                assert (best in shown(client)) == there, now
        asked = (begin + moment).isoformat().replace("+00:00", "Z")
        assert best not in shown(client, f"{RELATED}&at={asked}")


def test_an_unknown_article_is_refused_with_the_nearest_ids(client: TestClient) -> None:
    for body in (
        {"article": "bridge-9x", "action": "block"},
        {"article": "bridge-1", "page": "bridge-9x", "action": "block"},
    ):
        refused = client.post("/v1/rules", json={**body, **WHO})
        assert refused.status_code == 422
        assert "'bridge-9x'. Did you mean bridge-" in refused.json()["detail"]
    assert client.get("/v1/rules").json()["data"] == []


def test_a_new_rule_says_what_it_is_about(client: TestClient) -> None:
    def meta(**body: object) -> object:
        made = client.post("/v1/rules", json={"action": "block", **body, **WHO})
        assert made.status_code == 201
        return made.json()["meta"]

    assert meta(article="bridge-1") == {"articles": 1, "near": []}
    (section,) = {one["section"] for one in client.get(RELATED).json()["data"][:1]}
    assert meta(section=f"{section}s") == {"articles": 0, "near": [section]}
    assert meta(tag="next year's") == {"articles": 0, "near": []}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"action": "pin", "article": "bridge-1"}, "a position"),
        ({"action": "boost", "article": "bridge-1", "factor": 11}, "from 1 to 10"),
        ({"action": "block"}, "got none"),
        ({"action": "block", "article": "bridge-1", "tag": "x"}, "article and tag"),
        ({"action": "hide", "article": "bridge-1"}, "/action"),
        ({"action": "block", "article": "bridge-1", "slot": "relatd"}, "related, "),
        ({"action": "block", "article": "bridge-1", "positon": 1}, "Did you mean position"),
        ({"action": "block", "article": "bridge-1", "replaces": 5}, "There is no rule 5"),
        ({"action": "block", "article": "bridge-1", "by": ""}, "who orders it"),
    ],
)
def test_what_is_no_rule_is_refused(client: TestClient, body: dict[str, object], told: str) -> None:
    refused = client.post("/v1/rules", json={**WHO, **body})
    assert refused.status_code == 422
    assert told in refused.json()["detail"]
    assert refused.json()["errors"]


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("/v1/rules/1?by=anna&why=x", 404, "There is no rule 1. None stands."),
        ("/v1/rules/one?by=anna&why=x", 422, "a whole number"),
        ("/v1/rules/1?why=x", 422, "by as a parameter of the query string, got none"),
        ("/v1/rules/1?by=anna", 422, "Write it as ?why=the+bridge"),
        ("/v1/rules/1?by=anna&wy=x", 422, "Did you mean why"),
        ("/v1/rules/1?by=&why=x", 422, "by: expected a text that is not empty, got ''"),
    ],
)
def test_what_cannot_be_ended_is_told(
    reading: TestClient, address: str, status: int, told: str
) -> None:
    refused = reading.delete(address)
    assert refused.status_code == status
    assert told in refused.json()["detail"]


def test_the_documented_rule_is_taken(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    body = paths["/v1/rules"]["post"]["requestBody"]["content"]["application/json"]["example"]
    known = {"article": "bridge-1", "page": "bridge-0"}
    response = client.post("/v1/rules", json={**body, **known})
    assert response.status_code == 201
    documented = paths["/v1/rules"]["post"]["responses"]["201"]["content"]["application/json"]
    assert set(response.json()["data"]) == set(documented["example"]["data"])
    properties = documented["schema"]["properties"]["data"]["properties"]
    assert set(response.json()["data"]) <= set(properties)


def test_four_servers_of_one_home_agree(home: Path) -> None:
    apps = [create_app(Recommender.open(home, follow=False)) for _ in range(4)]
    with (
        TestClient(apps[0]) as one,
        TestClient(apps[1]) as two,
        TestClient(apps[2]) as three,
        TestClient(apps[3]) as four,
    ):
        servers = (one, two, three, four)
        before = [shown(server) for server in servers]
        assert before == [before[0]] * 4
        for turn, server in enumerate(servers):
            blocked = before[0][turn]
            number = order(server, "block", article=blocked)
            assert not any(blocked in shown(other) for other in servers)
            end(servers[-1 - turn], number)
            assert [shown(other) for other in servers] == before
