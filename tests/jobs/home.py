"""A real home with a quick embedder, for tests that are not about the model."""

import hashlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from index.protocol import Vectors
from recommender import Event, Recommender
from recommender.articles.article import Article
from recommender.settings import Settings
from recommender.wiring import Parts, assemble
from tests.waiting import LONG, until

NOW = datetime(2020, 6, 30, 12, tzinfo=UTC)


class WordEmbedder:
    """Sums a fixed random vector for each word: alike texts are near, and nothing is loaded."""

    dim = 32

    def __init__(self, name: str = "words@1") -> None:
        self.name = name
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        rows = [sum((self._word(word) for word in text.split()), self._word("")) for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(len(texts), self.dim)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _word(self, word: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        seed = int.from_bytes(hashlib.blake2b(f"{self.name}{word}".encode()).digest()[:8])
        return np.random.default_rng(seed).normal(size=self.dim)


class Gate(WordEmbedder):
    """A model that is at work until it is let through.

    Attributes:
        open: set from the beginning.
        asked: set since the first text.
    """

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked.set()
        assert self.open.wait(LONG)
        return super().embed(texts)


def parts(home: Path, embedder: WordEmbedder | None = None) -> Parts:
    """Everything real but the model."""
    made = assemble(home, Settings())
    return replace(made, embedder=embedder or WordEmbedder())


def opened(home: Path, embedder: WordEmbedder | None = None) -> Recommender:
    """The engine over `parts`."""
    return Recommender(parts(home, embedder))


def embedded(recommender: Recommender) -> None:
    """Returns once the backlog is embedded."""
    until(lambda: not recommender.backlog.waiting(), "the backlog to be embedded")


def view(article_id: str, reader: str, at: datetime) -> Event:
    """A view."""
    return Event(type="view", article_id=article_id, reader=reader, at=at)


def articles(count: int) -> Iterable[Article]:
    """Articles "n0", "n1" ...: four subjects in turn, the newest first."""
    subjects = ("harbour bridge repair", "school roof leak", "rowing club cup", "council vote tax")
    for number in range(count):
        subject = subjects[number % 4]
        own = " ".join(f"detail{number}{letter}" for letter in "abcdefgh")  # or they were copies
        yield Article(
            id=f"n{number}",
            title=f"{subject} part {number}",
            body=f"{subject} {own}",
            section=subject.split()[0],
            language="en",
            published_at=NOW - timedelta(days=number),
        )
