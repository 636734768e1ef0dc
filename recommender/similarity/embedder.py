"""What turns texts into vectors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from index.protocol import Vectors
from recommender.errors import EmbedderError

_UNIT_TOLERANCE = 1e-3


class Embedder(Protocol):
    """Texts to unit vectors. Loading the model may wait until the first text arrives."""

    @property
    def name(self) -> str:
        """model@revision: stored beside each vector and compared before any search."""
        ...

    @property
    def dim(self) -> int:
        """Length of each vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row for each text, in their order.

        Returns:
            Shape (len(texts), dim), float32.

        Raises:
            EmbedderError: the model cannot be loaded, or gave something that is not a vector.
        """
        ...


def checked(vectors: Vectors, *, count: int, dim: int, name: str) -> Vectors:
    """`vectors` as they are, once they are known to be `count` finite unit rows of length `dim`.

    Raises:
        EmbedderError: they are not; says what came.
    """
    if vectors.shape != (count, dim):
        raise EmbedderError(f"{name} was to give {count} x {dim} numbers, gave {vectors.shape}.")
    lengths = np.linalg.norm(vectors, axis=1)
    wrong = np.flatnonzero(~(np.abs(lengths - 1) < _UNIT_TOLERANCE))  # NaN is wrong as well
    if len(wrong):
        raise EmbedderError(
            f"{name} gave a vector of length {lengths[wrong[0]]} for text {wrong[0]} of {count}: "
            "it must be 1. The model is damaged or computes in too low a precision; "
            "choose another with embedder.model."
        )
    return vectors
