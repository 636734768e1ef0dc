"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable

LONG = 120.0
"""Seconds; only a fault takes so long."""


def until(
    holds: Callable[[], object], what: str = "what was expected", within: float = LONG
) -> None:
    """Asks again and again; an AssertionError that names `what` where it never holds."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)
