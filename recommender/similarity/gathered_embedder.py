"""Texts that threads ask for one by one, and that go through the model together."""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Final

from index.protocol import Vectors
from recommender.errors import EmbedderError
from recommender.similarity.embedder import Embedder

_MOST: Final = 2_500
"""Bytes that a batch holds, unless it is one text: some 500 word pieces, as many as a model reads
of two long texts. Longer batches would let all wait for the last, and win nothing."""
_READ: Final = 1_250
"""Of a text, that count: what stands beyond, most models do not read."""


class GatheredEmbedder:
    """Embeds together what arrives while the model is at work.

    An idle model begins with a text at once: nobody waits for company. A text that comes meanwhile
    waits for the batches before its own; none is longer than two long texts are, and many short
    ones take hardly longer in it than one. Threads may share one: that is what it is for.
    """

    def __init__(self, embedder: Embedder, turn: threading.Lock) -> None:
        """Loads nothing.

        Args:
            embedder: makes the vectors.
            turn: held while texts go through the model.
        """
        self._embedder = embedder
        self._turn = turn
        self._changing = threading.Lock()
        self._waiting: deque[_Asked] = deque()
        self._led = False

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
        asked = _Asked(texts)
        with self._changing:
            self._waiting.append(asked)
            leads = not self._led
            self._led = True
        if not leads:
            try:
                asked.woken.wait()
            except BaseException:
                self._leave(asked)
                raise
        if not asked.done:
            self._lead(asked)
        return asked.result()

    def _lead(self, asked: "_Asked") -> None:
        """Embeds a batch that begins with `asked`, the first that waits; the next may lead then."""
        batch: list[_Asked] = []
        try:
            with self._turn:
                # as late as can be: others came while the turn was waited for
                batch = self._taken()
                self._embed(batch)
        finally:
            with self._changing:
                if not batch:  # interrupted before its turn came
                    self._waiting.remove(asked)
                self._hand_on()
            for one in batch:
                one.done = True
                one.woken.set()

    def _leave(self, asked: "_Asked") -> None:
        """Takes back what was interrupted while it waited for a batch of others."""
        with self._changing:
            if asked in self._waiting:
                self._waiting.remove(asked)
                if asked.woken.is_set():  # it was to lead
                    self._hand_on()

    def _hand_on(self) -> None:
        """Lets the first that waits lead, if there is one."""
        self._led = bool(self._waiting)
        if self._waiting:
            self._waiting[0].woken.set()

    def _embed(self, batch: Sequence["_Asked"]) -> None:
        try:
            vectors = self._embedder.embed([text for one in batch for text in one.texts])
        except Exception as error:  # noqa: BLE001 - whoever asked for it is told
            if len(batch) == 1:
                batch[0].error = error
                return
            # the fault may be of one of them: the others shall not pay for it
            for one in batch:
                self._embed([one])
            return
        begin = 0
        for one in batch:
            one.vectors = vectors[begin : begin + len(one.texts)]
            begin += len(one.texts)

    def _taken(self) -> list["_Asked"]:
        with self._changing:
            batch = [self._waiting.popleft()]
            room = _MOST - batch[0].weight
            while self._waiting and self._waiting[0].weight <= room:
                room -= self._waiting[0].weight
                batch.append(self._waiting.popleft())
        return batch


class _Asked:
    """Texts of one caller, and what became of them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.weight = sum(min(len(text[:_READ].encode(errors="replace")), _READ) for text in texts)
        self.woken = threading.Event()
        self.done = False
        self.vectors: Vectors | None = None
        self.error: Exception | None = None

    def result(self) -> Vectors:
        if self.vectors is None:
            raise self.error or EmbedderError("The embedding was interrupted.")
        return self.vectors
