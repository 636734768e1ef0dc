"""What a name that nobody knows may have been meant for."""

import difflib
from collections.abc import Iterable, Sequence

MOST = 2
_ALIKE = 0.6
"""Of two names, from 0 to 1: one letter of five may be wrong or missing."""


def nearest(name: str, known: Iterable[str], most: int = MOST) -> list[str]:
    """Those of the known names that look like `name`, the most similar first; at most `most`."""
    return difflib.get_close_matches(name, list(known), n=most, cutoff=_ALIKE)


def did_you_mean(near: Sequence[str]) -> str:
    """` Did you mean a or b?`, to stand behind a sentence; "" where nothing is near."""
    return f" Did you mean {' or '.join(near)}?" if near else ""


def suggestion(name: str, known: Sequence[str]) -> str:
    """As `did_you_mean` of the nearest; where there is none, all that are known."""
    return did_you_mean(nearest(name, known)) or f" There are: {', '.join(known)}."


def in_passing(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'a'?)`, to stand within a sentence; "" where nothing is near."""
    near = nearest(name, known, 1)
    return f" (did you mean {near[0]!r}?)" if near else ""
