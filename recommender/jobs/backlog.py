"""Vectors for what was kept without one, made aside from those who ask."""

import logging
import threading
from pathlib import Path

import numpy as np

from recommender.articles.catalog import Catalog
from recommender.closing import Closing
from recommender.jobs.lock import alone
from recommender.similarity.embedder import Embedder

_log = logging.getLogger("recommender")

_STORED = 64
"""Texts between two commits, each of which makes every server look at the catalog."""
_TURN = 8
"""Texts for which others wait who need the model."""
_PAUSE_SECONDS = 0.005
_LOOK_SECONDS = 1.0


class Backlog(Closing):
    """Embeds in a thread that lives while there is something to embed; threads may share it.

    Of several processes over one home one does it at a time; the others wait for their turn, in
    which they see whether it left anything.
    """

    def __init__(
        self, catalog: Catalog, embedder: Embedder, turn: threading.Lock, lock: Path
    ) -> None:
        """Starts nothing.

        Args:
            catalog: whose articles lack vectors.
            embedder: makes them.
            turn: held while texts go through the model.
            lock: file that the process holds that embeds.
        """
        self._catalog = catalog
        self._embedder = embedder
        self._turn = turn
        self._lock = lock
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked = False
        self._closed = threading.Event()

    def start(self) -> None:
        """Sees to it that all that waits by now is embedded."""
        with self._starting:
            self._asked = True
            if self._closed.is_set() or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self._run, name="backlog")
            self._thread.start()

    def waiting(self) -> int:
        """How many published articles have no vector yet."""
        counts = self._catalog.counts(self._embedder.name)
        return counts.published - counts.with_vector

    def close(self) -> None:
        """Ends soon, and leaves the rest for the next time."""
        with self._starting:
            self._closed.set()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            with self._starting:
                self._asked = False
            try:
                left = self._embed_all()
            except Exception:  # noqa: BLE001 - of any model or file: the next load tries again
                _log.exception("Articles wait for their vectors: the next load or rebuild embeds")
                left = False
            with self._starting:
                if not self._asked and not left:
                    # in one step with the looking: who asks from now on starts another
                    self._thread = None
                    return
            if left:
                self._closed.wait(_LOOK_SECONDS)

    def _embed_all(self) -> bool:
        """Embeds what waits; tells whether another process is at it, which may leave some."""
        with alone(self._lock) as mine:
            while mine and not self._closed.is_set() and self._embed_some():
                pass
        return not mine

    def _embed_some(self) -> bool:
        """Embeds some of what lacks a vector, the shortest first; tells whether there was any.

        A rebuild beside it begins with the longest, so that they meet.
        """
        pending = self._catalog.next_pending(self._embedder.name, _STORED)
        found = self._catalog.texts(pending)
        digests, texts = list(found), list(found.values())
        made = []
        for start in range(0, len(texts), _TURN):
            with self._turn:
                made.append(self._embedder.embed(texts[start : start + _TURN]))
            # a lock is not fair: who waits for it gets it only while nobody asks again
            if self._closed.wait(_PAUSE_SECONDS):
                break
        if made:
            vectors = np.concatenate(made)
            self._catalog.store_vectors(self._embedder.name, digests[: len(vectors)], vectors)
        return bool(pending)
