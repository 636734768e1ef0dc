"""Webhooks of Ghost."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from recommender.api.app import create_app
from recommender.engine import Recommender
from recommender.settings import Settings
from recommender.settings_tables import HookSettings
from tests.jobs.home import articles, parts
from tests.waiting import until

TITLE = "Harbour bridge repair begins"
ID = "65f1a2b3c4d5e6f708192a3b"
SECRET = "between us"  # noqa: S105 - of the test
HOOK = "/v1/hooks/ghost"


def post(**changes: object) -> dict[str, object]:
    """A post as Ghost sends it, shortened by what nobody reads."""
    tags = [
        {"id": "1", "name": "Harbour", "slug": "harbour", "visibility": "public"},
        {"id": "2", "name": "#front", "slug": "hash-front", "visibility": "internal"},
    ]
    whole: dict[str, object] = {
        "id": ID,
        "uuid": "3f5b7c7e-9f0e-4f1d-8a55-0d6f7f1f5b11",
        "title": TITLE,
        "slug": "harbour-bridge-repair-begins",
        "html": "<p>The harbour bridge repair begins on <strong>Monday</strong>.</p>",
        "plaintext": "The harbour bridge repair begins on Monday.",
        "comment_id": ID,
        "feature_image": "https://post.example/content/images/2020/06/bridge.jpg",
        "featured": True,
        "status": "published",
        "visibility": "members",
        "created_at": "2020-06-30T09:00:00.000Z",
        "updated_at": "2020-07-01T10:00:00.000Z",
        "published_at": "2020-07-01T10:00:00.000Z",
        "custom_excerpt": "Six weeks without cars.",
        "codeinjection_head": None,
        "authors": [{"id": "1", "name": "Ada Quill", "slug": "ada", "email": "ada@post.example"}],
        "tags": tags,
        "primary_author": {"id": "1", "name": "Ada Quill"},
        "primary_tag": tags[0],
        "url": "https://post.example/harbour-bridge-repair-begins/",
        "reading_time": 1,
    }
    return {**whole, **changes}


def event(current: dict[str, object], previous: dict[str, object] | None = None) -> bytes:
    payload = {"event": "post.edited", "post": {"current": current, "previous": previous or {}}}
    return json.dumps(payload, separators=(",", ":")).encode()


PUBLISHED = event(post(), {"status": "draft", "updated_at": "2020-06-30T09:00:00.000Z"})
EDITED = event(post(title="Bridge repair begins late", updated_at="2020-07-02T10:00:00.000Z"))
UNPUBLISHED = event(post(status="draft", updated_at="2020-07-03T10:00:00.000Z"))
REPUBLISHED = event(post(updated_at="2020-07-04T10:00:00.000Z"))
DELETED = event({}, {"id": ID, "title": TITLE, "status": "published"})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with Recommender(parts(tmp_path)) as made:
        made.rebuild(articles(20))
    return tmp_path


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Recommender(parts(home), follow=False))) as client:
        yield client


@pytest.fixture
def guarded(home: Path) -> Iterator[TestClient]:
    """With a secret in the settings."""
    settings = Settings(hooks=HookSettings(ghost_secret=SecretStr(SECRET)))
    made = replace(parts(home), settings=settings)
    with TestClient(create_app(Recommender(made, follow=False))) as client:
        yield client


def result(client: TestClient, body: bytes) -> str:
    response = client.post(HOOK, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 202, response.text
    data = response.json()["data"]
    assert data["id"] == ID
    return str(data["result"])


def related(client: TestClient) -> dict[str, dict[str, object]]:
    response = client.get("/v1/articles/n0/related?limit=50")
    return {card["id"]: card for card in response.json()["data"]}


def shown(client: TestClient, title: str) -> dict[str, object]:
    """The card, once it is shown with this title."""

    def it_is() -> bool:
        return related(client).get(ID, {}).get("title") == title

    until(it_is, f"the title {title!r}")
    return related(client)[ID]


def test_a_post_is_an_article_with_all_that_ghost_knows_of_it(client: TestClient) -> None:
    assert result(client, PUBLISHED) == "added"
    card = shown(client, TITLE)
    assert card["teaser"] == "Six weeks without cars."
    assert card["url"] == "https://post.example/harbour-bridge-repair-begins/"
    assert card["image_url"] == "https://post.example/content/images/2020/06/bridge.jpg"
    assert card["section"] == "Harbour"
    assert card["labels"] == ["Editor's choice"]
    assert card["published_at"] == "2020-07-01T10:00:00+00:00"


def test_from_publication_to_deletion(client: TestClient) -> None:
    assert result(client, PUBLISHED) == "added"
    assert result(client, PUBLISHED) == "unchanged"
    assert result(client, EDITED) == "changed"
    shown(client, "Bridge repair begins late")
    assert result(client, PUBLISHED) == "outdated"
    assert result(client, UNPUBLISHED) == "withdrawn"
    assert ID not in related(client)
    # what was sent before and came late
    assert result(client, EDITED) == "outdated"
    assert ID not in related(client)
    assert result(client, REPUBLISHED) == "changed"
    shown(client, TITLE)
    assert result(client, DELETED) == "withdrawn"
    assert ID not in related(client)
    assert result(client, REPUBLISHED) == "withheld"
    assert ID not in related(client)


def test_a_post_is_embedded_before_the_many(client: TestClient, home: Path) -> None:
    assert result(client, PUBLISHED) == "added"
    with Recommender(parts(home)) as made:
        stored = made.parts.catalog.get(ID)
    assert stored is not None
    assert not stored.patient


def test_a_post_that_was_never_published_leaves_no_text(client: TestClient, home: Path) -> None:
    assert result(client, UNPUBLISHED) == "withdrawn"
    with Recommender(parts(home)) as made:
        stored = made.parts.catalog.get(ID)
        assert stored is not None
        assert (stored.article.status, stored.article.title, stored.article.body) == (
            "withdrawn",
            "",
            "",
        )


def test_an_address_that_is_none_does_not_cost_the_article(client: TestClient) -> None:
    odd = post(feature_image="__GHOST_URL__/a.jpg", url=None, primary_tag=None, tags=[], authors=[])
    assert result(client, event(odd)) == "added"
    assert shown(client, TITLE)["image_url"] == ""


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"no json", 400, "not valid JSON"),
        (b"[]", 422, "post.unpublished"),
        (b'{"page":{"current":{"id":"1"}}}', 422, "post.published"),
        (b'{"post":{"current":{},"previous":{}}}', 422, "expected an id"),
        (event(post(title="", html="", custom_excerpt=None)), 422, "title or a body"),
    ],
)
def test_what_is_no_event_of_a_post_is_refused(
    client: TestClient, body: bytes, status: int, told: str
) -> None:
    response = client.post(HOOK, content=body)
    assert response.status_code == status
    assert told in response.json()["detail"]


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """As Ghost signs: the body with the milliseconds behind it."""
    stamp = int((time.time() if at is None else at) * 1000)
    digest = hmac.new(secret.encode(), body + str(stamp).encode(), hashlib.sha256).hexdigest()
    return {"X-Ghost-Signature": f"sha256={digest}, t={stamp}"}


def test_with_a_secret_only_ghost_is_believed(guarded: TestClient) -> None:
    taken = guarded.post(HOOK, content=PUBLISHED, headers=signed(PUBLISHED))
    assert taken.status_code == 202
    hour_ago = time.time() - 3600
    right = signed(DELETED)["X-Ghost-Signature"]
    refused: list[dict[str, str]] = [
        {},
        {"X-Ghost-Signature": ""},
        {"X-Ghost-Signature": "sha256=, t="},
        {"X-Ghost-Signature": "nonsense"},
        {"X-Ghost-Signature": right.replace("t=1", "t=2")},
        {"X-Ghost-Signature": right.partition(",")[0]},
        signed(DELETED, secret="another"),  # noqa: S106 - of the test
        signed(PUBLISHED),
        signed(DELETED, at=hour_ago),
        signed(DELETED, at=time.time() + 3600),
    ]
    for headers in refused:
        response = guarded.post(HOOK, content=DELETED, headers=headers)
        assert response.status_code == 403, headers
        assert response.headers["content-type"] == "application/problem+json"
        assert SECRET not in response.text
    shown(guarded, TITLE)
    assert guarded.post(HOOK, content=DELETED, headers=signed(DELETED)).status_code == 202
    assert ID not in related(guarded)


def test_the_secret_is_told_to_nobody() -> None:
    settings = Settings(hooks=HookSettings(ghost_secret=SecretStr(SECRET)))
    assert SECRET not in repr(settings)
    assert SECRET not in settings.model_dump_json()
