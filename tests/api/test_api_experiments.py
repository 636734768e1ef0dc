from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from recommender.api.app import create_app
from recommender.engine import Recommender
from recommender.experiments.report import reports
from recommender.experiments.shown import read_shown
from recommender.wiring import assemble
from tests.api.clock import STARTED, Clock
from tests.api.paper import articles

TRIAL = """
[pipelines.upside]
weights = {expanded = -5, dense = -5}
[experiments.look]
arms = {default = 0.5, upside = 0.5}
"""
INTERLEAVED = f"{TRIAL}interleave = true\n"
RELATED = "/v1/articles/bridge-0/related"


@contextmanager
def serving(home: Path, settings: str) -> Iterator[TestClient]:
    with (home / "recommender.toml").open("a") as file:
        file.write(settings)
    app = create_app(Recommender(assemble(home), follow=False, clock=Clock(STARTED)))
    # events of a browser count, those of a script do not
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
    with TestClient(app, headers=agent) as client:
        yield client


def ids(answer: dict[str, Any]) -> list[str]:
    return [card["id"] for card in answer["data"]]


def readers_of(client: TestClient, arm: str) -> Iterator[str]:
    for number in range(1000):
        meta = client.get(f"{RELATED}?reader=r{number}").json()["meta"]
        if meta["experiment"]["arm"] == arm:
            yield f"r{number}"


def test_a_reader_gets_the_pipeline_of_their_arm_and_keeps_it(home: Path) -> None:
    with serving(home, TRIAL) as client:
        by_name = {
            name: ids(client.get(f"{RELATED}?pipeline={name}").json())
            for name in ("default", "upside")
        }
        assert by_name["default"] != by_name["upside"]
        met: Counter[str] = Counter()
        for number in range(60):
            first, again = (
                client.get(f"{RELATED}?limit=5&reader=r{number}").json() for _ in range(2)
            )
            arm = first["meta"]["pipeline"]
            assert first["meta"]["experiment"] == {"name": "look", "arm": arm}
            assert again["meta"]["pipeline"] == arm
            assert ids(first) == ids(again) == by_name[arm]
            met[arm] += 1
    assert min(met.values()) > 15
    assert met.total() == 60


@pytest.mark.parametrize(
    "query",
    ["", "?reader=", "?pipeline=default&reader=r1", "?pipeline=similarity&reader=r1"],
)
def test_without_a_reader_or_with_a_pipeline_there_is_no_arm(home: Path, query: str) -> None:
    with serving(home, TRIAL) as client:
        meta = client.get(f"{RELATED}{query}").json()["meta"]
    assert "experiment" not in meta
    assert meta["pipeline"] == ("similarity" if "similarity" in query else "default")


def test_every_way_of_asking_has_the_same_arm(home: Path) -> None:
    with serving(home, TRIAL) as client:
        reader = next(readers_of(client, "upside"))
        answers = [
            client.get(f"{RELATED}?r%65ader={reader}"),
            client.get(f"/v1/articles/bridge-0/slots?reader={reader}"),
            client.post(f"/v1/related?reader={reader}", json={"title": "The bridge is closed"}),
            client.post("/v1/slots", json={"article_id": "bridge-0", "reader": reader}),
        ]
        for answer in answers:
            meta = answer.json()["meta"]
            assert meta["pipeline"] == "upside"
            assert meta["experiment"] == {"name": "look", "arm": "upside"}
            assert answer.headers["Cache-Control"] == "no-store"
        # it is about the related slot
        popular = client.get(f"/v1/popular?reader={reader}")
        assert "experiment" not in popular.json()["meta"]
        assert popular.headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize("query", ["reader=a&reader=b", f"reader={'r' * 600}"])
def test_a_reader_twice_or_too_long_is_refused(home: Path, query: str) -> None:
    with serving(home, TRIAL) as client:
        client.get(f"{RELATED}?reader=a")  # an answer that could be ready
        answer = client.get(f"{RELATED}?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"] == "reader"


