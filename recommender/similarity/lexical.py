"""Sparse term vectors: hashed TF-IDF, so that there is no vocabulary to keep in memory."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.grown import Grown

FEATURES = 1 << 20
"""Hash buckets: at a million distinct terms about a third share one, rare ones mostly."""

Terms: TypeAlias = "sparse.csr_array[np.float32, tuple[int, int]]"
"""Shape (n, FEATURES): rows of unit length, or empty where a text has no term."""

_BLOCK = 1 << 13  # rows that are weighed at once: some 50 MB

# words of two characters and more; each character of a script that writes no space between words
_SPACELESS = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
_ANY_SPACELESS = re.compile(_SPACELESS)
_WORDS = re.compile(r"\w{2,}")  # the same words where there is no such character, in a third
_ALL_WORDS = re.compile(rf"{_SPACELESS}|(?:(?!{_SPACELESS})\w){{2,}}")
# what begins with a digit is a number or no name; a number goes on behind a comma or a full stop
_NUMBERS_AND_WORDS = re.compile(r"\d+(?:[.,]\d+)*\b|\w+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Idf:
    """Inverse document frequencies of one kind of text (articles, or titles).

    Attributes:
        weights: shape (FEATURES,), float32, at least 1: ln((1 + n) / (1 + df)) + 1.
    """

    weights: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Document frequencies of a corpus: what a new text needs to be compared with it."""

    text: Idf
    title: Idf
    names: Idf


def count(texts: Sequence[str]) -> Terms:
    """How often each term stands in each text; made for one batch after the other."""
    return _hashed(texts, _word_tokens)


def count_names(texts: Sequence[str]) -> Terms:
    """As `count`, of what is written with a capital or a digit first: names and numbers.

    No entity recogniser: that needs a model for each language, and a word that only begins its
    sentence is common, so its inverse document frequency makes little of it. A script without
    capitals has numbers alone.
    """
    return _hashed(texts, _name_tokens)


class Stacked:
    """Rows of term vectors, one batch after the other."""

    def __init__(self) -> None:
        self._data, self._indices = Grown(np.float32), Grown(np.int32)
        self._sizes = Grown(np.int64)

    def add(self, rows: Terms) -> None:
        """The next ones."""
        self._data.add(rows.data)
        self._indices.add(rows.indices)
        self._sizes.add(np.diff(rows.indptr))

    def made(self) -> Terms:
        """All of them; afterwards there are none."""
        ends = np.cumsum(np.concatenate([np.zeros(1, np.int64), self._sizes.made()]))
        return as_terms(self._data.made(), self._indices.made(), ends)


def fit(counts: Terms) -> Idf:
    """The inverse document frequencies in the texts that were counted."""
    frequencies = np.zeros(FEATURES, dtype=np.int64)
    for start in range(0, counts.nnz, FEATURES):  # counting takes 8 bytes for each entry
        frequencies += np.bincount(counts.indices[start : start + FEATURES], minlength=FEATURES)
    return Idf((np.log((1 + counts.shape[0]) / (1 + frequencies)) + 1).astype(np.float32))


def weigh(counts: Terms, idf: Idf) -> Terms:
    """Term vectors: (1 + ln tf) * idf, rows scaled to unit length."""
    unit = np.empty(counts.nnz, dtype=np.float32)
    for start in range(0, counts.shape[0], _BLOCK):
        ends = counts.indptr[start : start + _BLOCK + 1]
        here = slice(ends[0], ends[-1])
        values = (1 + np.log(counts.data[here])) * idf.weights[counts.indices[here]]
        rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        lengths = np.sqrt(np.bincount(rows, weights=values**2, minlength=len(ends) - 1))
        unit[here] = values / lengths[rows]
    return sparse.csr_array((unit, counts.indices, counts.indptr), shape=counts.shape)


def paired_similarity(
    left: Terms,
    left_rows: npt.NDArray[np.integer],
    right: Terms,
    right_rows: npt.NDArray[np.integer],
) -> npt.NDArray[np.float32]:
    """Cosine of row `left_rows[i]` of `left` with row `right_rows[i]` of `right`.

    Returns:
        Shape (len(left_rows),), float32 in [0, 1].
    """
    products = left[left_rows].multiply(right[right_rows])
    return np.asarray(products.sum(axis=1), dtype=np.float32).ravel()


def write_terms(matrix: Terms, draft: Draft, name: str) -> None:
    """As parts of a snapshot: three plain arrays, which can be memory-mapped."""
    np.save(draft.path(f"{name}.data.npy"), matrix.data)
    np.save(draft.path(f"{name}.indices.npy"), matrix.indices.astype(np.int32))
    np.save(draft.path(f"{name}.indptr.npy"), matrix.indptr.astype(np.int64))


def read_terms(snapshot: Snapshot, name: str) -> Terms:
    """What `write_terms` wrote, memory-mapped."""
    data, indices, indptr = (
        read_array(snapshot, f"{name}.{part}") for part in ("data", "indices", "indptr")
    )
    return as_terms(data, indices, indptr)


def as_terms(
    data: npt.NDArray[np.float32], indices: npt.NDArray[np.int32], indptr: npt.NDArray[np.int64]
) -> Terms:
    """Term vectors over these arrays, none of the long ones copied."""
    if len(indices) <= np.iinfo(indices.dtype).max:
        # both of one type, or scipy copies all the indices into the wider one
        indptr = indptr.astype(indices.dtype)
    return sparse.csr_array((data, indices, indptr), shape=(len(indptr) - 1, FEATURES))


def _word_tokens(text: str) -> list[str]:
    text = text.lower()
    plain = text.isascii() or not _ANY_SPACELESS.search(text)
    return (_WORDS if plain else _ALL_WORDS).findall(text)


def _name_tokens(text: str) -> list[str]:
    """Words of a capital and more, and numbers; three times as fast as one pattern of them."""
    return [word for word in _NUMBERS_AND_WORDS.findall(text) if _is_name(word)]


def _is_name(word: str) -> bool:
    first = word[0]
    if first.isupper():
        return len(word) > 1
    return first.isdigit() and _NUMBER.fullmatch(word) is not None


def _hashed(texts: Sequence[str], tokens: Callable[[str], list[str]]) -> Terms:
    # imported here: a server that answers from its snapshot never needs scikit-learn
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415

    made = HashingVectorizer(
        n_features=FEATURES, alternate_sign=False, norm=None, analyzer=tokens, dtype=np.float32
    )
    return sparse.csr_array(made.transform(texts), dtype=np.float32)
