"""How a command ended."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Ended:
    """Exit status, and what stood on the two outputs."""

    status: int
    out: str
    err: str


Run: TypeAlias = Callable[..., Ended]
"""Runs one command line, given as words."""
