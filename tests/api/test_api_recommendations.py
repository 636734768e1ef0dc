import pytest
from starlette.testclient import TestClient

from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.slots.pipeline import SIGNALS

CARD = {
    "id", "title", "url", "teaser", "image_url", "section", "labels", "published_at",
    "score", "relevance", "because", "position", "reasons",
}  # fmt: skip
META = {"index_version", "pipeline", "fallback"}


def ids(cards: list[dict[str, object]]) -> list[str]:
    return [str(card["id"]) for card in cards]


def test_related_articles_come_as_cards_in_an_envelope(reading: TestClient) -> None:
    response = reading.get("/v1/articles/bridge-0/related")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert set(answer) == {"data", "meta"}
    assert set(answer["meta"]) == META
    assert answer["meta"]["fallback"] is None
    assert answer["meta"]["pipeline"] == "default"
    assert all(set(card) == CARD for card in answer["data"])
    assert [card["position"] for card in answer["data"]] == [1, 2, 3, 4, 5]
    assert "bridge-0" not in ids(answer["data"])
    assert answer["data"][0]["id"] in {"bridge-1", "bridge-2", "bridge-3", "2020/06/late"}


def test_the_answer_is_the_same_in_the_event_loop_and_in_a_thread(reading: TestClient) -> None:
    quick = reading.get("/v1/articles/bridge-0/related").json()["data"]
    again = reading.get("/v1/articles/bridge-0/related").json()["data"]
    searched = reading.get("/v1/articles/bridge-0/related?limit=60").json()["data"]
    assert ids(quick) == ids(again)
    assert {card["id"] for card in quick[:2]} <= {card["id"] for card in searched}


def test_reasons_add_up_to_the_score_and_name_only_what_contributed(reading: TestClient) -> None:
    for card in reading.get("/v1/articles/bridge-0/related").json()["data"]:
        contributions = [reason["contribution"] for reason in card["reasons"]]
        assert sum(contributions) == pytest.approx(card["score"], abs=1e-5)
        assert contributions == sorted(contributions, reverse=True)
        assert all(contributions)
        assert all(set(one) == {"signal", "value", "contribution"} for one in card["reasons"])


def test_explain_tells_every_signal_with_its_weight(reading: TestClient) -> None:
    card = reading.get("/v1/articles/bridge-0/related?explain=true").json()["data"][0]
    told = {reason["signal"]: reason for reason in card["reasons"]}
    assert set(told) == {
        *TEXT_SIGNALS, "time_between", "section", "recency", "popularity", "editors_choice",
        "read_together",
    }  # fmt: skip
    assert told["expanded"]["weight"] == 1.0
    for reason in card["reasons"]:
        assert reason["contribution"] == pytest.approx(reason["value"] * reason["weight"], abs=1e-4)


def test_of_signals_that_added_as_much_the_order_is_always_the_same(reading: TestClient) -> None:
    for card in reading.get("/v1/articles/bridge-0/related?explain=true").json()["data"]:
        nothing = [one["signal"] for one in card["reasons"] if not one["contribution"]]
        assert nothing == [one for one in SIGNALS if one in nothing]
        assert len(nothing) > 1


def test_an_id_may_hold_slashes(reading: TestClient) -> None:
    response = reading.get("/v1/articles/2020/06/late/related?limit=1")
    assert response.status_code == 200
    assert response.json()["data"][0]["id"].startswith("bridge-")


def test_filters_narrow(reading: TestClient) -> None:
    answer = reading.get(
        "/v1/articles/bridge-0/related",
        params={"section": ["sport", "health"], "limit": 20, "exclude": "football-1"},
    ).json()["data"]
    assert {card["section"] for card in answer} <= {"sport", "health"}
    assert answer
    assert "football-1" not in ids(answer)
    dated = reading.get(
        "/v1/articles/bridge-0/related?published_after=2020-05-25&published_before=2020-05-30T00:00"
    ).json()["data"]
    assert dated
    assert all("2020-05-25" <= card["published_at"] < "2020-05-30" for card in dated)


def test_an_offset_goes_on_where_the_limit_ended(reading: TestClient) -> None:
    address = "/v1/articles/bridge-0/related?pipeline=similarity&published_before=2027-01-01"
    whole = ids(reading.get(f"{address}&limit=6").json()["data"])
    parts = [ids(reading.get(f"{address}&limit=3&offset={n}").json()["data"]) for n in (0, 3)]
    assert parts[0] + parts[1] == whole


def test_what_a_reader_has_seen_is_left_out(reading: TestClient) -> None:
    first = ids(reading.get("/v1/articles/bridge-0/related").json()["data"])
    rest = reading.get("/v1/articles/bridge-0/related", params={"seen": first[:2]})
    assert not set(first[:2]) & set(ids(rest.json()["data"]))


