"""Sketches of articles: a bounded sample of the shingles of each, enough to compare texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.ascending import among
from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.article import Article
from recommender.articles.grown import Grown
from recommender.articles.text import body_without_title
from recommender.similarity.shingles import SHINGLE, Places, Words, words

SAMPLE = 256
"""Shingles kept of an article, at most; of a shorter one all are kept."""

_SHORT_BODY = 20  # words; a shorter body is taken with its title, which tells notices apart
_SAYS_SOMETHING = 8  # words; two articles of fewer may be equal by chance
_BLOCK = 1 << 20  # characters, or shingles, that are looked at at once
_PARTS = ("hashes", "ends", "limits", "lengths", "digests", "times")

Positions = npt.NDArray[np.integer]
"""Row numbers."""


@dataclass(frozen=True, slots=True)
class Sketches:
    """What is kept of n articles, to tell how much of one stands in another.

    The lowest hashes of a text are a random sample of its shingles, and those that two texts
    share fall into the samples of both (bottom-k sketches: Cohen and Kaplan 2007).

    Attributes:
        hashes: uint32: the samples one after the other, each ascending.
        ends: shape (n + 1,), int64: where each sample begins and ends in `hashes`.
        limits: shape (n,), uint32: no shingle with a hash up to here is missing in the sample.
        lengths: shape (n,), int32: words of the body (of unparted scripts: characters).
        digests: shape (n,), uint64: equal where all words of title and body are; 0 for an
            article too short to be known by them.
        times: shape (n,), float64: POSIX time of this version, NaN where unknown.
    """

    hashes: npt.NDArray[np.uint32]
    ends: Places
    limits: npt.NDArray[np.uint32]
    lengths: npt.NDArray[np.int32]
    digests: npt.NDArray[np.uint64]
    times: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.limits)

    def take(self, positions: Positions) -> "Sketches":
        """The sketches at `positions`, in that order."""
        begin, end = self.ends[positions], self.ends[np.asarray(positions) + 1]
        ends = np.concatenate([[0], np.cumsum(end - begin)])
        own = np.arange(ends[-1]) + np.repeat(begin - ends[:-1], end - begin)
        return Sketches(
            self.hashes[own],
            ends,
            self.limits[positions],
            self.lengths[positions],
            self.digests[positions],
            self.times[positions],
        )

    def without(self, hashes: npt.NDArray[np.uint32]) -> "Sketches":
        """The same but for some shingles, which then count for nothing; `hashes` ascending."""
        if not len(hashes):
            return self
        gone = np.concatenate(
            [
                np.flatnonzero(among(self.hashes[start : start + _BLOCK], hashes)) + start
                for start in range(0, len(self.hashes) or 1, _BLOCK)
            ]
        )
        return Sketches(
            np.delete(self.hashes, gone),
            self.ends - np.searchsorted(gone, self.ends),
            self.limits,
            self.lengths,
            self.digests,
            self.times,
        )


def sketch(articles: Sequence[Article]) -> Sketches:
    """Of the body of each article without its title, so that a copy under another is known.

    The teaser stands in where there is no body; the title is added to a very short text.
    """
    return joined([_sketched(block) for block in _blocks(articles)])


def joined(parts: Sequence[Sketches]) -> Sketches:
    """One after the other."""
    maker = SketchesMaker()
    for part in parts:
        maker.add(part)
    return maker.made()


class SketchesMaker:
    """Sketches of articles, one batch after the other."""

    def __init__(self) -> None:
        self._hashes, self._sizes = Grown(np.uint32), Grown(np.int64)
        self._limits, self._lengths = Grown(np.uint32), Grown(np.int32)
        self._digests, self._times = Grown(np.uint64), Grown(np.float64)

    def add(self, part: Sketches) -> None:
        """The next ones."""
        self._hashes.add(part.hashes)
        self._sizes.add(np.diff(part.ends))
        self._limits.add(part.limits)
        self._lengths.add(part.lengths)
        self._digests.add(part.digests)
        self._times.add(part.times)

    def made(self) -> Sketches:
        """All of them; afterwards there are none."""
        return Sketches(
            hashes=self._hashes.made(),
            ends=np.cumsum(np.concatenate([np.zeros(1, np.int64), self._sizes.made()])),
            limits=self._limits.made(),
            lengths=self._lengths.made(),
            digests=self._digests.made(),
            times=self._times.made(),
        )


def write_sketches(sketches: Sketches, draft: Draft) -> None:
    """As parts of a snapshot."""
    for name in _PARTS:
        np.save(draft.path(f"sketches.{name}.npy"), getattr(sketches, name))


def read_sketches(snapshot: Snapshot) -> Sketches:
    """What `write_sketches` wrote, memory-mapped."""
    return Sketches(*(read_array(snapshot, f"sketches.{name}") for name in _PARTS))


def _blocks(articles: Sequence[Article]) -> Iterator[Sequence[Article]]:
    begin = size = 0
    for position, article in enumerate(articles, start=1):
        size += len(article.title) + len(article.body) + len(article.teaser)
        if size >= _BLOCK:
            yield articles[begin:position]
            begin, size = position, 0
    if begin < len(articles):
        yield articles[begin:]


def _sketched(articles: Sequence[Article]) -> Sketches:
    texts: list[str] = []
    for article in articles:
        texts += (article.title, body_without_title(article) or article.teaser)
    found = words(texts)
    title, body, end = found.ends[:-2:2], found.ends[1:-1:2], found.ends[2::2]
    begin = np.where(end - body < _SHORT_BODY, title, body)
    digests = found.hashes(title, end)
    digests[end - title < _SAYS_SOMETHING] = 0
    hashes, ends, limits = _samples(found, begin, end)
    return Sketches(
        hashes=hashes,
        ends=ends,
        limits=limits,
        lengths=(end - body).astype(np.int32),
        digests=digests,
        times=np.array([_time(article) for article in articles], dtype=np.float64),
    )


def _samples(
    found: Words, begin: Places, end: Places
) -> tuple[npt.NDArray[np.uint32], Places, npt.NDArray[np.uint32]]:
    """`hashes`, `ends` and `limits` of the texts that stand in `found` from `begin` to `end`."""
    sizes = np.maximum(end - begin - (SHINGLE - 1), 0)
    text = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(text)) + (begin - (np.cumsum(sizes) - sizes))[text]
    shingles = found.hashes(place, place + SHINGLE) >> np.uint64(32)
    keyed = (text.astype(np.uint64) << np.uint64(32)) | shingles
    keyed.sort()
    keyed = keyed[np.diff(keyed, prepend=np.uint64(2**64 - 1)) != 0]
    owner = (keyed >> np.uint64(32)).astype(np.int64)
    distinct = np.bincount(owner, minlength=len(sizes))
    rank = np.arange(len(keyed)) - (np.cumsum(distinct) - distinct)[owner]
    hashes = keyed[rank < SAMPLE].astype(np.uint32)
    ends = np.concatenate([[0], np.cumsum(np.minimum(distinct, SAMPLE))])
    limits = np.full(len(sizes), np.iinfo(np.uint32).max, dtype=np.uint32)
    cut = distinct > SAMPLE
    limits[cut] = hashes[ends[1:][cut] - 1]
    return hashes, ends, limits


def _time(article: Article) -> float:
    time = article.updated_at or article.published_at
    return np.nan if time is None else time.timestamp()
