"""The steps of a long run: told as they begin, timed as they end."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Watch:
    """What a run tells while it goes on.

    Attributes:
        step: called with the name of each step as it begins.
        progress: called with how many are done and how many there are; 0 where that is unknown.
    """

    step: Callable[[str], None] = lambda _: None
    progress: Callable[[int, int], None] = lambda _done, _total: None


class Steps:
    """Tells and times the steps of one run."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, work: Callable[[], _Result]) -> _Result:
        """The result of `work`, whose time is kept under `name`."""
        self.watch.step(name)
        start = time.perf_counter()
        result = work()
        self.seconds[name] = round(time.perf_counter() - start, 3)
        return result
