"""The event log for coroutines: they wait for the writing thread without one of their own."""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial

from recommender.readers.event import Event
from recommender.readers.group_commit import GroupCommit

_Result = list[int] | Exception


class Commits:
    """Of one event loop, which need not run yet."""

    def __init__(self, group_commit: GroupCommit) -> None:
        """Wraps the thread, which somebody else closes."""
        self._group_commit = group_commit
        self._done: deque[tuple[asyncio.Future[list[int]], _Result]] = deque()
        self._woken = False

    async def append(self, batch: Sequence[Event]) -> list[int]:
        """As `EventLog.outcomes`; raises what it raises."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[list[int]] = loop.create_future()
        self._group_commit.submit(batch, partial(self._finish, loop, waiting))
        return await waiting

    def _finish(
        self, loop: asyncio.AbstractEventLoop, waiting: asyncio.Future[list[int]], found: _Result
    ) -> None:
        """In the writing thread: wakes the loop once for all that one commit finished."""
        self._done.append((waiting, found))
        if not self._woken and not loop.is_closed():
            self._woken = True
            loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._woken = False  # before looking: what comes later wakes again
        while self._done:
            waiting, found = self._done.popleft()
            if waiting.done():  # the client went away
                continue
            if isinstance(found, Exception):
                waiting.set_exception(found)
            else:
                waiting.set_result(found)
