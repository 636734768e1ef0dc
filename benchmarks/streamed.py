"""A catalog of any size: its articles made as they are read, its vectors given and not computed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import LEAST_SHARE, interpolated, real_vectors, sample
from index.protocol import Vectors
from recommender.articles.article import Article

_BLOCK = 1_000
_SHORTEST, _LONGEST = 80, 240  # words of a body
_RARE_WORDS = 500_000  # that the sample lacks, as names and places are in a catalog of years
_RARE_SHARE, _OWN_SHARE = 0.15, 0.70  # of a body; the rest is of the whole sample
_TITLE, _TEASER = 7, 25
_FIRST_DAY, _DAYS = datetime(2016, 1, 1, tzinfo=UTC), 3_650
_LABEL = re.compile(r"Report (\d+) of (\d+) and (\d+)\.")
_SYLLABLES = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo")


@dataclass(frozen=True, slots=True)
class Streamed:
    """Articles first to last, the same ones whatever the range that they are read in.

    Each has words of two articles of the sample, whose numbers stand in its first sentence, and
    rare words, drawn as words are (Zipf). Times ascend with the number.

    Attributes:
        first, last: numbers, `last` not included; the first is a multiple of a thousand.
        total: articles of the whole catalog, over whose years they spread.
        seed: of everything that is drawn.
    """

    first: int
    last: int
    total: int
    seed: int

    def __iter__(self) -> Iterator[Article]:
        made = _Words(sample())
        for start in range(self.first, self.last, _BLOCK):
            rng = np.random.default_rng((self.seed, start))
            yield from made.articles(start, min(_BLOCK, self.last - start), self.total, rng)


class GivenVectors:
    """An `Embedder` that gives each streamed article a vector between those of its two parents.

    See `interpolated`; what is drawn is drawn by its number, so that no list of them is kept.
    """

    name = "benchmark-given-vectors@1"
    dim = 384

    def __init__(self, real: Vectors | None = None) -> None:
        """What `embed` needs.

        Args:
            real: what `real_vectors` gives; None: computed at the first text, so that a server
                that embeds nothing need not load the model.
        """
        if real is not None:
            self._real = real

    @cached_property
    def _real(self) -> Vectors:
        return real_vectors()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`; a text that was not streamed is a ValueError."""
        found = [_LABEL.search(one) for one in texts]
        if not all(found):
            raise ValueError("Expected texts of streamed articles.")
        labels = np.array([[*map(int, one.groups())] for one in found if one], dtype=np.int64)
        number, one, other = labels.reshape(-1, 3).T
        turned = (np.int64(_unit(number, salt) * len(self._real)) for salt in (2, 3, 4, 5))
        share = LEAST_SHARE + (1 - 2 * LEAST_SHARE) * _unit(number, 1)
        return interpolated(self._real, np.stack([one, other, *turned]), share)


class _Words:
    """The words of the sample and the rare ones, by number."""

    def __init__(self, originals: Sequence[Article]) -> None:
        self._originals = originals
        texts = [f"{one.title} {one.body}".split() for one in originals]
        common = [word for own in texts for word in own]
        self._words = [*common, *map(_rare_word, range(_RARE_WORDS))]
        self._common = len(common)
        self._lengths = np.array([len(own) for own in texts])
        self._starts = np.cumsum(self._lengths) - self._lengths

    def articles(
        self, start: int, count: int, total: int, rng: np.random.Generator
    ) -> Iterator[Article]:
        # a whole block is drawn, however few of it are wanted
        parents = rng.integers(0, len(self._originals), (_BLOCK, 2))
        lengths = rng.integers(_SHORTEST, _LONGEST, _BLOCK).tolist()
        numbers = self._drawn(parents, rng)
        hours = rng.uniform(0, 24, _BLOCK)
        for at in range(count):
            (one, other), length = parents[at].tolist(), lengths[at]
            number = start + at
            words = [self._words[word] for word in numbers[at, :length].tolist()]
            original = self._originals[one]
            yield replace(
                original,
                id=f"made-{number:07}",
                url=f"https://www.example.org/{original.section}/made-{number:07}",
                title=" ".join(words[:_TITLE]),
                teaser=" ".join(words[:_TEASER]),
                body=f"Report {number} of {one} and {other}. {' '.join(words)}",
                language="en",  # shuffled words have none that could be told
                published_at=_FIRST_DAY
                + timedelta(days=_DAYS * number / total, hours=float(hours[at])),
                updated_at=None,
            )

    def _drawn(self, parents: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Numbers of words, shape (articles, _LONGEST)."""
        shape = (len(parents), _LONGEST)
        of = np.where(rng.random(shape) < 1 / 2, parents[:, :1], parents[:, 1:])
        own = self._starts[of] + (rng.random(shape) * self._lengths[of]).astype(np.int64)
        anyone = rng.integers(0, self._common, shape)
        # the rank r of n falls on a share of ln r / ln n of the words: Zipf's law
        rare = self._common + np.int64(_RARE_WORDS ** rng.random(shape)) - 1
        kind = rng.random(shape)
        drawn: NDArray[np.int64] = np.where(
            kind < _RARE_SHARE, rare, np.where(kind < _RARE_SHARE + _OWN_SHARE, own, anyone)
        )
        return drawn


def _rare_word(number: int) -> str:
    """A pronounceable name, another one for each number."""
    word = ""
    while number or len(word) < 4:
        number, rest = divmod(number, len(_SYLLABLES))
        word += _SYLLABLES[rest]
    return word.capitalize()


def _unit(numbers: NDArray[np.int64], salt: int) -> NDArray[np.float64]:
    """A share from 0 to 1 for each number, as good as drawn (splitmix64; Steele et al. 2014)."""
    mixed = numbers.astype(np.uint64) * np.uint64(8) + np.uint64(salt)
    mixed = mixed * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed ^ (mixed >> np.uint64(31))).astype(np.float64) / 2**64
