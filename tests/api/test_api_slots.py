"""Slots by name: trending, most clicked, and those that the settings define."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recommender import Event, Recommender
from recommender.api.app import create_app
from recommender.slots.slot import SOURCES
from recommender.wiring import assemble
from tests.api.clock import STARTED, Clock

SETTINGS = """
[slots.here]
source = "latest"
same_section = true
limit = 2

[slots.rising_in_town]
source = "trending"
sections = ["city"]
fallbacks = ["most_clicked", "latest"]
"""


@pytest.fixture(scope="module")
def paper(built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One of the bridge stories and the hospital rise, and the school is clicked."""
    home = shutil.copytree(built_home, tmp_path_factory.mktemp("paper") / "home", symlinks=True)
    (home / "recommender.toml").write_text(SETTINGS)
    now, hour = STARTED, timedelta(hours=1)
    recommender = Recommender(assemble(home), follow=False, clock=Clock(now))
    views = [
        Event(type="view", article_id=one, reader=f"{one}-{ago}-{number}", at=now - ago * hour)
        for one in ("bridge-2", "hospital-2")
        for ago, readers in ((1, 40), (2, 40), *((ago, 1) for ago in range(30, 200, 10)))
        for number in range(readers)
    ]
    impressions = [
        Event(
            type="impression", article_id="", at=now, impression_id=f"i{n}", shown=("hospital-3",)
        )
        for n in range(50)
    ]
    clicks = [
        Event(type="click", article_id="hospital-3", at=now, impression_id=f"i{n}", reader=f"c{n}")
        for n in range(9)
    ]
    recommender.record([*views, *impressions, *clicks])
    with TestClient(create_app(recommender), raise_server_exceptions=False) as client:
        yield client


def ids(cards: list[dict[str, object]]) -> list[str]:
    return [str(card["id"]) for card in cards]


def test_what_rises_and_what_is_clicked_is_told_in_words(paper: TestClient) -> None:
    rising = paper.get("/v1/popular?by=trending").json()
    assert set(ids(rising["data"])) == {"bridge-2", "hospital-2"}
    assert rising["meta"]["fallback"] is None
    for card in rising["data"]:
        assert card["because"][0].endswith("times as often as usual")
    clicked = paper.get("/v1/popular?by=most_clicked").json()["data"]
    assert ids(clicked) == ["hospital-3"]
    assert clicked[0]["because"] == ["clicked 9 of the 50 times it was shown"]
    told = {one["signal"]: one["value"] for one in clicked[0]["reasons"]}
    assert (told["clicks"], told["shown"]) == (9, 50)


def test_where_nothing_rises_something_else_stands_and_is_named(reading: TestClient) -> None:
    answer = reading.get("/v1/popular?by=trending").json()
    assert answer["meta"]["fallback"] == "popular"
    assert ids(answer["data"])[0] == "football-0"


def test_popular_by_anything_else_is_refused(reading: TestClient) -> None:
    answer = reading.get("/v1/popular?by=loudest")
    assert answer.status_code == 422
    assert "most_read, trending, most_clicked" in answer.json()["detail"]


def test_slots_of_every_kind_fill_one_page_and_show_nothing_twice(paper: TestClient) -> None:
    names = (*SOURCES, "here", "rising_in_town")
    body = {"article_id": "bridge-0", "slots": [{"slot": one} for one in names]}
    answer = paper.post("/v1/slots", json=body).json()
    assert tuple(answer["data"]) == names
    shown = [one for name in names for one in ids(answer["data"][name])]
    assert len(set(shown)) == len(shown) > 10
    assert "bridge-0" not in shown


def test_a_defined_slot_is_asked_for_by_its_name(paper: TestClient) -> None:
    by_query = paper.get("/v1/articles/bridge-0/slots?slot=here&slot=rising_in_town").json()
    body = {"article_id": "bridge-0", "slots": [{"slot": "here"}, {"slot": "rising_in_town"}]}
    by_body = paper.post("/v1/slots", json=body).json()
    assert by_query["data"] == by_body["data"]
    here, rising = by_query["data"]["here"], by_query["data"]["rising_in_town"]
    assert {card["section"] for card in (*here, *rising)} == {"city"}
    assert len(here) == 2
    longer = paper.get("/v1/articles/bridge-0/slots?slot=here&limit=3").json()["data"]["here"]
    assert ids(longer)[:2] == ids(here)
    assert len(longer) == 3


def test_an_unknown_slot_is_refused_with_those_there_are(paper: TestClient) -> None:
    body = {"slots": [{"slot": "latest"}, {"slot": "heer"}]}
    for answer, place in (
        (paper.get("/v1/articles/bridge-0/slots?slot=heer"), "slot"),
        (paper.post("/v1/slots", json=body), "/slots/1/slot"),
    ):
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["place"] == place
        assert "here, rising_in_town" in error["detail"]


