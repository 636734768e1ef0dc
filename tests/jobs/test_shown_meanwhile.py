"""What is shown while something else is made: a vector, or the overlay of another snapshot."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.manifest import read_manifest, write_manifest
from recommender import NotReady, Recommender, UnknownArticle
from recommender.articles.article import Article
from recommender.slots import live
from recommender.slots.overlay import Overlaid, with_changes
from tests.jobs.home import NOW, Gate, articles, embedded, parts
from tests.waiting import LONG

POST = "harbour bridge opens"


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def server(tmp_path: Path, gate: Gate) -> Iterator[Recommender]:
    with Recommender(parts(tmp_path)) as made:
        made.rebuild(articles(16))
        made.rebuild(articles(20))
    with Recommender(parts(tmp_path, gate), follow=False) as opened:
        yield opened
        gate.open.set()


def load(
    server: Recommender,
    title: str,
    *,
    article_id: str = "post",
    patient: bool = True,
    expires_at: datetime | None = None,
) -> None:
    one = Article(
        id=article_id, title=title, language="en", published_at=NOW, expires_at=expires_at
    )
    server.load([one], keep_reject=lambda _: None, patient=patient)


def titles(server: Recommender) -> dict[str, str]:
    page = server.related("n0", limit=100, at=NOW, pipeline="similarity")
    return {one.id: one.card.title for one in page}


def published(server: Recommender) -> None:
    load(server, POST, patient=False)
    embedded(server)
    assert titles(server)["post"] == POST


def test_an_edited_article_is_shown_as_it_was_until_the_new_text_has_its_vector(
    server: Recommender, gate: Gate
) -> None:
    published(server)
    gate.open.clear()
    for title in ("harbour bridge is open", "harbour bridge opened"):
        load(server, title)
        assert titles(server)["post"] == POST
        assert server.related("post", at=NOW)
    gate.open.set()
    embedded(server)
    assert titles(server)["post"] == POST
    server.follow()
    assert titles(server)["post"] == "harbour bridge opened"


def test_what_is_withdrawn_or_expires_meanwhile_is_not_shown_as_it_was(
    server: Recommender, gate: Gate
) -> None:
    published(server)
    gate.open.clear()
    load(server, "harbour bridge is open")
    server.withdraw(["post"])
    assert "post" not in titles(server)
    # the same again, newer than its withdrawal
    late = Article(
        id="post", title="harbour bridge again", language="en", published_at=NOW.replace(year=2090)
    )
    server.load([late], keep_reject=lambda _: None)
    assert "post" not in titles(server)


def test_what_stands_in_for_a_version_expires_with_it(server: Recommender, gate: Gate) -> None:
    published(server)
    gate.open.clear()
    load(server, "harbour bridge is open", expires_at=datetime.now(UTC) - timedelta(days=1))
    assert "post" not in titles(server)


def test_the_snapshots_version_stands_in_for_two_edits(server: Recommender, gate: Gate) -> None:
    before = titles(server)["n4"]
    gate.open.clear()
    for title in ("harbour bridge is open", "harbour bridge opened"):
        load(server, title, article_id="n4")
        assert titles(server)["n4"] == before
    gate.open.set()
    embedded(server)
    assert titles(server)["n4"] == before
    server.follow()
    assert titles(server)["n4"] == "harbour bridge opened"


def test_an_article_that_waits_says_so(server: Recommender, gate: Gate) -> None:
    gate.open.clear()
    load(server, POST)
    with pytest.raises(UnknownArticle, match="waits for its vector"):
        server.related("post")


def test_another_snapshot_keeps_what_was_shown(server: Recommender, gate: Gate) -> None:
    published(server)
    gate.open.clear()
    load(server, "harbour bridge is open")
    served = server.related("n0").index_version
    server.parts.store.rollback()
    assert titles(server)["post"] == POST
    assert server.follow()
    assert server.related("n0").index_version != served
    assert titles(server)["post"] == POST
    assert "n19" in titles(server)


def test_requests_are_answered_from_the_old_snapshot_while_the_new_one_is_laid(
    server: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(server)
    served = server.related("n0").index_version
    with Recommender(parts(server.parts.home)) as other:
        new = other.rebuild(articles(24)).version
    laying, go_on = threading.Event(), threading.Event()

    def held_up(*args: object, **named: object) -> Overlaid:
        if threading.current_thread() is follower and not laying.is_set():
            laying.set()
            assert go_on.wait(LONG)
        return with_changes(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(live, "with_changes", held_up)
    follower = threading.Thread(target=server.follow, daemon=True)
    follower.start()
    try:
        assert laying.wait(LONG)
        assert server.related("n0").index_version == served
        server.withdraw(["n4"])
        put = Article(id="put", title="harbour bridge put in", language="en", published_at=NOW)
        server.put([put])
        assert "n4" not in titles(server)
        assert {"put", "post"} <= titles(server).keys()
        server.withdraw(["n8"])
        assert server.related("n0").index_version == served
    finally:
        go_on.set()
        follower.join(LONG)
        assert not follower.is_alive()
    assert server.related("n0").index_version == new
    assert {"put", "post", "n20"} <= titles(server).keys()
    assert not {"n4", "n8"} & titles(server).keys()


def test_what_fails_while_a_snapshot_is_taken_up_is_tried_again(
    server: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = server.related("n0").index_version
    server.parts.store.rollback()
    with monkeypatch.context() as broken:
        broken.setattr(live, "with_changes", lambda: None)
        with pytest.raises(TypeError):
            server.follow()
    assert server.related("n0").index_version == served
    assert server.follow()
    assert server.related("n0").index_version != served


@pytest.mark.parametrize("part", ["columns.expires_at.npy", "neighbours.background.npy"])
def test_a_snapshot_of_an_earlier_version_is_refused_with_the_way_out(
    tmp_path: Path, part: str
) -> None:
    with Recommender(parts(tmp_path)) as made:
        folder = tmp_path / "snapshots" / "versions" / made.rebuild(articles(5)).version
    manifest = read_manifest(folder)
    (folder / "manifest.json").unlink()
    (folder / part).unlink()
    left = {name: one for name, one in manifest.parts.items() if name != part}
    write_manifest(folder, replace(manifest, parts=left))
    with (
        Recommender(parts(tmp_path)) as made,
        pytest.raises(
            NotReady,
            match=r"was made by an earlier version of this program\. Run: recommender rebuild",
        ),
    ):
        made.related("n0")
