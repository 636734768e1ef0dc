"""What one turn of the event loop finds out once for all requests that arrived before it."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Turn(Generic[T]):
    """A value that is asked for once in a turn of the event loop.

    A request is read from its connection before its task is put into the loop's queue. Who asks
    first forgets the value at the end of that queue: so those alone share it whose request had
    come by then, and nobody is told what was true before they asked.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        """Asks nothing yet."""
        self._ask = ask
        self._known: list[T] = []

    def value(self) -> T:
        """As of this turn; to be called from the event loop, before anything is waited for."""
        if not self._known:
            self._known.append(self._ask())
            asyncio.get_running_loop().call_soon(self._known.clear)
        return self._known[0]
