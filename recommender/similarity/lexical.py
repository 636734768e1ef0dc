"""Sparse term vectors: hashed TF-IDF, so that there is no vocabulary to keep in memory."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from index.snapshot import Draft, Snapshot

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import HashingVectorizer

FEATURES = 1 << 20
"""Hash buckets: at a million distinct terms about a third share one, rare ones mostly."""

Terms: TypeAlias = "sparse.csr_array[np.float32, tuple[int, int]]"
"""Shape (n, FEATURES): rows of unit length, or empty where a text has no term."""

# words of two characters and more; each character of a script that writes none between words
_WORD_PATTERN = (
    r"(?u)[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
    r"|(?:(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff])\w){2,}"
)


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
    return sparse.csr_array(_vectorizer().transform(texts), dtype=np.float32)


def count_names(texts: Sequence[str]) -> Terms:
    """As `count`, of what is written with a capital or a digit first: names and numbers.

    No entity recogniser: that needs a model for each language, and a word that only begins its
    sentence is common, so its inverse document frequency makes little of it. A script without
    capitals has numbers alone.
    """
    return sparse.csr_array(_name_vectorizer().transform(texts), dtype=np.float32)


def no_terms() -> Terms:
    """The term vectors of no text; shape (0, FEATURES)."""
    nothing = (np.empty(0, np.float32), np.empty(0, np.int32), np.zeros(1, np.int64))
    return sparse.csr_array(nothing, shape=(0, FEATURES))


def fit(counts: Terms) -> Idf:
    """The inverse document frequencies in the texts that were counted."""
    frequencies = np.bincount(counts.indices, minlength=FEATURES)
    return Idf((np.log((1 + counts.shape[0]) / (1 + frequencies)) + 1).astype(np.float32))


def weigh(counts: Terms, idf: Idf) -> Terms:
    """Term vectors: (1 + ln tf) * idf, rows scaled to unit length."""
    values = (1 + np.log(counts.data)) * idf.weights[counts.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(rows, weights=values**2, minlength=counts.shape[0]))
    unit = (values / lengths[rows]).astype(np.float32)
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
        np.load(snapshot.path / f"{name}.{part}.npy", mmap_mode="r")
        for part in ("data", "indices", "indptr")
    )
    return sparse.csr_array((data, indices, indptr), shape=(len(indptr) - 1, FEATURES))


def _vectorizer() -> "HashingVectorizer":
    return _hashing(_WORD_PATTERN, lowercase=True)


@cache
def _name_pattern() -> str:
    capitals = "".join(one for one in map(chr, range(sys.maxunicode)) if one.isupper())
    return rf"(?u)\b[{re.escape(capitals)}]\w+|\b\d+(?:[.,]\d+)*\b"


def _name_vectorizer() -> "HashingVectorizer":
    return _hashing(_name_pattern(), lowercase=False)


def _hashing(pattern: str, *, lowercase: bool) -> "HashingVectorizer":
    # imported here: a server that answers from its snapshot never needs scikit-learn
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415

    return HashingVectorizer(
        n_features=FEATURES,
        alternate_sign=False,
        norm=None,
        lowercase=lowercase,
        token_pattern=pattern,
        dtype=np.float32,
    )
