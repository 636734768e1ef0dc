"""Many small writes, one commit: a thread that appends to the log what others hand it."""

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from recommender.errors import CatalogError
from recommender.readers.event import Event
from recommender.readers.events import EventLog

Done: TypeAlias = Callable[[list[int] | Exception], None]
"""Told what `EventLog.outcomes` returned or raised, by the writing thread."""

_MOST_AT_ONCE: Final = 32_000
_MOST_WAITING: Final = 200_000
_GATHER_SECONDS: Final = 0.002


class GroupCommit:
    """Appends to a log; whatever comes while a commit is under way goes into the next one."""

    def __init__(
        self, log: EventLog, *, gather: float = _GATHER_SECONDS, most_waiting: int = _MOST_WAITING
    ) -> None:
        """Starts the thread with the first events.

        Args:
            log: where they go.
            gather: seconds that the first of a group waits for others to come.
            most_waiting: events; more are refused.
        """
        self._log = log
        self._gather = gather
        self._most_waiting = most_waiting
        # no lock of ours stands between those who hand over and the writer
        self._waiting: SimpleQueue[tuple[Sequence[Event], Done] | None] = SimpleQueue()
        self._given = 0
        self._taken = 0
        self._submitting = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def submit(self, batch: Sequence[Event], done: Done) -> None:
        """Hands events over; `done` is called when they are on disk, or cannot be; it never raises.

        Raises:
            CatalogError: more events wait than the disk can follow, or the log is being closed.
        """
        with self._submitting:
            if self._closing.is_set():
                raise CatalogError("The event log is being closed. Try again after the restart.")
            waiting = self._given - self._taken
            if waiting + len(batch) > self._most_waiting:
                raise CatalogError(f"{waiting:,} events wait to be written. Try again in a while.")
            self._given += len(batch)
            self._waiting.put((batch, done))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Writes what waits, and ends the thread; the log stays open."""
        with self._submitting:
            self._closing.set()
            self._waiting.put(None)
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        ended = False
        while not ended:
            first = self._waiting.get()
            if first is None:
                return
            self._closing.wait(self._gather)  # this is when others come
            group = [first]
            count = len(first[0])
            while count < _MOST_AT_ONCE:
                try:
                    one = self._waiting.get_nowait()
                except Empty:
                    break
                if one is None:
                    ended = True
                    break
                group.append(one)
                count += len(one[0])
            self._write(group)
            self._taken += count

    def _write(self, group: Sequence[tuple[Sequence[Event], Done]]) -> None:
        try:
            found = self._log.outcomes([event for batch, _ in group for event in batch])
        except Exception as error:  # noqa: BLE001 - whoever handed it over is told
            # a fault of the file is everybody's: each by itself would wait for the lock again
            if len(group) == 1 or isinstance(error, CatalogError):
                for _, done in group:
                    done(error)
                return
            # the fault may be of one of them: the others shall not pay for it
            for one in group:
                self._write([one])
            return
        begin = 0
        for batch, done in group:
            done(found[begin : begin + len(batch)])
            begin += len(batch)
