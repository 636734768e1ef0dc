"""A row, a score and a place in one number: the best places of each of a few rows.

numpy sorts such numbers some twenty times as fast as lexsort does three arrays.
"""

from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

MAX_ROWS = 1 << 8
"""Row numbers are below it."""

MAX_PLACES = 1 << 26
"""Places are below it: 67 million."""

Keys: TypeAlias = npt.NDArray[np.uint64]
"""By row, within a row the highest score first, then the first place."""

_MAX_SCORE = 2
_PLACE_BITS, _SCORE_BITS = 26, 30
_LOW_SCORE = np.uint64((1 << _SCORE_BITS) - 1)


def sorted_keys(
    rows: npt.NDArray[np.integer],
    scores: npt.NDArray[np.float32],
    places: npt.NDArray[np.integer],
) -> Keys:
    """Of arrays of one shape; scores from 0 up to, not including, 2.

    Raises:
        ValueError: a row, a score or a place that has no room in a key.
    """
    highest = rows.max(initial=0), scores.max(initial=0), places.max(initial=0)
    if highest[0] >= MAX_ROWS or highest[1] >= _MAX_SCORE or highest[2] >= MAX_PLACES:
        raise ValueError(
            f"Expected rows below {MAX_ROWS}, scores below {_MAX_SCORE} and places below "
            f"{MAX_PLACES}, got up to {highest[0]}, {highest[1]} and {highest[2]}."
        )
    # the bits of such a float32 are a number that grows with it
    falling = _LOW_SCORE - scores.view(np.uint32)
    shifted = (rows.astype(np.uint64) << _SCORE_BITS | falling) << _PLACE_BITS
    return np.sort(shifted | places.astype(np.uint64))


def rows_of(keys: Keys) -> npt.NDArray[np.int64]:
    """The row of each key."""
    return (keys >> (_SCORE_BITS + _PLACE_BITS)).astype(np.int64)


def scores_of(keys: Keys) -> npt.NDArray[np.float32]:
    """The score of each key."""
    bits = _LOW_SCORE - (keys >> _PLACE_BITS & _LOW_SCORE)
    return bits.astype(np.uint32).view(np.float32)


def places_of(keys: Keys) -> npt.NDArray[np.int64]:
    """The place of each key."""
    return (keys & np.uint64(MAX_PLACES - 1)).astype(np.int64)


def ranks_of(keys: Keys) -> npt.NDArray[np.int64]:
    """Of sorted keys: how many of the same row come before each."""
    rows = rows_of(keys)
    return np.arange(len(rows)) - np.searchsorted(rows, rows)


def best_of_rows(
    rows: npt.NDArray[np.integer], scores: npt.NDArray[np.float32], kept: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The `kept` entries of the highest score of each row, ties by their place.

    Args:
        rows: shape (m,), ascending; any number of rows.
        scores: shape (m,), at least 0.
        kept: at least 1.

    Returns:
        Row, rank in the row and place of each entry found, in that order.
    """
    scaled = scores / max(scores.max(initial=0), np.float32(1))
    total = int(rows[-1]) + 1 if len(rows) else 0
    ends = np.searchsorted(rows, np.arange(0, total + MAX_ROWS, MAX_ROWS))
    found = [(np.empty(0, np.int64),) * 3]
    for block, (start, end) in enumerate(pairwise(ends.tolist())):
        first = block * MAX_ROWS
        keys = sorted_keys(rows[start:end] - first, scaled[start:end], np.arange(end - start))
        keys = keys[ranks_of(keys) < kept]
        found.append((rows_of(keys) + first, ranks_of(keys), places_of(keys) + start))
    best_rows, ranks, places = map(np.concatenate, zip(*found, strict=True))
    return best_rows, ranks, places
