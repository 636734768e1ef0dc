"""Embedding that gives way to what else the process does."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from index.protocol import Vectors
from recommender.patience import be_patient
from recommender.similarity.embedder import Embedder


class GivingWay:
    """Embeds in a thread of its own, which lets the others go first; threads may share it.

    For a server: whoever asks about published articles shall not wait for a model that takes all
    cores. The threads that a library starts to compute with are as patient as the one they are
    started from, and one such team is enough.
    """

    def __init__(self, embedder: Embedder) -> None:
        """Starts nothing: the thread begins with the first text."""
        self._embedder = embedder
        self._thread = ThreadPoolExecutor(1, "embedding", be_patient)

    @property
    def name(self) -> str:
        """See `Embedder.name`."""
        return self._embedder.name

    @property
    def dim(self) -> int:
        """See `Embedder.dim`."""
        return self._embedder.dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        return self._thread.submit(self._embedder.embed, texts).result()

    def close(self) -> None:
        """Ends the thread, when what it embeds is done."""
        self._thread.shutdown()
