"""The key terms of a corpus, out of its texts in one pass."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from stop_words import StopWordError, get_stop_words

from recommender.articles.grown import Grown
from recommender.articles.packed import pack
from recommender.similarity.keywords import (
    KEPT,
    KeyTerms,
    Keywords,
    Vocabulary,
    most_telling,
    word_hash,
)
from recommender.similarity.sorted_keys import best_of_rows
from recommender.similarity.words import first_words, words

_LIKELY = 64  # words of an article that are kept until all frequencies are known
_MOST_TIMES = 255
_COMMON_SHARE = 0.1  # a word of more of the articles tells nothing: "said", "year"
_COMMON_FROM = 10  # articles; a share of fewer is chance
_COUNTS_TELL_FROM = 300  # articles; in fewer, "would" may be as rare as "asylum"
_NAME = 1.5  # what is mostly written with a capital says more than its frequency does
_INSIDE_VOTES = 10  # on how a word is written; 1 where every word has a capital
_MOST_WORDS = 2_000_000  # in memory at once, 220 bytes for each
_NUMBER_BITS = 32

_Entries = npt.NDArray[np.int64]


class KeywordGathering:
    """Gathers articles batch by batch.

    A word's weight is ln((1 + n) / df) among the articles of its language, and half as much again
    for a name. What stands in one article only, or in more than a tenth of those of its language,
    is no key term; nor, where there are few articles in it, is a function word of the language.

    Memory: 320 bytes for an article, and the words. Where there come to be too many, the rarest so
    far are forgotten (lossy counting; Manku and Motwani 2002, "Approximate frequency counts over
    data streams"), so that words are missed whose few articles lie far apart.
    """

    def __init__(self) -> None:
        self._languages: dict[str, int] = {}  # the number of each
        self._articles = np.zeros(0, dtype=np.int64)  # of each language
        self._numbers: list[dict[str, int]] = []  # of each language's words, in small letters
        # of each word, by its number
        self._forms: list[str] = []
        self._votes: list[int] = []
        self._language_of: list[int] = []
        self._frequencies = np.zeros(0, dtype=np.int64)
        # of each article
        self._likely = Grown(np.int32, (_LIKELY,))
        self._times = Grown(np.uint8, (_LIKELY,))
        self._batches: list[int] = []  # how many articles came at once

    def add(self, texts: Sequence[str], languages: Sequence[str]) -> None:
        """The next articles, best some hundreds at once.

        Args:
            texts: title, blank line, body.
            languages: code of each, as many as `texts`.
        """
        spoken = [self._language(code) for code in languages]
        known: list[dict[str, int]] = [{} for _ in self._languages]  # as written
        votes: list[Counter[str]] = [Counter() for _ in self._languages]
        numbers: list[int] = []
        times: list[int] = []
        lengths: list[int] = []
        for text, language in zip(texts, spoken, strict=True):
            counted, mine = _counted(text, votes[language]), known[language]
            for word in counted:
                if word not in mine:
                    mine[word] = self._number(word, language)
            numbers.extend(map(mine.__getitem__, counted))
            times.extend(counted.values())
            lengths.append(len(counted))
        for written, mine in zip(votes, known, strict=True):
            self._vote(written, mine)
        self._articles.resize(len(self._languages), refcheck=False)
        self._articles += np.bincount(spoken, minlength=len(self._languages))
        rows = np.repeat(np.arange(len(texts)), lengths)
        self._keep(rows, np.array(numbers, np.int64), np.array(times, np.int64), len(texts))
        if sum(map(len, self._numbers)) > _MOST_WORDS:
            self._forget()

    def keywords(self) -> Keywords:
        """Of all articles so far, in the order in which they came; afterwards there are none."""
        hashes = np.fromiter(map(word_hash, self._forms), np.uint64, len(self._forms))
        distinct, word = np.unique(hashes, return_inverse=True)  # whatever the language
        anywhere = np.bincount(word, weights=self._frequencies, minlength=len(distinct))[word]
        most = np.maximum(_COMMON_FROM, _COMMON_SHARE * self._articles)[self._language_of]
        telling = (anywhere > 1) & (self._frequencies > 0) & (self._frequencies <= most)
        telling &= ~self._function_words()
        telling = np.append(telling, False)  # for -1
        weights = self._weights()
        weights[[self._is_name(number) for number in range(len(self._forms))]] *= _NAME
        found = Grown(np.int32, (KEPT,)), Grown(np.float16, (KEPT,))
        all_likely, all_times, start = self._likely.made(), self._times.made(), 0
        for count in self._batches:
            likely, times = (one[start : start + count] for one in (all_likely, all_times))
            rows, columns = np.nonzero(telling[likely])
            chosen = rows, likely[rows, columns], times[rows, columns]
            part = most_telling(*chosen, weights, count)
            found[0].add(part.numbers)
            found[1].add(part.weights)
            start += count
        numbers = found[0].made()
        used = np.unique(numbers[numbers >= 0])
        # a word of several languages is written and weighed as where it is most frequent
        used = used[np.lexsort((-self._frequencies[used], word[used]))]
        kept, first = np.unique(word[used], return_index=True)
        place_of = np.full(len(distinct) + 1, -1, dtype=np.int32)  # -1 stays -1
        place_of[kept] = np.arange(len(kept))
        vocabulary = Vocabulary(
            words=pack(self._forms[number].encode() for number in used[first].tolist()),
            hashes=distinct[kept],
            weights=weights[used[first]],
        )
        places = place_of[np.append(word, -1)[numbers]]
        return Keywords(vocabulary, KeyTerms(places, found[1].made()))

    def _function_words(self) -> npt.NDArray[np.bool_]:
        """Which words are, by the lists of their language, where its articles are few."""
        found = np.zeros(len(self._forms), dtype=np.bool_)
        for code, number in self._languages.items():
            known = _stop_words(code) if self._articles[number] < _COUNTS_TELL_FROM else ()
            places = (self._numbers[number].get(word) for word in known)
            # what is written with a capital inside a sentence is a name: May, North
            found[
                [
                    one
                    for one in places
                    if one is not None
                    and not (self._is_name(one) and self._votes[one] >= _INSIDE_VOTES)
                ]
            ] = True
        return found

    def _language(self, code: str) -> int:
        number = self._languages.setdefault(code, len(self._languages))
        if number == len(self._numbers):
            self._numbers.append({})
        return number

    def _number(self, word: str, language: int) -> int:
        number = self._numbers[language].setdefault(word.lower(), len(self._forms))
        if number == len(self._forms):
            self._forms.append(word)
            self._votes.append(0)
            self._language_of.append(language)
        return number

    def _is_name(self, number: int) -> bool:
        return self._forms[number][:1].isupper()

    def _vote(self, written: Counter[str], known: dict[str, int]) -> None:
        """Each word is written as it mostly is (Boyer and Moore's majority vote)."""
        forms, votes = self._forms, self._votes
        for word, count in written.items():
            number = known[word]
            if forms[number] == word:
                votes[number] += count
            elif votes[number] >= count:
                votes[number] -= count
            else:
                forms[number], votes[number] = word, count - votes[number]

    def _keep(self, rows: _Entries, numbers: _Entries, times: _Entries, total: int) -> None:
        """Counts the words of `total` articles and keeps those that may be key terms."""
        # the forms of a word in an article are one entry
        pairs, entries = np.unique(rows << _NUMBER_BITS | numbers, return_inverse=True)
        times = np.bincount(entries, weights=times, minlength=len(pairs)).astype(np.int64)
        rows, numbers = pairs >> _NUMBER_BITS, pairs & ((1 << _NUMBER_BITS) - 1)
        self._frequencies.resize(len(self._forms), refcheck=False)
        self._frequencies += np.bincount(numbers, minlength=len(self._forms))
        scores = ((1 + np.log(times)) * self._weights()[numbers]).astype(np.float32)
        row, rank, place = best_of_rows(rows, scores, _LIKELY)
        likely = np.full((total, _LIKELY), -1, dtype=np.int32)
        likely[row, rank] = numbers[place]
        kept_times = np.zeros((total, _LIKELY), dtype=np.uint8)
        kept_times[row, rank] = np.minimum(times[place], _MOST_TIMES)
        self._likely.add(likely)
        self._times.add(kept_times)
        self._batches.append(total)

    def _weights(self) -> npt.NDArray[np.float32]:
        articles = self._articles[self._language_of]
        return np.log((1 + articles) / np.maximum(self._frequencies, 1)).astype(np.float32)

    def _forget(self) -> None:
        """Halves the words; one that comes back begins anew, with another number."""
        rarest = 1
        while sum(map(len, self._numbers)) > _MOST_WORDS // 2:
            for numbers in self._numbers:
                for word, number in [*numbers.items()]:
                    if self._frequencies[number] <= rarest:
                        del numbers[word]
                        self._forms[number] = ""
                        self._frequencies[number] = 0
            rarest += 1


def _stop_words(language: str) -> Sequence[str]:
    try:
        found: list[str] = get_stop_words(language)
    except StopWordError:
        return ()  # a language without a list
    return found


def _counted(text: str, votes: Counter[str]) -> Counter[str]:
    """How often each word stands in an article; how it is written there is added to `votes`."""
    title, _, body = text.partition("\n\n")
    found = words(body)
    for word, count in found.items():
        votes[word] += _INSIDE_VOTES * count
    for word, count in first_words(body).items():
        votes[word] -= (_INSIDE_VOTES - 1) * count
    in_title = words(title)
    votes.update(in_title)
    found.update(in_title)
    return found
