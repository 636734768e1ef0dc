"""The catalog's vectors: checked on the way in, stacked on the way out."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.errors import CatalogError, EmbedderError

Vectors: TypeAlias = NDArray[np.float32]
"""Shape (n, dim): C-contiguous rows of unit Euclidean length."""

_STORED = np.dtype("<f4")
_LENGTH_TOLERANCE = 1e-3


def checked(vectors: Vectors, *, count: int, dim: int, embedder: str) -> list[bytes]:
    """The rows as they are stored, if they are what an embedder has to give.

    Args:
        vectors: what the embedder gave.
        count: how many texts it was given.
        dim: length of the vectors that it gave before; 0 where these are the first.
        embedder: its name, for the message.

    Raises:
        EmbedderError: not float32, another shape, not finite, or not of unit length.
    """
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32:
        came = getattr(vectors, "dtype", type(vectors).__name__)
        raise EmbedderError(f"Embedder {embedder} must give float32 vectors; it gave {came}.")
    if vectors.ndim != 2 or len(vectors) != count or vectors.shape[1] == 0:  # noqa: PLR2004 - a matrix
        raise EmbedderError(
            f"Embedder {embedder} must give one vector for each of {count} texts; "
            f"it gave the shape {vectors.shape}."
        )
    if dim not in (0, vectors.shape[1]):
        raise EmbedderError(
            f"Embedder {embedder} gave vectors of {dim} numbers before and of {vectors.shape[1]} "
            "now. Another model needs another name."
        )
    # NaN and infinity fail this comparison too
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    wrong = np.flatnonzero(~(np.abs(lengths - 1) <= _LENGTH_TOLERANCE))
    if len(wrong):
        raise EmbedderError(
            f"Embedder {embedder} must give vectors of length 1; {len(wrong)} of {count} are not: "
            f"the first, at position {wrong[0]}, has length {lengths[wrong[0]]:.6g}."
        )
    return [row.tobytes() for row in np.ascontiguousarray(vectors, dtype=_STORED)]


def stacked(blobs: Sequence[bytes], dim: int) -> Vectors:
    """Shape (len(blobs), dim).

    Raises:
        CatalogError: a stored vector is not `dim` numbers long.
    """
    if any(len(blob) != dim * _STORED.itemsize for blob in blobs):
        raise CatalogError(
            f"The catalog holds a vector that is not {dim} numbers long: it is damaged. "
            "Restore it from a backup."
        )
    # copied: what frombuffer gives is read-only, and may be of foreign byte order
    return np.frombuffer(b"".join(blobs), dtype=_STORED).reshape(len(blobs), dim).astype(np.float32)


def dimension(blob: bytes | None) -> int:
    """How many numbers a stored vector has; 0 for none."""
    return 0 if blob is None else len(blob) // _STORED.itemsize
