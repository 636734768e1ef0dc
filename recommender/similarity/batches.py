"""How many texts go through a model at once, found on the machine that embeds."""

import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from index.protocol import Vectors
from recommender.errors import EmbedderError

Encode: TypeAlias = Callable[[Sequence[str], int], Vectors]
"""Texts, and how many at most go through the model at once, to their vectors."""

START: Final = 32
"""As many as a processor needs; what a card needs is looked for from here."""

_MOST: Final = 8_192
_WORTH: Final = 1.1
"""A size that is twice as large has to be so many times as quick, or the search ends."""
_TIMED: Final = 3
_FULL: Final = ("out of memory", "can't allocate memory", "not enough memory")
"""In what torch says, whose errors have no type of their own on all devices."""


class Batches:
    """Doubles the size while that is quicker, and halves it where the memory does not hold it.

    What was found stays. The search looks at the longest of the texts that come: a size that holds
    those holds all that follow.
    """

    def __init__(self, size: int = START, *, searching: bool, let_go: Callable[[], None]) -> None:
        """Searches nothing yet.

        Args:
            size: at least 1.
            searching: whether larger ones are tried; smaller ones always are, where need be.
            let_go: called after the memory was full, to free what is kept for later.
        """
        self.size = size
        self._searching = searching
        self._let_go = let_go

    def embed(self, texts: Sequence[str], encode: Encode) -> Vectors:
        """The vectors of `texts`.

        Raises:
            EmbedderError: the memory does not hold one text.
        """
        if self._searching:
            self._search(sorted(texts, key=len, reverse=True), encode)
        while True:
            found = self._held(texts, encode, self.size)
            if found is not None:
                return found
            if self.size == 1:
                raise EmbedderError(
                    "The memory of embedder.device does not hold one text at a time. End what else "
                    'uses it, or set embedder.device = "cpu".'
                )
            self._searching = False
            self.size //= 2

    def _search(self, longest: Sequence[str], encode: Encode) -> None:
        rate = 0.0
        while self._searching and (wider := 2 * self.size) <= len(longest):
            rate = rate or self._rate(longest, encode, self.size)
            came = self._rate(longest, encode, wider)
            if came < _WORTH * rate:
                self._searching = False  # too few texts end no search: more may come
                return
            self.size, rate = wider, came
            self._searching = wider < _MOST

    def _rate(self, longest: Sequence[str], encode: Encode, size: int) -> float:
        """Texts a second of one batch, the best of a few; 0 where it finds no room."""
        best = 0.0
        for number in range(_TIMED + 1):
            began = time.perf_counter()
            if self._held(longest[:size], encode, size) is None:
                return 0.0
            if number:  # a size that comes for the first time is prepared for
                best = max(best, size / (time.perf_counter() - began))
        return best

    def _held(self, texts: Sequence[str], encode: Encode, size: int) -> Vectors | None:
        """The vectors; None where the memory was full."""
        try:
            return encode(texts, size)
        except RuntimeError as error:
            if not any(said in str(error) for said in _FULL):
                raise
        # behind the except: the error holds on to what filled the memory
        self._let_go()
        return None