def test_answers_to_readers_are_never_of_another_arm(home: Path) -> None:
    """What is kept ready is asked for in every order."""
    with serving(home, TRIAL) as client:
        plain = ids(client.get(RELATED).json())
        upside, default = next(readers_of(client, "upside")), next(readers_of(client, "default"))
        for _ in range(2):
            assert ids(client.get(f"{RELATED}?reader={upside}").json()) != plain
            assert ids(client.get(f"{RELATED}?reader={default}").json()) == plain
            assert ids(client.get(RELATED).json()) == plain
            assert ids(client.get(f"{RELATED}?seen={plain[0]}&reader={default}").json()) != plain


def test_from_request_to_report(home: Path) -> None:
    with serving(home, TRIAL) as client:
        sent: Counter[str] = Counter()
        for number in range(40):
            response = client.get(f"{RELATED}?reader=r{number}")
            answer, own_id = response.json(), response.headers["Recommendation-Id"]
            meta, shown = answer["meta"], ids(answer)
            impression = {
                "type": "impression",
                "article_id": "bridge-0",
                "impression_id": own_id,
                "experiment": meta["experiment"],
                "shown": shown,
                "reader": f"r{number}",
            }
            arm = meta["pipeline"]
            sent[arm] += 1
            click = {
                "type": "click",
                "article_id": shown[1],
                "impression_id": own_id,
                "reader": f"r{number}",
            }
            events = [impression, click] if arm == "upside" else [impression]
            answered = client.post("/v1/events", json=events)
            assert answered.json()["data"]["kept"] == len(events)
    with Recommender.open(home) as opened:
        lists = read_shown(opened.parts.events, trials_only=True).lists
        (found,) = reports(lists, opened.parts.experiments.by_name)
    assert found.name == "look"
    by_name = {arm.name: arm for arm in found.arms}
    assert list(by_name) == ["default", "upside"]
    for arm, count in sent.items():
        assert by_name[arm].impressions == by_name[arm].readers == count
    assert by_name["upside"].clicked == by_name["upside"].clicks == sent["upside"]
    assert by_name["default"].clicked == 0
    assert found.balance.crossed == 0
    assert found.balance.p is not None
    assert not found.balance.mismatch
    assert b"r17" not in (home / "events.sqlite").read_bytes()


def test_an_interleaved_list_is_made_of_both_and_stays_for_the_day(home: Path) -> None:
    with serving(home, INTERLEAVED) as client:
        lists = {
            name: ids(client.get(f"{RELATED}?pipeline={name}&limit=10").json())
            for name in ("default", "upside")
        }
        firsts: Counter[str] = Counter()
        for number in range(40):
            address = f"{RELATED}?limit=6&reader=r{number}"
            answer, again = client.get(address).json(), client.get(address).json()
            meta, shown = answer["meta"], ids(answer)
            assert (meta["pipeline"], meta["experiment"]["arm"]) == ("interleaved", "interleaved")
            assert ids(again) == shown
            assert again["meta"]["experiment"] == meta["experiment"]
            teams = meta["experiment"]["teams"]
            assert Counter(teams) == {"default": 3, "upside": 3}
            assert len(set(shown)) == 6
            assert [card["position"] for card in answer["data"]] == [1, 2, 3, 4, 5, 6]
            for name, whole in lists.items():
                picked = [one for one, team in zip(shown, teams, strict=True) if team == name]
                assert picked == [one for one in whole if one in picked]
            firsts[teams[0]] += 1
            # pages join up
            late = client.get(f"{RELATED}?limit=3&offset=3&reader=r{number}").json()
            assert ids(late) == shown[3:]
            assert late["meta"]["experiment"]["teams"] == teams[3:]
        assert min(firsts.values()) > 8
        # a page of several slots is not interleaved
        page = client.get("/v1/articles/bridge-0/slots?reader=r1").json()
        assert "experiment" not in page["meta"]
        text = client.post("/v1/related?reader=r1", json={"title": "The bridge is closed"}).json()
        assert text["meta"]["experiment"]["arm"] == "interleaved"


