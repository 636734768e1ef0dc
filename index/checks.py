"""What comes into an index is checked here, once, with a message that says what was expected."""

import numpy as np

from index.errors import QueryError
from index.protocol import Ids, Vectors

_UNIT_TOLERANCE = 1e-3  # wide enough for half-precision models, far from any unscaled vector


def check_vectors(vectors: Vectors, what: str = "vectors") -> None:
    """Raise QueryError unless `vectors` is finite float32 of shape (n, dim) with dim at least 1."""
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32:
        came = vectors.dtype if isinstance(vectors, np.ndarray) else type(vectors).__name__
        raise QueryError(f"Expected {what} as a float32 array, got {came}. Cast with np.float32.")
    if vectors.ndim != 2 or vectors.shape[1] < 1:  # noqa: PLR2004 - rows and columns
        raise QueryError(f"Expected {what} of shape (n, dim), got {vectors.shape}.")
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise QueryError(f"Expected finite {what}; row {row} has NaN or infinity. Embed it again.")


def check_entries(ids: Ids, vectors: Vectors) -> None:
    """Raise QueryError unless these ids and vectors may fill an index."""
    check_vectors(vectors)
    check_ids(ids)
    if len(ids) != len(vectors):
        raise QueryError(f"Expected one id a vector, got {len(ids)} ids, {len(vectors)} vectors.")
    if len(ids) == 0:
        return
    if int(ids.min()) < 0:
        raise QueryError(f"Expected ids of 0 and above, got {int(ids.min())}.")
    distinct, counts = np.unique(ids, return_counts=True)
    if len(distinct) != len(ids):
        raise QueryError(f"Expected each id once, got {int(distinct[counts > 1][0])} repeatedly.")
    norms = np.sqrt(np.vecdot(vectors, vectors))
    stray = np.flatnonzero(np.abs(norms - 1.0) > _UNIT_TOLERANCE)
    if len(stray):
        raise QueryError(
            f"Expected unit vectors; the one of id {int(ids[stray[0]])} has length"
            f" {float(norms[stray[0]]):.4f}. Divide each row by its length."
        )


def check_query(queries: Vectors, k: int, *, dim: int, allowed: Ids | None, excluded: Ids) -> None:
    """Raise QueryError unless an index of `dim` can answer this search."""
    check_vectors(queries, "queries")
    if queries.shape[1] != dim:
        raise QueryError(
            f"Expected queries of dimension {dim}, got {queries.shape[1]}."
            " Embed them with the model that the index was built with."
        )
    if k < 1:
        raise QueryError(f"Expected k of at least 1, got {k}.")
    if allowed is not None:
        check_ids(allowed, "allowed")
    check_ids(excluded, "excluded")


def check_ids(ids: Ids, what: str = "ids") -> None:
    """Raise QueryError unless `ids` is int64 of shape (n,)."""
    if not isinstance(ids, np.ndarray) or ids.dtype != np.int64 or ids.ndim != 1:
        came = (
            f"{ids.dtype} of shape {ids.shape}"
            if isinstance(ids, np.ndarray)
            else type(ids).__name__
        )
        raise QueryError(f"Expected {what} as an int64 array of shape (n,), got {came}.")
