"""What caches are told: ETags, who may keep an answer, how long, and what ends that."""

import math
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recommender.api.app import create_app
from recommender.api.caching import Caching
from recommender.engine import Recommender
from recommender.settings_tables import CacheSettings

RELATED = "/v1/articles/bridge-0/related"
KEPT = (RELATED, f"{RELATED}?limit=60", "/v1/popular", "/v1/articles/bridge-0/slots")
"""Ready or not, computed in the event loop or in a thread, of one slot or several."""


@pytest.mark.parametrize("address", KEPT)
def test_what_a_cache_keeps_still_holds(reading: TestClient, address: str) -> None:
    first, again = reading.get(address), reading.get(address)
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    assert first.headers["cache-control"] == "no-cache"
    assert "vary" not in first.headers
    assert first.headers["recommendation-id"] != again.headers["recommendation-id"]
    assert re.fullmatch(r"total;dur=\d+\.\d{3}", first.headers["server-timing"])
    # a strong tag: byte by byte the same
    assert (again.headers["etag"], again.content) == (tag, first.content)
    for named in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = reading.get(address, headers={"If-None-Match": named})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == "no-cache"
        assert "content-type" not in answer.headers


@pytest.mark.parametrize("address", KEPT)
def test_another_tag_is_answered_in_full(reading: TestClient, address: str) -> None:
    answer = reading.get(address, headers={"If-None-Match": '"0123456789abcdef"'})
    assert answer.status_code == 200
    assert answer.json()["data"]


def test_different_answers_have_different_tags(reading: TestClient) -> None:
    related = [f"{RELATED}?{asked}" for asked in ("limit=3", "explain=1", "pipeline=similarity")]
    asked = (RELATED, *related, "/v1/popular", "/v1/articles/bridge-0/slots")
    tags = [reading.get(one).headers["etag"] for one in asked]
    assert len(set(tags)) == len(asked)


@pytest.mark.parametrize("address", KEPT)
def test_the_head_of_an_answer_has_its_tag_and_no_body(reading: TestClient, address: str) -> None:
    answer = reading.head(address)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == reading.get(address).headers["etag"]


@pytest.mark.parametrize("address", KEPT)
def test_after_a_withdrawal_no_cache_shows_the_article(client: TestClient, address: str) -> None:
    before = client.get(address)
    assert "bridge-1" in before.text
    assert client.delete("/v1/articles/bridge-1").status_code == 204
    after = client.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert '"bridge-1"' not in after.text


def test_after_a_rule_no_cache_shows_what_it_blocks(client: TestClient) -> None:
    before = client.get(RELATED)
    block = {"action": "block", "article": "bridge-1", "by": "anna", "why": "in court"}
    assert client.post("/v1/rules", json=block).status_code == 201
    after = client.get(RELATED, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert '"bridge-1"' not in after.text


def test_answers_for_one_reader_are_private(reading: TestClient) -> None:
    for address in ("/v1/popular", RELATED, "/v1/articles/bridge-0/slots"):
        for _ in range(2):
            seen = reading.get(address, params={"seen": "bridge-2"})
            assert seen.headers["cache-control"] == "private, no-cache"
        # of what is on the page all its readers get the same
        shown = reading.get(address, params={"shown": "bridge-2"})
        assert shown.headers["cache-control"] == "no-cache"


def test_what_is_posted_and_what_is_refused_is_never_kept(reading: TestClient) -> None:
    for answer in (
        reading.post("/v1/slots", json={"article_id": "bridge-0"}),
        reading.post("/v1/related", json={"title": "Bridge"}),
        reading.get("/v1/articles/nope/related"),
        reading.get("/v1/popular?limit=0"),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("max_age_seconds = 60", "public, max-age=60"),
        ("stale_while_revalidate_seconds = 30", "public, max-age=0, stale-while-revalidate=30"),
        (
            "max_age_seconds = 60\nstale_while_revalidate_seconds = 600",
            "public, max-age=60, stale-while-revalidate=600",
        ),
    ],
)
def test_a_publisher_may_let_caches_show_answers_without_asking(
    home: Path, settings: str, told: str
) -> None:
    (home / "recommender.toml").write_text(f"[cache]\n{settings}\n")
    with TestClient(create_app(Recommender.open(home, follow=False))) as client:
        answers = [client.get(one) for one in KEPT]
        assert [one.headers["cache-control"] for one in answers] == [told] * len(KEPT)
        tag = answers[0].headers["etag"]
        unchanged = client.get(RELATED, headers={"If-None-Match": tag})
        assert (unchanged.status_code, unchanged.headers["cache-control"]) == (304, told)
        personal = client.get(RELATED, params={"seen": "bridge-2"})
        assert personal.headers["cache-control"] == "private, no-cache"


def test_no_cache_is_told_to_show_an_article_beyond_its_time() -> None:
    caching = Caching(CacheSettings(max_age_seconds=30, stale_while_revalidate_seconds=60))

    def told(seconds: float, *, personal: bool = False) -> str:
        return caching.headers('"a"', personal=personal, until=1e9 + seconds, now=1e9)[
            "Cache-Control"
        ]

    assert told(math.inf) == told(1_000) == "public, max-age=30, stale-while-revalidate=60"
    assert told(80) == told(-1) == "no-cache"
    assert told(1_000, personal=True) == "private, no-cache"
