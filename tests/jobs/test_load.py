"""Many articles kept at once, embedded aside, and shown without anybody waiting for all of them."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from index.protocol import Vectors
from recommender import Recommender
from recommender.articles.article import Article
from recommender.errors import EmbedderError
from recommender.jobs.backlog import Backlog
from recommender.jobs.lock import alone
from tests.jobs.home import NOW, WordEmbedder, articles, embedded, parts
from tests.waiting import LONG

_MANY = 1_000
"""Articles put in one by one; others are looked at long before."""


def new(count: int) -> list[Article]:
    return [
        Article(
            id=f"b{number}",
            title=f"harbour bridge news {number}",
            body=f"harbour bridge repair word{number} other{number}",
            language="en",
            published_at=NOW,
        )
        for number in range(count)
    ]


def shown(recommender: Recommender) -> list[str]:
    page = recommender.related("n0", limit=1000, at=NOW, pipeline="similarity")
    return [one.id for one in page]


def test_a_request_waits_for_what_was_put_in_and_the_many_follow(tmp_path: Path) -> None:
    with Recommender(parts(tmp_path)) as made:
        made.rebuild(articles(20))
        made.load(new(100), keep_reject=lambda _: None)
        embedded(made)
        whole = shown(made)
        assert sum(one.startswith("b") for one in whole) == 100
        with Recommender(parts(tmp_path), follow=False) as server:
            assert not any(one.startswith("b") for one in shown(server))
            put = [
                Article(id=f"put{n}", title=f"harbour bridge {n} put{n}", published_at=NOW)
                for n in range(10)
            ]
            server.put(put)
            server.withdraw(["b0"])
            assert {one.id for one in put} <= set(shown(server))
            server.follow()
            assert {one.id for one in put} <= set(shown(server))
            assert "b0" not in shown(server)
            assert 0 < sum(one.startswith("b") for one in shown(server)) < 99
            server.follow()
            assert sorted(shown(server)) == sorted(shown(made))
            assert sorted(shown(server)) == sorted({*whole, *(one.id for one in put)} - {"b0"})


def test_what_is_put_in_while_others_are_looked_at_stays(tmp_path: Path) -> None:
    with Recommender(parts(tmp_path)) as made:
        made.rebuild(articles(20))
        made.load(new(150), keep_reject=lambda _: None)
        embedded(made)
    with Recommender(parts(tmp_path), follow=False) as server:
        shown(server)
        caught_up: list[bool] = []

        def catch_up() -> None:
            caught_up.extend(server.follow() for _ in range(5))

        thread = threading.Thread(target=catch_up, daemon=True)
        thread.start()
        put: set[str] = set()
        while thread.is_alive() or len(put) < 3:
            article_id = f"put{len(put)}"
            words = f"harbour bridge {article_id}"
            server.put([Article(id=article_id, title=words, language="en", published_at=NOW)])
            put.add(article_id)
            assert put <= set(shown(server))
            assert len(put) < _MANY, "articles are caught up with no more"
        assert len(caught_up) == 5
        assert {one.id for one in new(150)} | put <= {*shown(server)}


def test_two_processes_do_not_embed_the_same(tmp_path: Path) -> None:
    first, second = WordEmbedder(), WordEmbedder()
    with Recommender(parts(tmp_path, first)) as made, Recommender(parts(tmp_path, second)) as other:
        made.load(new(60), keep_reject=lambda _: None)
        other.backlog.start()
        embedded(made)
        assert len(first.embedded) + len(second.embedded) == 60


def test_who_waits_for_a_turn_embeds_what_was_left(tmp_path: Path) -> None:
    with Recommender(parts(tmp_path)) as made:
        with alone(tmp_path / "embedding.lock") as mine:
            assert mine
            made.load(new(3), keep_reject=lambda _: None)
            assert made.backlog.waiting() == 3
        embedded(made)


@pytest.mark.parametrize("error", [EmbedderError("no model here"), ValueError("a fault of it")])
def test_a_model_that_fails_leaves_them_for_the_next_time(tmp_path: Path, error: Exception) -> None:
    class Broken(WordEmbedder):
        broken = True

        def embed(self, texts: Sequence[str]) -> Vectors:
            if self.broken:
                raise error
            return super().embed(texts)

    embedder = Broken()
    with Recommender(parts(tmp_path, embedder)) as made:
        assert made.load(new(3), keep_reject=lambda _: None).added == 3
        backlog: Backlog = made.backlog
        backlog.close()
        assert backlog.waiting() == 3
    embedder.broken = False
    with Recommender(parts(tmp_path, embedder)) as made:
        made.backlog.start()
        embedded(made)
        embedder.broken = True
        made.load(new(4), keep_reject=lambda _: None)
        made.backlog.close()
        assert made.backlog.waiting() == 1


def test_after_a_model_failed_the_next_load_tries_again(tmp_path: Path) -> None:
    class Once(WordEmbedder):
        failed = threading.Event()

        def embed(self, texts: Sequence[str]) -> Vectors:
            if not self.failed.is_set():
                self.failed.set()
                raise RuntimeError("a fault of the model")
            return super().embed(texts)

    embedder = Once()
    with Recommender(parts(tmp_path, embedder)) as made:
        made.load(new(3), keep_reject=lambda _: None)
        assert embedder.failed.wait(LONG)
        made.load(new(4), keep_reject=lambda _: None)
        embedded(made)