def test_a_pin_keeps_its_place_in_an_interleaved_list(home: Path) -> None:
    with serving(home, INTERLEAVED) as client:
        rule = {"action": "pin", "article": "school-3", "position": 3, "by": "desk", "why": "test"}
        added = client.post("/v1/rules", json=rule)
        assert added.status_code == 201, added.text
        for number in range(10):
            answer = client.get(f"{RELATED}?limit=5&reader=r{number}").json()
            assert ids(answer)[2] == "school-3"
            teams = answer["meta"]["experiment"]["teams"]
            assert teams[2] == ""
            assert Counter(teams) == {"default": 2, "upside": 2, "": 1}


@pytest.mark.parametrize(
    "arms", ["default = 0.5, similarity = 0.5", "similarity = 0.5, default = 0.5"]
)
def test_copies_are_shown_once_where_either_pipeline_wants_that(home: Path, arms: str) -> None:
    """The default pipeline shows one of several copies, similarity shows all of them."""
    with Recommender.open(home) as opened:
        copies = [replace(one, id=f"{one.id}-copy") for one in articles() if one.id != "bridge-0"]
        opened.rebuild([*articles(), *copies])
    settings = f"[experiments.look]\narms = {{{arms}}}\ninterleave = true\n"
    with serving(home, settings) as client:
        every = ids(client.get(f"{RELATED}?pipeline=similarity&limit=8").json())
        assert len({one.removesuffix("-copy") for one in every}) == 4
        for pinned in (False, True):
            for number in range(10):
                answer = client.get(f"{RELATED}?limit=8&reader=r{number}").json()
                shown = ids(answer)
                assert len({one.removesuffix("-copy") for one in shown}) == len(shown) == 8
                teams = answer["meta"]["experiment"]["teams"]
                assert len(teams) == 8
                assert set(teams) >= {"default", "similarity"}
                assert ("school-3" in shown[:1]) == pinned
            rule = {"action": "pin", "article": "school-3", "position": 1, "by": "desk", "why": "t"}
            assert pinned or client.post("/v1/rules", json=rule).status_code == 201


def test_interleaved_clicks_are_credited_to_the_pipeline_of_the_place(home: Path) -> None:
    with serving(home, INTERLEAVED) as client:
        for number in range(12):
            response = client.get(f"{RELATED}?limit=4&reader=r{number}")
            answer, own_id = response.json(), response.headers["Recommendation-Id"]
            meta, shown = answer["meta"], ids(answer)
            wanted = "upside" if number < 10 else "default"
            liked = shown[meta["experiment"]["teams"].index(wanted)]
            of_list = {"impression_id": own_id, "reader": f"r{number}"}
            told = {"experiment": meta["experiment"], "shown": shown, "article_id": "bridge-0"}
            impression = {"type": "impression", **of_list, **told}
            client.post(
                "/v1/events",
                json=[impression, {"type": "click", "article_id": liked, **of_list}],
            )
    with Recommender.open(home) as opened:
        lists = read_shown(opened.parts.events, trials_only=True).lists
        (found,) = reports(lists, opened.parts.experiments.by_name)
    judged = found.interleaved
    assert judged is not None
    assert (judged.first, judged.second) == ("default", "upside")
    assert judged.clicks == judged.wins == judged.judges == (2, 10)
    assert judged.preference == pytest.approx(2 / 12 - 0.5)
    assert judged.p == pytest.approx(2 * sum((1, 12, 66)) / 2**12)


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({"experiment": "look"}, "meta.experiment as it came"),
        ({"experiment": {"name": "x"}}, "a name and an arm"),
        ({"experiment": {"name": "x", "arm": "a", "teams": ["a"]}}, "one for each of 2 shown"),
        ({"type": "click", "experiment": {"name": "x", "arm": "a"}}, "of an impression only"),
    ],
)
def test_a_wrong_experiment_of_an_event_is_told(
    home: Path, told: dict[str, object], place: str
) -> None:
    event = {"type": "impression", "article_id": "bridge-0", "shown": ["school-1", "school-2"]}
    if told.get("type"):
        del event["shown"]
    with serving(home, "") as client:
        answer = client.post("/v1/events", json={**event, **told})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"] == "/experiment"
    assert place in answer.json()["detail"]
