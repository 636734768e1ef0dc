import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recommender.api.app import create_app
from recommender.engine import Recommender

VIEW = {"type": "view", "article_id": "school-2", "reader": "new"}
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def most_read(client: TestClient) -> str:
    first: str = client.get("/v1/popular?limit=1").json()["data"][0]["id"]
    return first


def told(client: TestClient, body: object, **headers: str) -> dict[str, object]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = client.post("/v1/events", json=body, headers=named)
    assert response.status_code == 202
    data: dict[str, object] = response.json()["data"]
    assert list(data) == ["kept", "known", "set_aside", "refused"]
    return {name: value for name, value in data.items() if value}


def views(count: int) -> list[dict[str, str]]:
    return [{**VIEW, "reader": f"n{number}"} for number in range(count)]


def test_an_event_counts_in_the_next_answer(client: TestClient) -> None:
    assert most_read(client) == "football-0"
    assert told(client, views(20)) == {"kept": 20}
    assert most_read(client) == "school-2"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/plain;charset=UTF-8"])
def test_a_beacon_may_be_plain_text(client: TestClient, kind: str) -> None:
    response = client.post("/v1/events", content=json.dumps(VIEW), headers={"Content-Type": kind})
    assert response.status_code == 202
    assert response.json() == {"data": {"kept": 1, "known": 0, "set_aside": {}, "refused": []}}


def test_a_reader_counts_once(client: TestClient) -> None:
    assert told(client, [VIEW] * 50) == {"kept": 1, "set_aside": {"repeat": 49}}
    assert most_read(client) == "football-0"


def test_one_wrong_event_keeps_all_out(client: TestClient) -> None:
    wrong = client.post("/v1/events", json=[VIEW, {**VIEW, "typ": "view"}])
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["place"] == "/1/typ"
    assert "type" in wrong.json()["detail"]
    assert client.post("/v1/events", json=[*views(20), {"type": "view"}]).status_code == 422
    assert most_read(client) == "football-0"


@pytest.mark.parametrize("name", ["events", "data"])
def test_a_list_within_an_object_is_told_as_that(reading: TestClient, name: str) -> None:
    wrong = reading.post("/v1/events", json={name: [VIEW]})
    assert wrong.status_code == 422
    assert wrong.json()["errors"] == [
        {
            "place": "",
            "detail": f"The body: expected one event, or a list of events, not {name!r} around it.",
        }
    ]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"type": "buy"}, "/type"),
        ({"type": ["view"]}, "/type"),
        ({"article_id": ""}, "/article_id"),
        ({"article_id": None}, "/article_id"),
        ({"article_id": True}, "/article_id"),
        ({"reader": "r" * 513}, "/reader"),
        ({"id": {}}, "/id"),
        ({"at": "yesterday"}, "/at"),
        ({"at": True}, "/at"),
        ({"shown": ["a"]}, "/shown"),
        ({"type": "impression", "shown": []}, "/shown"),
        ({"type": "impression", "shown": [1.5]}, "/shown"),
        ({"position": 0}, "/position"),
        ({"seconds": -1}, "/seconds"),
        ({"type": "read_time"}, "/seconds"),
        ({"user_agent": 7}, "/user_agent"),
        ({"prefetch": "yes"}, "/prefetch"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(
    reading: TestClient, change: dict[str, object], place: str
) -> None:
    response = reading.post("/v1/events", json={**VIEW, **change})
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    (fault,) = response.json()["errors"]
    assert fault["place"] == place
    assert fault["detail"].startswith(f"{place}: ") or "There is no" in fault["detail"]


def test_faults_are_told_together_up_to_twenty(reading: TestClient) -> None:
    response = reading.post("/v1/events", json=[{"type": "buy"}] * 30)
    assert len(response.json()["errors"]) == 20


@pytest.mark.parametrize("count", [0, 1001])
def test_a_list_holds_up_to_a_thousand(client: TestClient, count: int) -> None:
    response = client.post("/v1/events", json=[VIEW] * count)
    assert response.status_code == 422
    assert "1,000" in response.json()["detail"]
    assert told(client, views(1000)) == {"kept": 1000}


def test_an_id_counts_once(client: TestClient) -> None:
    anonymous = {"type": "view", "article_id": "school-2"}
    assert told(client, [anonymous] * 2) == {"kept": 2}
    assert told(client, [{**anonymous, "id": 7}] * 2) == {"kept": 1, "known": 1}
    assert told(client, {**anonymous, "id": "7"}) == {"known": 1}


def test_times_are_clamped_or_refused_and_the_rest_is_kept(client: TestClient) -> None:
    now = datetime.now(UTC)
    ahead, old = (now + timedelta(days=3)).isoformat(), (now - timedelta(days=91)).isoformat()
    batch = [{**one, "at": ahead} for one in views(20)]
    response = client.post("/v1/events", json=[*batch, {**VIEW, "at": old}])
    assert response.status_code == 202
    data = response.json()["data"]
    assert (data["kept"], [one["place"] for one in data["refused"]]) == (20, ["/20"])
    assert "older" in data["refused"][0]["detail"]
    assert most_read(client) == "school-2"  # they count now, not in three days
    alone = client.post("/v1/events", json={**VIEW, "at": old})
    assert (alone.status_code, alone.json()["data"]["kept"]) == (202, 0)


def test_bots_and_prefetches_are_set_aside(client: TestClient) -> None:
    assert told(client, views(20), User_Agent=BOT) == {"set_aside": {"bot": 20}}
    for header in ("Purpose", "Sec-Purpose", "X-Moz"):
        assert told(client, VIEW, **{header: "prefetch;prerender"}) == {
            "set_aside": {"prefetch": 1}
        }
    assert told(client, {**VIEW, "prefetch": True}) == {"set_aside": {"prefetch": 1}}
    assert told(client, {**VIEW, "user_agent": BOT}) == {"set_aside": {"bot": 1}}
    assert most_read(client) == "football-0"
    # a publisher's server passes on who it was
    passed_on = {**VIEW, "user_agent": BROWSER}
    assert told(client, passed_on, User_Agent="python-requests/2.32") == {"kept": 1}


def test_clicks_of_impressions(client: TestClient) -> None:
    click = {"type": "click", "article_id": "school-2", "impression_id": "i", "position": 2}
    impression = {"type": "impression", "impression_id": "i", "shown": ["school-1", "school-2"]}
    assert told(client, click) == {"set_aside": {"no_impression": 1}}
    assert told(client, [impression, click]) == {"kept": 2}
    other = {**click, "article_id": "school-3"}
    assert told(client, other) == {"set_aside": {"not_shown": 1}}
    assert told(client, {"type": "read_time", "article_id": "school-2", "seconds": 61.5}) == {
        "kept": 1
    }


@pytest.mark.parametrize("own", [["192.0.2.0/24"], ["2001:db8::/32", "192.0.2.7"]])
def test_editors_do_not_count(home: Path, own: list[str]) -> None:
    with (home / "recommender.toml").open("a") as file:
        file.write(f"[events]\nown_networks = {json.dumps(own)}\n")
    app = create_app(Recommender.open(home, follow=False))
    with TestClient(app, client=("192.0.2.7", 50000)) as client:
        assert told(client, VIEW) == {"set_aside": {"own_address": 1}}
    app = create_app(Recommender.open(home, follow=False))
    with TestClient(app, client=("198.51.100.7", 50000)) as client:
        assert told(client, VIEW) == {"kept": 1}
    assert b"192.0.2.7" not in (home / "events.sqlite").read_bytes()
