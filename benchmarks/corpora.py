"""What the benchmarks run over: the sample that ships, and as many articles like it as needed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.protocol import Vectors
from recommender.articles.article import Article
from recommender.articles.sources.open_source import open_source
from recommender.engine import Recommender
from recommender.similarity.embedder import Embedder
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder
from recommender.wiring import Parts, assemble

LEAST_SHARE = 0.2
"""Of each of the two real vectors that a made-up one lies between."""

_TURN = 0.5  # length of what is added to it
_OWN_WORDS = 0.75  # share of a made-up article's words that come from its two parents
_FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
_DAYS = 500


class HashedWords:
    """An embedder without a model: hashed word counts through a random projection.

    It stands in where thousands of made-up texts would take a real model an hour; every other
    step of the product runs as it is.
    """

    name = "benchmark-hashed-words@1"
    dim = 384
    _features = 2**13

    def __init__(self) -> None:
        # imported here: servers of homes with other vectors start without it
        from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415

        self._words = HashingVectorizer(
            n_features=self._features, stop_words="english", alternate_sign=False, dtype=np.float32
        )

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`; no text may be without words."""
        found = self._words.transform(texts) @ self._projection
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)

    @cached_property
    def _projection(self) -> NDArray[np.float32]:
        rng = np.random.default_rng(0)  # part of the name above
        return rng.standard_normal((self._features, self.dim), dtype=np.float32)


@contextmanager
def opened(home: Path, embedder: Embedder, *, follow: bool = True) -> Iterator[Recommender]:
    """The product over `home`, with this embedder in place of that of the settings."""
    with Recommender(_parts(home, embedder), follow=follow) as recommender:
        yield recommender


def sample() -> list[Article]:
    """The articles that ship with the product."""
    with as_file(files("recommender").joinpath("sample", "articles.jsonl")) as path:
        return [one for one in open_source(str(path)).records if isinstance(one, Article)]


def varied_sample(count: int) -> list[Article]:
    """`count` different texts as long as the sample's: its articles with their sentences turned."""
    originals = sample()
    made = []
    for number in range(count):
        turn, which = divmod(number, len(originals))
        article = originals[which]
        sentences = article.body.split(". ")
        turned = ". ".join(sentences[turn:] + sentences[:turn])
        made.append(
            replace(
                article, id=f"{article.id}-{turn}", body=turned, title=f"{article.title} {turn}"
            )
        )
    return made


def made_up(count: int, rng: np.random.Generator) -> list[Article]:
    """`count` articles, each of words of two of the sample and of some of all the others."""
    originals = sample()
    words = [f"{one.title} {one.body}".split() for one in originals]
    everything = [word for own in words for word in own]
    lengths = rng.integers(80, 240, count)
    made = []
    for number, length in enumerate(lengths.tolist()):
        one, other = rng.choice(len(originals), 2, replace=False).tolist()
        own = words[one] + words[other]
        near = round(length * _OWN_WORDS)
        text = [own[at] for at in rng.integers(0, len(own), near)]
        text += [everything[at] for at in rng.integers(0, len(everything), length - near)]
        rng.shuffle(text)
        body = " ".join(text)
        made.append(
            replace(
                originals[one],
                id=f"made-{number:06}",
                url=f"https://www.example.org/{originals[one].section}/made-{number:06}",
                title=" ".join(text[:7]),
                teaser=" ".join(text[:25]),
                body=body,
                language="en",  # shuffled words have none that could be told
                published_at=_FIRST_DAY + timedelta(days=float(rng.uniform(0, _DAYS))),
                updated_at=None,
            )
        )
    return made


def real_vectors() -> Vectors:
    """Of the sample, by the packaged model: shape (articles, 384)."""
    return SentenceTransformersEmbedder().embed([f"{a.title}\n\n{a.body}" for a in sample()])


def between(real: Vectors, count: int, rng: np.random.Generator) -> Vectors:
    """Unit vectors between pairs of real ones, turned as others differ: shape (count, dim)."""
    share = rng.uniform(LEAST_SHARE, 1 - LEAST_SHARE, count)
    return interpolated(real, rng.integers(0, len(real), (6, count)), share)


def interpolated(real: Vectors, rows: NDArray[np.int64], share: NDArray[np.float64]) -> Vectors:
    """Unit vectors out of real ones alone.

    Between the first two, half a unit added in the direction in which two pairs of others differ:
    so that among 200,000 of them the local dimension is 20 (maximum likelihood, 100 neighbours;
    Levina and Bickel 2004), where it is 18 among 15,900 real articles of five public sets. With a
    random direction added it is 39, and every index is slower than it is with news.

    Args:
        real: shape (m, dim), unit rows.
        rows: shape (6, n), of `real`.
        share: shape (n,), of the first.

    Returns:
        Shape (n, dim).
    """
    one, other, *turned = rows
    part = share[:, None].astype(np.float32)
    found = real[one] * part + real[other] * (1 - part)
    turn = real[turned[0]] - real[turned[1]] + real[turned[2]] - real[turned[3]]
    lengths = np.linalg.norm(turn, axis=1, keepdims=True)
    found += turn * (_TURN / np.maximum(lengths, 1e-6))
    return np.ascontiguousarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def _parts(home: Path, embedder: Embedder) -> Parts:
    return replace(assemble(home), embedder=embedder)