def test_a_rule_holds_in_a_defined_slot(paper: TestClient) -> None:
    page = "/v1/articles/bridge-0/slots?slot=here&limit=9"
    first, second, *_ = ids(paper.get(page).json()["data"]["here"])
    rule = {"action": "block", "article": first, "slot": "here", "by": "anna", "why": "enough"}
    made = paper.post("/v1/rules", json=rule)
    assert made.status_code == 201, made.text
    assert ids(paper.get(page).json()["data"]["here"])[0] == second
    latest = paper.get("/v1/articles/bridge-0/slots?slot=latest&limit=99").json()["data"]
    assert first in ids(latest["latest"])


def test_tags_and_the_section_of_the_page_are_filters(client: TestClient) -> None:
    for name, tags in (("tide-1", ["Tides", "Sea"]), ("tide-2", ["sea"])):
        sent = {"title": f"Tides of {name}", "body": "High water.", "section": "Sea", "tags": tags}
        assert client.put(f"/v1/articles/{name}", json=sent).status_code in {200, 201}
    assert ids(client.get("/v1/articles/bridge-0/related?tag=TIDES").json()["data"]) == ["tide-1"]
    both = client.get("/v1/articles/bridge-0/related?tag=tides&tag=sea").json()["data"]
    assert set(ids(both)) == {"tide-1", "tide-2"}
    page = {"article_id": "tide-1", "slots": [{"slot": "latest", "same_section": True}]}
    assert ids(client.post("/v1/slots", json=page).json()["data"]["latest"]) == ["tide-2"]
    tagged = {"slots": [{"slot": "latest", "tag": ["tides"]}]}
    assert ids(client.post("/v1/slots", json=tagged).json()["data"]["latest"]) == ["tide-1"]
    here = client.get("/v1/articles/tide-2/related?same_section=true").json()["data"]
    assert ids(here) == ["tide-1"]


def test_how_soon_readers_are_forgotten_decides_who_is_first(client: TestClient) -> None:
    events = [
        {
            "type": "view",
            "article_id": one,
            "reader": f"{one}-{number}",
            "at": (STARTED - timedelta(hours=ago)).isoformat(),
        }
        for one, ago, readers in (("bridge-1", 20, 90), ("school-1", 2, 40))
        for number in range(readers)
    ]
    assert client.post("/v1/events", json=events).json()["data"]["kept"] == len(events)
    soon, late = (
        ids(client.get(f"/v1/popular?limit=9&half_life={one}").json()["data"])
        for one in ("3h", "7d")
    )
    assert soon.index("school-1") < soon.index("bridge-1")
    assert late.index("bridge-1") < late.index("school-1")
    body = {"slots": [{"slot": "popular", "limit": 9}], "half_life": "3h"}
    assert ids(client.post("/v1/slots", json=body).json()["data"]["popular"]) == soon


def test_an_age_limit_is_a_filter(paper: TestClient) -> None:
    address = "/v1/articles/bridge-0/slots?slot=latest&limit=99"
    every = ids(paper.get(address).json()["data"]["latest"])
    for asked in ("max_age=1h", "max_age=9999999d", "half_life=soon"):
        answer = paper.get(f"{address}&{asked}")
        assert (answer.status_code == 200) == (asked == "max_age=1h"), answer.text
    body = {"slots": [{"slot": "latest", "limit": 99, "max_age": "1h"}]}
    young = ids(paper.post("/v1/slots", json=body).json()["data"]["latest"])
    assert set(young) < set(every)
    refused = paper.post("/v1/slots", json={"slots": [{"slot": "latest", "max_age": "1 day"}]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["place"] == "/slots/0/max_age"
    assert "such as 24h or 7d" in refused.json()["detail"]


def test_a_name_alone_stands_for_its_slot(paper: TestClient) -> None:
    def page(*slots: object) -> object:
        body = {"article_id": "bridge-0", "slots": slots}
        answer = paper.post("/v1/slots", json=body)
        assert answer.status_code == 200, answer.text
        return {name: ids(cards) for name, cards in answer.json()["data"].items()}

    short = page("related", {"slot": "trending", "limit": 2})
    assert short == page({"slot": "related"}, {"slot": "trending", "limit": 2})
    schema = paper.get("/openapi.json").json()["paths"]["/v1/slots"]["post"]["requestBody"]
    items = schema["content"]["application/json"]["schema"]["properties"]["slots"]["items"]
    assert [one["type"] for one in items["anyOf"]] == ["string", "object"]
