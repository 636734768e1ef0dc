"""Long sequences in pieces, because a query takes only so many parameters."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_SIZE = 500


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Consecutive pieces that together are `items`."""
    for start in range(0, len(items), _SIZE):
        yield items[start : start + _SIZE]
