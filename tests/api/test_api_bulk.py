"""Many articles in one request."""

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from recommender.api import routes_bulk
from recommender.api.app import create_app
from recommender.engine import Recommender
from tests.jobs.home import Gate, articles, embedded, parts
from tests.waiting import LONG, until

NDJSON = {"Content-Type": "application/x-ndjson"}
DAY = datetime(2020, 6, 2, tzinfo=UTC)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def client(tmp_path: Path, gate: Gate) -> Iterator[TestClient]:
    with Recommender(parts(tmp_path, gate)) as made:
        made.rebuild(articles(20))
    app = create_app(Recommender(parts(tmp_path, gate), follow=False))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
        gate.open.set()


def line(article_id: str, title: str, **more: object) -> str:
    record = {"id": article_id, "title": title, "published_at": DAY.isoformat(), "language": "en"}
    return json.dumps({**record, **more})


def new(count: int) -> str:
    return "\n".join(line(f"b{n}", f"harbour bridge news {n} word{n}") for n in range(count))


def load(client: TestClient, body: str | bytes, **headers: str) -> dict[str, object]:
    response = client.post("/v1/articles", content=body, headers={**NDJSON, **headers})
    assert response.status_code == 200, response.text
    data: dict[str, object] = response.json()["data"]
    return data


def cards(client: TestClient) -> list[dict[str, object]]:
    response = client.get("/v1/articles/n0/related?limit=200&pipeline=similarity")
    found: list[dict[str, object]] = response.json()["data"]
    return found


def related(client: TestClient) -> set[str]:
    return {str(card["id"]) for card in cards(client)}


def shown_soon(client: TestClient, ids: set[str]) -> None:
    """Once they have their vectors and are looked at."""
    until(lambda: ids <= related(client), f"{ids} to be shown")
    assert load(client, '{"id": "probe", "status": "trash"}')["waiting"] == 0


def test_the_report_tells_of_every_line(client: TestClient) -> None:
    client.delete("/v1/articles/n3")
    body = "\n".join(
        (
            line("new", "harbour bridge opens"),
            line("n1", "school roof leak again", updated_at="2020-07-10T00:00:00Z"),
            "",
            "{no json",
            line("n2", "an old version", published_at="2001-01-01T00:00:00Z"),
            line("n3", "withdrawn before", published_at="2001-01-01T00:00:00Z"),
            '{"id": "n4", "status": "withdrawn"}',
            '["a list"]',
            '{"id": "nothing"}',
            line("new", "harbour bridge opens"),
            line("late", "harbour bridge lates", expires_at="when read"),
        )
    )
    told = load(client, body)
    rejects = told.pop("rejects")
    assert isinstance(rejects, list)
    waiting = told.pop("waiting")
    assert isinstance(waiting, int)
    assert told == {
        "read": 10,
        "added": 1,
        "changed": 2,
        "unchanged": 1,
        "outdated": 2,
        "withheld": 0,
        "rejected": 4,
        "repeated": 1,
        "derived_ids": [],
        "unused": [],
        "warnings": [],
    }
    assert [one["line"] for one in rejects] == [4, 8, 9, 11]
    assert "expected one JSON object" in rejects[0]["reason"]
    assert "expires_at: expected a time" in rejects[3]["reason"]
    shown_soon(client, {"new"})
    assert not {"n3", "n4"} & related(client)


def test_a_second_time_changes_nothing(client: TestClient) -> None:
    first = load(client, new(5))
    assert (first["read"], first["added"]) == (5, 5)
    again = load(client, new(5))
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 5)


def test_what_was_withdrawn_stays_so_unless_it_is_newer(client: TestClient) -> None:
    load(client, line("b", "harbour bridge"))
    client.delete("/v1/articles/b")
    assert load(client, line("b", "harbour bridge"))["withheld"] == 1
    assert load(client, line("b", "harbour", updated_at="2090-01-01T00:00:00Z"))["changed"] == 1


@pytest.mark.parametrize("named", [{"Content-Encoding": "gzip"}, {}])
def test_it_may_be_gzip(client: TestClient, named: dict[str, str]) -> None:
    assert load(client, gzip.compress(new(30).encode()), **named)["added"] == 30


@pytest.mark.parametrize("named", [{"Content-Encoding": "gzip"}, {}])
def test_gzip_that_is_cut_off_is_refused_and_the_first_lines_are_kept(
    client: TestClient, named: dict[str, str]
) -> None:
    cut = gzip.compress(new(2_000).encode())[:-2_000]
    response = client.post("/v1/articles", content=cut, headers={**NDJSON, **named})
    assert response.status_code == 400
    detail = response.json()["detail"]
    assert "the compressed data ends early" in detail
    found = re.search(r"([\d,]+) came new and 0 changed", detail)
    assert found is not None
    kept = int(found[1].replace(",", ""))
    assert 0 < kept < 2_000
    again = load(client, gzip.compress(new(2_000).encode()))
    assert (again["unchanged"], again["added"]) == (kept, 2_000 - kept)


def test_gzip_that_is_damaged_is_refused_too(client: TestClient) -> None:
    wrong_check = gzip.compress(new(30).encode())[:-8] + bytes(8)
    response = client.post("/v1/articles", content=wrong_check, headers=NDJSON)
    assert response.status_code == 400
    assert "the compressed data is damaged" in response.json()["detail"]
    assert "30 came new" in response.json()["detail"]


