"""Many texts at once by several processes, each with the model; few by this one."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from multiprocessing.queues import SimpleQueue
from typing import Final, Protocol

import numpy as np

from index.protocol import Vectors
from recommender.errors import EmbedderError
from recommender.similarity.embedder import Embedder

_LEAST: Final = 64
"""Texts that are worth the way to another process: as many as a rebuild begins with."""


class Make(Protocol):
    """Makes the embedder of one of the processes; can be pickled."""

    def __call__(self, number: int) -> Embedder:
        """Of the process of that number, from 0; nothing of it is loaded yet."""


class ManyProcesses:
    """Gives the vectors of the embedder of one process, to the last few bits; threads may share it.

    The processes begin with the first `embed` of many texts, stay, and end with this one, however
    it ends. A program that asks for them is imported by each of them: what it does when it is run
    stands below `if __name__ == "__main__"`.
    """

    def __init__(self, own: Embedder, make: Make, processes: int) -> None:
        """Starts nothing.

        Args:
            own: embeds few texts, here.
            make: of each process.
            processes: at least 2.
        """
        self._own = own
        self._make = make
        self._processes = processes
        self._starting = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    @property
    def name(self) -> str:
        """See `Embedder.name`."""
        return self._own.name

    @property
    def dim(self) -> int:
        """See `Embedder.dim`."""
        return self._own.dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        if len(texts) < _LEAST:
            return self._own.embed(texts)
        # dealt out like cards: short and long ones to all alike, however they are sorted
        shares = [list(texts[number :: self._processes]) for number in range(self._processes)]
        try:
            parts = list(self._started().map(_embed, shares))
        except BrokenProcessPool as error:
            self.close()
            raise EmbedderError(
                "A process that embeds has ended, for lack of memory perhaps, or a program asked "
                'for embedder.processes outside of `if __name__ == "__main__"`. Set '
                "embedder.processes lower, or to 1."
            ) from error
        found = np.empty((len(texts), parts[0].shape[1]), dtype=np.float32)
        for number, part in enumerate(parts):
            found[number :: self._processes] = part
        return found

    def close(self) -> None:
        """Ends the processes; the next many texts start them anew."""
        with self._starting:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()

    def _started(self) -> ProcessPoolExecutor:
        with self._starting:
            if self._pool is None:
                # forked, they would have this one's threads in the middle of what they do
                context = multiprocessing.get_context("spawn")
                numbers: SimpleQueue[int] = context.SimpleQueue()
                for number in range(self._processes):
                    numbers.put(number)
                self._pool = ProcessPoolExecutor(
                    self._processes, context, _begin, (self._make, numbers)
                )
            return self._pool


_embedder: Embedder | None = None  # of this process, where it is one of many


def _begin(make: Make, numbers: "SimpleQueue[int]") -> None:
    global _embedder  # noqa: PLW0603 - a worker has no other place to keep it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _embedder = make(numbers.get())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _embed(texts: Sequence[str]) -> Vectors:
    if _embedder is None:
        raise EmbedderError("This process was not told which model it has.")
    return _embedder.embed(texts)
