"""The words that say why two articles are alike: "Schengen, asylum, Norway"."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import xxhash

from index.ascending import located
from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.packed import Packed, read_packed, write_packed
from recommender.similarity.sorted_keys import best_of_rows
from recommender.similarity.words import words

KEPT = 24
"""Key terms of an article: of two on one story, both have 2 in common in 9 cases of 10."""

_NO_WORD = -2  # what one side is padded with, where the other is with -1
_REMEMBERED = 50_000  # words, of some 200 bytes each
_STEM = 5  # letters in which forms of a word agree: "testify", "testified"


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """The key terms of some articles, one row each, the most telling first.

    Attributes:
        numbers: shape (n, KEPT), int32: of the words in a vocabulary, padded with -1.
        weights: shape (n, KEPT), float16: (1 + ln tf) times the word's own; 0 where padded.
    """

    numbers: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True)
class Vocabulary:
    """The words that are key terms of a corpus.

    Attributes:
        words: as they are mostly written, UTF-8.
        hashes: shape (len(words),), uint64, ascending: `word_hash` of each.
        weights: shape (len(words),), float32, above 0: how telling, see `KeywordGathering`.
    """

    words: Packed
    hashes: npt.NDArray[np.uint64]
    weights: npt.NDArray[np.float32]

    def told(self, number: int) -> tuple[str, str]:
        """A word, and the letters in which its forms agree."""
        found = self._told.get(number)
        if found is None:
            if len(self._told) >= _REMEMBERED:
                self._told.clear()
            word = self.words[number].decode()
            found = self._told[number] = word, word[:_STEM].lower()
        return found

    @cached_property
    def _told(self) -> dict[int, tuple[str, str]]:
        """What was told of late: the same words are told again and again."""
        return {}


@dataclass(frozen=True, slots=True)
class Keywords:
    """The key terms of all articles of a corpus, and the words they are."""

    vocabulary: Vocabulary
    articles: KeyTerms


def word_hash(word: str) -> int:
    """XXH3 of the word in small letters, 64 bits."""
    return xxhash.xxh3_64_intdigest(word.lower().encode())


def shared(
    vocabulary: Vocabulary,
    left: KeyTerms,
    left_row: int | npt.NDArray[np.integer],
    right: KeyTerms,
    right_rows: npt.NDArray[np.integer],
    *,
    count: int,
) -> list[tuple[str, ...]]:
    """At most `count` key terms that an article has in common with each of others.

    Or that each of `left_row` has in common with the one of `right_rows` in the same place. The
    most telling first. Of several forms of a word, and of a word within another, only the more
    telling is given.
    """
    ours, theirs = left.numbers[left_row], right.numbers[right_rows]
    ours = np.where(ours < 0, _NO_WORD, ours)
    # all with all in one step; flat, as numpy looks through three dimensions in thrice the time
    same = (theirs[:, :, None] == ours[..., None, :]).ravel().nonzero()[0]
    pairs, own = np.divmod(same, ours.shape[-1])
    rows, places = np.divmod(pairs, theirs.shape[1])
    numbers = theirs[rows, places]
    own_rows = left_row if isinstance(left_row, int) else left_row[rows]
    telling = left.weights[own_rows, own].astype(np.float64)
    telling *= right.weights[right_rows[rows], places]
    order = np.lexsort((numbers, -telling, rows))
    common: list[list[int]] = [[] for _ in range(len(theirs))]
    for row, number in zip(rows[order].tolist(), numbers[order].tolist(), strict=True):
        common[row].append(number)
    return [_forms(vocabulary, one, count) for one in common]


def _forms(vocabulary: Vocabulary, numbers: Sequence[int], count: int) -> tuple[str, ...]:
    """The first `count` of these words, none of them a form of one before."""
    found: list[str] = []
    stems: list[str] = []
    for number in numbers:
        word, stem = vocabulary.told(number)
        for other in stems:
            if stem in other or other in stem:
                break
        else:
            found.append(word)
            if len(found) == count:
                break
            stems.append(stem)
    return tuple(found)


def keywords_of(texts: Sequence[str], vocabulary: Vocabulary) -> KeyTerms:
    """The key terms of texts that are not in the corpus; shape (len(texts), KEPT).

    What is no key term of the corpus is none of theirs: there is nobody to share it with.
    """
    rows: list[int] = []
    hashes: list[int] = []
    times: list[int] = []
    for row, text in enumerate(texts):
        counted: Counter[int] = Counter()
        for word, count in words(text).items():
            counted[word_hash(word)] += count
        rows.extend([row] * len(counted))
        hashes.extend(counted.keys())
        times.extend(counted.values())
    wanted = np.array(hashes, dtype=np.uint64)
    numbers, known = located(wanted, vocabulary.hashes)
    return most_telling(
        np.array(rows, dtype=np.int64)[known],
        numbers[known],
        np.array(times, dtype=np.int64)[known],
        vocabulary.weights,
        len(texts),
    )


def most_telling(
    rows: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.integer],
    times: npt.NDArray[np.integer],
    weights: npt.NDArray[np.float32],
    total: int,
) -> KeyTerms:
    """The KEPT words of the highest weight of each article, ties by their place in the arrays.

    Args:
        rows: shape (m,), ascending, below `total`: the article of each entry.
        numbers: shape (m,): the word.
        times: shape (m,), at least 1: how often it stands there.
        weights: of each word, above 0.
        total: articles.
    """
    found = KeyTerms(
        np.full((total, KEPT), -1, dtype=np.int32), np.zeros((total, KEPT), dtype=np.float16)
    )
    scores = ((1 + np.log(times)) * weights[numbers]).astype(np.float32)
    row, rank, place = best_of_rows(rows, scores, KEPT)
    found.numbers[row, rank] = numbers[place]
    found.weights[row, rank] = scores[place]
    return found


def write_keywords(made: Keywords, draft: Draft) -> None:
    """As parts of a snapshot."""
    write_packed(made.vocabulary.words, draft, "keywords.words")
    np.save(draft.path("keywords.hashes.npy"), made.vocabulary.hashes)
    np.save(draft.path("keywords.telling.npy"), made.vocabulary.weights)
    np.save(draft.path("keywords.numbers.npy"), made.articles.numbers)
    np.save(draft.path("keywords.weights.npy"), made.articles.weights)


def read_keywords(snapshot: Snapshot) -> Keywords:
    """What `write_keywords` wrote, memory-mapped."""
    return Keywords(
        Vocabulary(
            words=read_packed(snapshot, "keywords.words"),
            hashes=read_array(snapshot, "keywords.hashes"),
            weights=read_array(snapshot, "keywords.telling"),
        ),
        KeyTerms(
            numbers=read_array(snapshot, "keywords.numbers"),
            weights=read_array(snapshot, "keywords.weights"),
        ),
    )
