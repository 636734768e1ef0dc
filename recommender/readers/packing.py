"""Lists of articles' numbers as bytes."""

import sys
from array import array
from collections.abc import Sequence


def packed(numbers: Sequence[int]) -> bytes:
    """As little-endian int32."""
    made = array("i", numbers)
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


def unpacked(content: bytes) -> tuple[int, ...]:
    """What `packed` was given."""
    made = array("i", content)
    if sys.byteorder == "big":
        made.byteswap()
    return tuple(made)
