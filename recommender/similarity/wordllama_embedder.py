"""Embedding with WordLlama: the mean of the fixed vectors of a text's word pieces."""

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from index.protocol import Vectors
from recommender.similarity.embedder import checked
from recommender.similarity.packaged import PackagedModel

if TYPE_CHECKING:
    from wordllama import WordLlamaInference

PACKAGED = PackagedModel(
    model="wordllama",
    wheel="wordllama",
    version="0.4.0.post1",
    files=(
        "wordllama/weights/l2_supercat_256.safetensors",
        "wordllama/tokenizers/l2_supercat_tokenizer_config.json",
    ),
    sha256="4d243a4b2daee65802d68699e288b9347fd45097303dc232205a660a82b5171e",
    extra="static",
)

_DIM = 256
_CHARACTERS = 2_000
"""Some 400 words, as the other embedders read; a book in one piece would fill the memory."""


class WordLlamaEmbedder:
    """English, a hundred and more times as fast as the default model, and without torch.

    Texts in another language are mostly near each other. Those in a script that it has no pieces
    for are nearly one: what tells them apart is then their words, and not these vectors. Threads
    may share one.
    """

    def __init__(self) -> None:
        """Nothing is loaded yet."""
        self._loading = threading.Lock()
        self._loaded: WordLlamaInference | None = None

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

        A text without any piece, as the empty one, gets the direction of the unknown piece, which
        is near no English text.
        """
        if not texts:
            return np.empty((0, _DIM), dtype=np.float32)
        model = self._model()
        # each by itself: the library pads all texts of a batch to the longest, for nothing
        means = model.embed([text[:_CHARACTERS] for text in texts], batch_size=1)
        means[~means.any(axis=1)] = model.embedding[model.tokenizer.token_to_id("<unk>")]
        unit = means / np.linalg.norm(means, axis=1, keepdims=True)
        return checked(unit, count=len(texts), dim=_DIM, name=self.name)

    def _model(self) -> "WordLlamaInference":
        with self._loading:
            if self._loaded is None:
                self._loaded = _load()
            return self._loaded


def _load() -> "WordLlamaInference":
    weights, _ = PACKAGED.located()
    # with its import the library sets up the logging of the process, unless somebody has
    somebody = logging.NullHandler()
    logging.root.addHandler(somebody)
    try:
        # imported here: an extra, and a server that answers from a snapshot does not need it
        from wordllama import WordLlama  # noqa: PLC0415
    except ImportError as error:
        raise PACKAGED.refusal(f"cannot be imported: {error}") from error
    finally:
        logging.root.removeHandler(somebody)
    return WordLlama.load(cache_dir=weights.parent.parent, disable_download=True)