def test_what_the_page_shows_elsewhere_is_left_out(reading: TestClient) -> None:
    address = "/v1/articles/bridge-0/slots"
    first = reading.get(address, params={"limit": 2}).json()["data"]
    shown = ids(first["related"]) + ids(first["popular"])
    asked = [*shown, "no-such-article"]
    rest = reading.get(address, params={"limit": 2, "shown": asked}).json()["data"]
    assert rest["related"]
    assert rest["popular"]
    assert not {*shown} & {*ids(rest["related"]), *ids(rest["popular"])}
    body = {"article_id": "bridge-0", "slots": [{"slot": "related", "limit": 2}]}
    page = reading.post("/v1/slots", json={**body, "shown": asked}).json()["data"]
    assert ids(page["related"]) == ids(rest["related"])
    one = reading.get("/v1/articles/bridge-0/related", params={"limit": 2, "shown": asked})
    assert ids(one.json()["data"]) == ids(rest["related"])
    popular = reading.get("/v1/popular", params={"shown": ["football-0", "bridge-1"]}).json()
    assert ids(popular["data"]) == ["hospital-1"]


def test_popular_counts_readers(reading: TestClient) -> None:
    answer = reading.get("/v1/popular?limit=3").json()
    assert ids(answer["data"]) == ["football-0", "hospital-1", "bridge-1"]
    assert answer["meta"]["fallback"] is None
    assert answer["data"][0]["labels"] == ["Editor's choice"]


def test_a_slot_that_would_stay_empty_says_what_filled_it(reading: TestClient) -> None:
    answer = reading.get("/v1/popular?at=2020-06-02T00:00:00Z&window=24h").json()
    assert answer["meta"]["fallback"] == "editors_choice"
    assert answer["data"]


def test_a_page_shows_no_article_twice(reading: TestClient) -> None:
    answer = reading.get("/v1/articles/bridge-0/slots?limit=8").json()
    assert set(answer["data"]) == {"related", "popular"}
    assert set(answer["meta"]["fallback"]) == {"related", "popular"}
    shown = ids(answer["data"]["related"]) + ids(answer["data"]["popular"])
    assert len(shown) == len(set(shown))
    assert "bridge-0" not in shown


def test_the_first_slot_named_chooses_first(reading: TestClient) -> None:
    answer = reading.get("/v1/articles/bridge-0/slots?slot=popular&slot=related&limit=3").json()
    assert list(answer["data"]) == ["popular", "related"]
    assert "bridge-1" in ids(answer["data"]["popular"])
    assert "bridge-1" not in ids(answer["data"]["related"])


def test_each_slot_of_a_page_has_its_own_limit_and_filters(reading: TestClient) -> None:
    answer = reading.post(
        "/v1/slots",
        json={
            "article_id": "bridge-0",
            "slots": [
                {"slot": "related", "limit": 2},
                {"slot": "latest", "limit": 3, "section": ["sport"]},
            ],
            "seen": ["bridge-1"],
            "explain": True,
        },
    ).json()["data"]
    assert len(answer["related"]) == 2
    assert "bridge-1" not in ids(answer["related"])
    assert [card["section"] for card in answer["latest"]] == ["sport"] * 3


def test_a_page_about_nothing_fills_related_with_a_fallback(reading: TestClient) -> None:
    answer = reading.post("/v1/slots", json={}).json()
    assert answer["meta"]["fallback"]["related"] == "popular"
    assert answer["data"]["related"][0]["id"] == "football-0"


@pytest.mark.parametrize("address", ["/v1/related", "/v1/slots"])
def test_a_text_that_is_not_published_has_related_articles(
    reading: TestClient, address: str
) -> None:
    text = {"title": "Nurses at the clinic", "body": "The hospital needs more nurses and doctors."}
    data = reading.post(address, json=text).json()["data"]
    cards = data if address == "/v1/related" else data["related"]
    assert cards[0]["section"] == "health"


def test_the_similarity_pipeline_knows_no_readers(reading: TestClient) -> None:
    answer = reading.get("/v1/articles/football-1/related?pipeline=similarity").json()
    assert answer["meta"]["pipeline"] == "similarity"
    signals = {reason["signal"] for card in answer["data"] for reason in card["reasons"]}
    assert signals <= {*TEXT_SIGNALS, "time_between", "section"}


def test_the_snapshot_tells_what_it_is(reading: TestClient) -> None:
    told = reading.get("/v1/index").json()["data"]
    assert set(told) == {
        "version", "embedder", "dim", "count", "revision", "created_at", "facts", "pipelines",
    }  # fmt: skip
    assert (told["dim"], told["count"]) == (384, 21)
    assert told["pipelines"] == ["default", "similarity"]
    related = reading.get("/v1/articles/bridge-0/related").json()
    assert related["meta"]["index_version"] == told["version"]
