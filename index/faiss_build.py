"""Which FAISS structure suits a number of vectors, and how it is made."""

from typing import Any, Literal, TypeAlias

import numpy as np

from index.errors import QueryError
from index.faiss_untyped import faiss
from index.protocol import Vectors

Kind: TypeAlias = Literal["flat", "hnsw", "ivf"]

FLAT_UP_TO = 50_000
"""Comparing all is exact and takes a few milliseconds up to here; above, HNSW."""

_HNSW = "HNSW32_SQ8"  # the exact vectors stand beside it: one byte a dimension is enough to walk by
_HNSW_BUILD_BREADTH = 200
_HNSW_BREADTH = 128
_POINTS_PER_LIST = 39  # below this FAISS warns that k-means has too little to learn from
_LISTS_PER_PROBE = 8
_FEWEST_PROBES = 32


def kind_for(count: int) -> Kind:
    """The rule: flat up to FLAT_UP_TO vectors, HNSW above. IVF only where it is asked for."""
    return "flat" if count <= FLAT_UP_TO else "hnsw"


def kind_of(approximate: Any | None) -> Kind:
    """What a FAISS structure is; None stands for flat.

    Raises:
        QueryError: a structure that cannot be searched under a filter here.
    """
    if approximate is None:
        return "flat"
    if isinstance(approximate, faiss.IndexHNSW):
        return "hnsw"
    if isinstance(approximate, faiss.IndexIVF):
        return "ivf"
    raise QueryError(
        f"Expected a factory string of Flat, HNSW... or IVF..., got {type(approximate).__name__}."
    )


def build_approximate(
    vectors: Vectors, *, kind: Kind | None, factory: str | None, breadth: int | None
) -> Any | None:
    """The structure that proposes rows of `vectors`; None where all are compared.

    Raises:
        QueryError: `kind` and `factory` together, an unknown factory string, breadth below 1.
    """
    if kind is not None and factory is not None:
        raise QueryError(f"Expected kind or factory, got both: {kind!r} and {factory!r}.")
    if breadth is not None and breadth < 1:
        raise QueryError(f"Expected a breadth of at least 1, got {breadth}.")
    count, dim = vectors.shape
    if factory is None:
        factory = _factory(kind or kind_for(count), count)
    if factory == "Flat" or count == 0:  # nothing to train on
        return None
    try:
        made = faiss.index_factory(dim, factory, faiss.METRIC_INNER_PRODUCT)
        made_kind = kind_of(made)
        if made_kind == "hnsw":
            made.hnsw.efConstruction = _HNSW_BUILD_BREADTH
            made.hnsw.efSearch = breadth or _HNSW_BREADTH
        else:
            made.nprobe = breadth or max(_FEWEST_PROBES, made.nlist // _LISTS_PER_PROBE)
        made.train(vectors)
        made.add(vectors)
    except RuntimeError as error:
        # its messages begin with the place in its own source
        why = str(error).rpartition(": ")[2]
        raise QueryError(
            f"FAISS cannot build {factory!r} over {count} vectors of {dim}: {why}. Expected a "
            "factory string such as Flat, HNSW32 or IVF256,SQ8 that suits so many vectors, or "
            "none, and the number of vectors decides."
        ) from error
    return made


def _factory(kind: Kind, count: int) -> str:
    if kind == "flat":
        return "Flat"
    if kind == "hnsw":
        return _HNSW
    lists = min(int(4 * np.sqrt(count)), max(1, count // _POINTS_PER_LIST))
    return f"IVF{lists},SQ8"
