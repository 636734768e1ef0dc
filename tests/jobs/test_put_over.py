"""A new version put in over another: at every moment an answer shows the one or the other."""

from collections.abc import Callable, Sequence
from pathlib import Path

from index.protocol import Vectors
from recommender import Recommender
from recommender.articles.article import Article
from tests.jobs.home import NOW, WordEmbedder, articles, opened


class WatchedEmbedder(WordEmbedder):
    """Looks what is shown while it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.look: Callable[[], object] = lambda: None

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.look()
        return super().embed(texts)


def edition(number: int) -> Article:
    return Article(id="n1", title=f"edition {number}", body=f"text {number}", language="en")


def test_while_it_is_embedded_the_version_before_is_shown_and_no_older_one(tmp_path: Path) -> None:
    embedder = WatchedEmbedder()
    with opened(tmp_path, embedder) as engine, opened(tmp_path) as other:
        engine.rebuild(articles(4))
        seen: list[str] = []
        embedder.look = lambda: seen.append(title(other))
        engine.put([edition(2)])
        assert title(other) == "edition 2"
        engine.put([edition(3)])
        assert title(other) == "edition 3"
        engine.withdraw(["n1"])
        engine.put([edition(4)])
        assert title(other) == "edition 4"
        assert seen == [next(one.title for one in articles(4) if one.id == "n1"), "edition 2", ""]


def title(engine: Recommender) -> str:
    """Of the article in the latest slot; "" where it is not there."""
    (slot,) = engine.slots("n0", slots=("latest",), limit=10, at=NOW)
    return next((one.card.title for one in slot if one.id == "n1"), "")