def test_ids_that_were_made_here_and_fields_that_are_not_used_are_told(client: TestClient) -> None:
    lines = (
        line("b", "harbour bridge", own=1, catgory="city"),
        "",
        json.dumps({"url": "https://example.org/a", "title": "harbour", "own": 2}),
        json.dumps({"title": "harbour at night", "expires_at": "2020-01-01"}),
    )
    told = load(client, "\n".join(lines))
    derived = told["derived_ids"]
    assert isinstance(derived, list)
    assert [one["line"] for one in derived] == [3, 4]
    assert client.delete(f"/v1/articles/{derived[0]['id']}").status_code == 204
    assert told["unused"] == [{"field": "catgory", "records": 1}, {"field": "own", "records": 2}]
    assert told["warnings"] == [
        "The field 'catgory' is not used: did you mean 'category'?",
        "1 article has expired: expires_at is past, so no slot shows it.",
    ]


def test_they_are_kept_while_the_model_is_busy_and_shown_afterwards(
    client: TestClient, gate: Gate
) -> None:
    gate.open.clear()
    gate.asked.clear()
    told = load(client, new(40))
    assert (told["added"], told["waiting"]) == (40, 40)
    assert gate.asked.wait(LONG)
    # the model is at work, and everybody else is answered
    assert related(client)
    assert not {"b0"} & related(client)
    assert client.get("/v1/popular").status_code == 200
    assert load(client, line("another", "harbour bridge another"))["waiting"] == 41
    gate.open.set()
    shown_soon(client, {"another", *(f"b{n}" for n in range(40))})


def test_what_was_withdrawn_does_not_come_back_as_it_was(
    client: TestClient, gate: Gate, tmp_path: Path
) -> None:
    assert "n4" in related(client)
    gate.open.clear()
    client.delete("/v1/articles/n4")
    load(client, line("n4", "harbour bridge corrected", updated_at="2090-01-01T00:00:00Z"))
    load(client, line("n8", "harbour bridge changed", updated_at="2090-01-01T00:00:00Z"))
    # of n8 the snapshot has what was shown last, of n4 it has not; a new process knows that too
    with Recommender(parts(tmp_path, gate), follow=False) as other:
        assert "n8" in related(client)
        shown = {one.id for one in other.related("n0", limit=200, pipeline="similarity")}
        assert shown == related(client)
        assert "n4" not in shown
    gate.open.set()
    shown_soon(client, {"n4", "n8"})
    (card,) = (one for one in cards(client) if one["id"] == "n4")
    assert card["title"] == "harbour bridge corrected"


def test_what_waited_when_the_server_ended_is_embedded_by_the_next(
    client: TestClient, gate: Gate, tmp_path: Path
) -> None:
    gate.open.clear()
    assert load(client, new(40))["waiting"] == 40
    gate.open.set()
    client.__exit__(None, None, None)
    with Recommender(parts(tmp_path, gate)) as made:
        left = made.backlog.waiting()
        assert left
        with TestClient(create_app(Recommender(parts(tmp_path, gate), follow=False))):
            embedded(made)


def test_other_kinds_of_bodies_are_refused_with_the_way_out(client: TestClient) -> None:
    wrong = client.post("/v1/articles", json=[{"title": "t"}])
    assert wrong.status_code == 415
    assert "application/x-ndjson" in wrong.json()["detail"]
    packed = client.post("/v1/articles", content=b"x", headers={**NDJSON, "Content-Encoding": "br"})
    assert packed.status_code == 415
    assert packed.headers["accept-encoding"] == "gzip, identity"
    empty = client.post("/v1/articles", content=b"\n \n", headers=NDJSON)
    assert empty.status_code == 422
    assert client.get("/v1/articles").status_code == 405


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_body_has_an_end(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(routes_bulk, "MAX_BYTES", 20_000)
    body = pack((new(100) + "\n" + "x" * 30_000).encode())
    response = client.post("/v1/articles", content=body, headers=NDJSON)
    assert response.status_code == 413
    assert "20,000 bytes" in response.json()["detail"]
    assert response.json()["type"] == "about:blank"


def test_a_body_comes_in_pieces_and_in_batches(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.jobs.ingest._BATCH", 7)

    def pieces() -> Iterator[bytes]:
        body = new(100).encode()
        for start in range(0, len(body), 37):
            yield body[start : start + 37]

    response = client.post("/v1/articles", content=pieces(), headers=NDJSON)
    assert response.json()["data"]["added"] == 100


def test_what_a_broken_connection_sent_before_is_kept(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.jobs.ingest._BATCH", 10)
    messages: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": new(100).encode(), "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Message:
        return next(messages)

    assert sent_by(client, receive)[0]["status"] == 400
    assert load(client, new(100))["unchanged"] == 90


def test_senders_who_say_nothing_more_keep_no_place(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes_bulk, "_WAIT_SECONDS", 0.05)
    monkeypatch.setattr("recommender.jobs.ingest._BATCH", 10)

    for _ in range(3):  # more than there are places
        first: Iterator[Message] = iter(
            [{"type": "http.request", "body": new(100).encode(), "more_body": True}]
        )

        async def receive(first: Iterator[Message] = first) -> Message:
            for message in first:
                return message
            await asyncio.Event().wait()
            raise AssertionError

        start, body = sent_by(client, receive)
        assert start["status"] == 408
        assert (b"connection", b"close") in start["headers"]
        assert "Send it again" in json.loads(body["body"])["detail"]
    assert load(client, new(100))["unchanged"] == 90


def sent_by(client: TestClient, receive: Callable[[], Awaitable[Message]]) -> list[Message]:
    """What the application sends to one whose messages come out of `receive`."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/articles",
        "raw_path": b"/v1/articles",
        "query_string": b"",
        "headers": [(b"content-type", b"application/x-ndjson")],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }

    async def ask() -> None:
        await client.app(scope, receive, send)

    asyncio.run(ask())
    return sent
