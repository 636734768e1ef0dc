"""Articles whose time ends, over HTTP: at the moment itself, and without any call that says so."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recommender.api.app import create_app
from recommender.articles.record import article_from_record
from recommender.engine import Recommender
from recommender.errors import UnknownArticle
from recommender.wiring import assemble
from tests.api.clock import Clock
from tests.api.paper import articles

ENDS = datetime(2090, 1, 1, 12, tzinfo=UTC)
RELATED = "/v1/articles/bridge-0/related?limit=20"


@pytest.fixture
def clock() -> Clock:
    return Clock(ENDS - timedelta(hours=1))


@pytest.fixture
def timed(home: Path, clock: Clock) -> Iterator[TestClient]:
    """The application with a clock of the test's own."""
    recommender = Recommender(assemble(home), follow=False, clock=clock)
    with TestClient(create_app(recommender), raise_server_exceptions=False) as client:
        yield client


def shown(client: TestClient, address: str) -> set[str]:
    response = client.get(address)
    assert response.status_code == 200
    return {card["id"] for card in response.json()["data"]}


def record(article_id: str, expires_at: datetime) -> dict[str, object]:
    (found,) = (one for one in articles() if one.id == article_id)
    return {
        "title": found.title,
        "body": found.body,
        "section": found.section,
        "published_at": "2020-06-02T12:00:00Z",
        "expires_at": expires_at.isoformat(),
    }


def test_a_ready_answer_ends_at_the_moment(timed: TestClient, clock: Clock, home: Path) -> None:
    timed.put("/v1/articles/bridge-1", json=record("bridge-1", ENDS))
    timed.put("/v1/articles/tender", json={**record("bridge-2", ENDS), "title": "Bridge tender"})
    with Recommender.open(home, follow=False) as other:
        other.rebuild()  # one of them comes to stand in the snapshot
    timed.put("/v1/articles/tender-2", json={**record("bridge-3", ENDS), "title": "Bridge offer"})
    gone = {"bridge-1", "tender-2"}
    addresses = (RELATED, f"{RELATED}&pipeline=similarity", f"{RELATED}&section=city")
    for address in addresses:
        assert gone <= shown(timed, address)
        assert gone <= shown(timed, address)  # ready by now
    clock.now = ENDS - timedelta(microseconds=10)
    assert gone <= shown(timed, RELATED)
    clock.now = ENDS
    for address in (*addresses, "/v1/popular?limit=20", f"{RELATED}&at=2020-06-03T12:00:00Z"):
        assert not gone & shown(timed, address), address
    answer = timed.get("/v1/articles/bridge-1/related")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:recommender:unknown-article"
    page = timed.get("/v1/articles/bridge-0/slots?limit=20").json()["data"]
    assert not gone & {card["id"] for slot in page.values() for card in slot}


def test_the_page_of_an_expired_article_is_as_withdrawn(client: TestClient) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    for article_id in ("bridge-1", "new"):
        assert client.put(
            f"/v1/articles/{article_id}", json=record("bridge-1", past)
        ).status_code in {200, 201}
        gone = client.get(f"/v1/articles/{article_id}/related")
        assert gone.status_code == 404
        assert "was withdrawn" in gone.json()["detail"]
        assert article_id not in shown(client, RELATED)


def test_an_end_that_is_past_or_before_the_beginning_is_told(
    timed: TestClient, clock: Clock
) -> None:
    ended = timed.put("/v1/articles/new", json=record("bridge-1", clock.now)).json()["data"]
    assert ended["result"] == "added"
    assert ended["warnings"] == ["1 article has expired: expires_at is past, so no slot shows it."]
    to_end = record("bridge-1", ENDS) | {"published_at": (ENDS + timedelta(days=1)).isoformat()}
    (warning,) = timed.put("/v1/articles/new", json=to_end).json()["data"]["warnings"]
    assert warning.startswith("1 article expires before being published: ")
    fine = timed.put("/v1/articles/fine", json=record("bridge-1", ENDS)).json()["data"]
    assert fine["warnings"] == []


def test_an_expired_article_comes_back_with_a_later_end(timed: TestClient, clock: Clock) -> None:
    timed.put("/v1/articles/bridge-1", json=record("bridge-1", ENDS))
    clock.now = ENDS + timedelta(hours=1)
    assert "bridge-1" not in shown(timed, RELATED)
    timed.put("/v1/articles/bridge-1", json=record("bridge-1", ENDS + timedelta(hours=2)))
    assert "bridge-1" in shown(timed, RELATED)
    clock.now = ENDS + timedelta(hours=2)
    assert "bridge-1" not in shown(timed, RELATED)
    clock.now = ENDS + timedelta(hours=1)  # a clock put back
    timed.put("/v1/articles/other", json=record("bridge-2", ENDS + timedelta(hours=5)))
    assert "bridge-1" not in shown(timed, RELATED)
    assert "other" in shown(timed, RELATED)


def test_as_of_a_time_to_come_it_is_gone(client: TestClient) -> None:
    client.put("/v1/articles/bridge-1", json=record("bridge-1", ENDS))
    assert "bridge-1" in shown(client, f"{RELATED}&at=2089-12-31T12:00:00Z")
    assert "bridge-1" not in shown(client, f"{RELATED}&at=2090-01-01T12:00:00Z")


def test_a_rebuild_leaves_out_what_expired(home: Path) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    with Recommender.open(home) as recommender:
        before = recommender.rebuild().articles
        for article_id in ("bridge-1", "new"):
            recommender.put([article_from_record({**record("bridge-1", past), "id": article_id})])
        assert recommender.rebuild().articles == before - 1
        counts = recommender.parts.catalog.counts(recommender.parts.embedder.name)
        assert (counts.published, counts.withdrawn) == (before - 1, 2)
        with pytest.raises(UnknownArticle, match="its time ended"):
            recommender.related("bridge-1")
