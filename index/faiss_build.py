"""How a FAISS structure that proposes neighbours is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from index.choice import Kind, factory_for
from index.errors import QueryError
from index.faiss_untyped import faiss
from index.protocol import Vectors
from index.rows import Rows
from index.side_by_side import side_by_side
from index.tuning import TUNED_AT, WIDE_AT, held_out, tuned_breadth

_HNSW_BUILD_BREADTH = 80
"""Over 200,000 vectors of 384 (between real ones), processor time: 74 s to build and 0.80 ms for a
recall@10 of .99; with 96, 108 s and 0.93 ms on a busier machine; with 40 it stops at .993. usearch
(f16, as it comes): 191 s and 1.6 ms."""
_UNTUNED_BREADTH = 188
"""Of vectors too few to tune with: it finds .9995 of the ten nearest of 9,000 without clusters, 80
find .97."""
_FEW_LISTS = 64
_WIDE_QUERIES = 300
_BEAM_PER_CANDIDATE = 2
_SCANNED_PER_STEP = 30
"""A step of the beam compares some twenty vectors from all over memory, 5.6 microseconds; a vector
that is scanned takes 0.2. Of 100,000, a fifth allowed: 3.7 ms by walking, 4.4 by scanning; a tenth:
6.6 and 2.8."""


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


def breadth_of(approximate: Any) -> int:
    """How widely it looks: efSearch of HNSW, nprobe of IVF."""
    if kind_of(approximate) == "hnsw":
        return int(approximate.hnsw.efSearch)
    return int(approximate.nprobe)


def breadth_for(approximate: Any, k: int, width: int, wide: int) -> int:
    """How widely to look for `k` neighbours among `width` candidates.

    Args:
        approximate: whose own breadth is for TUNED_AT neighbours or fewer.
        k: at least 1.
        width: at least k.
        wide: the breadth for WIDE_AT; 0 where it was not tuned.
    """
    breadth = breadth_of(approximate)
    if k <= TUNED_AT:
        return breadth
    if wide:
        # a straight line through both, the scales logarithmic
        rise = np.log(max(wide, breadth) / breadth) / np.log(WIDE_AT / TUNED_AT)
        return int(np.ceil(breadth * (k / TUNED_AT) ** rise))
    return breadth if kind_of(approximate) == "ivf" else max(breadth, _BEAM_PER_CANDIDATE * width)


def worth(approximate: Any, breadth: int) -> float:
    """How many vectors are compared one by one in the time of a search that looks so widely."""
    if kind_of(approximate) == "hnsw":
        return breadth * _SCANNED_PER_STEP
    return float(approximate.ntotal * min(1.0, breadth / approximate.nlist))


def check_search(breadth: int | None, recall: float) -> None:
    """Raise QueryError for a breadth below 1, or a recall that is no share."""
    if breadth is not None and breadth < 1:
        raise QueryError(f"Expected a breadth of at least 1, got {breadth}.")
    if not 0 < recall <= 1:
        raise QueryError(f"Expected a recall above 0 and up to 1, got {recall}.")


def planned(
    count: int, dim: int, *, kind: Kind | None, factory: str | None, memory: int | None
) -> str:
    """The factory string of an index of so many distinct vectors.

    Raises:
        QueryError: `kind` and `factory` together, or a memory below 1.
    """
    if kind is not None and factory is not None:
        raise QueryError(f"Expected kind or factory, got both: {kind!r} and {factory!r}.")
    if memory is not None and memory < 1:
        raise QueryError(f"Expected a memory of at least 1, got {memory}.")
    return factory or factory_for(count, dim, kind=kind, memory=memory)


def placed(vectors: Vectors, rows: Rows, factory: str) -> Rows:
    """These rows in the order in which a structure of that kind is to hold their vectors."""
    if not factory.startswith("HNSW"):
        return rows
    # those with which it is tuned stay the last ones
    first = len(rows) - held_out(len(rows))
    return np.concatenate([side_by_side(vectors, rows[:first]), rows[first:]])


def build_approximate(
    vectors: Vectors, factory: str, *, breadth: int | None, recall: float
) -> tuple[Any | None, int]:
    """The structure that proposes rows of `vectors`, None where all are compared.

    Returns:
        It, with its breadth for TUNED_AT neighbours, and the one for WIDE_AT, 0 where not tuned.

    Raises:
        QueryError: an unknown factory string.
    """
    count, dim = vectors.shape
    if factory == "Flat" or count == 0:  # nothing to train on
        return None, 0
    made: Any = unfilled(factory, dim)
    with _refusing(f"{factory!r} over {count} vectors of {dim}"):
        made.train(vectors)
        wide = _fill(made, vectors, breadth, recall)
    return made, wide


def unfilled(factory: str, dim: int) -> Any | None:
    """What a factory string stands for, before it has vectors; None where all are compared.

    Raises:
        QueryError: FAISS does not know it, or it cannot be searched under a filter here.
    """
    if factory == "Flat":
        return None
    with _refusing(f"{factory!r} over vectors of {dim}"):
        made = faiss.index_factory(dim, factory, faiss.METRIC_INNER_PRODUCT)
        if kind_of(made) == "hnsw":
            made.hnsw.efConstruction = _HNSW_BUILD_BREADTH
    return made


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        # its messages begin with the place in its own source
        why = str(error).rpartition(": ")[2]
        raise QueryError(
            f"FAISS cannot build {what}: {why}. Expected a factory string such as Flat, HNSW32 or "
            "IVF256,SQ8 that suits so many vectors, or none, and the number of vectors decides."
        ) from error


def _fill(made: Any, vectors: Vectors, breadth: int | None, recall: float) -> int:
    """Add all vectors and set the breadth; it is found with the last ones before they are in.

    Returns the breadth for WIDE_AT neighbours, 0 where it was not tuned.
    """
    wide = 0
    first = len(vectors) if breadth else len(vectors) - held_out(len(vectors))
    made.add(vectors[:first])
    if first < len(vectors):
        breadth = tuned_breadth(made, vectors[:first], vectors[first:], recall)
        # fewer queries: each of them counts a hundred neighbours
        some = vectors[first:][:_WIDE_QUERIES]
        wide = tuned_breadth(made, vectors[:first], some, recall, WIDE_AT)
        made.add(vectors[first:])
    if kind_of(made) == "hnsw":
        made.hnsw.efSearch = breadth or min(len(vectors), _UNTUNED_BREADTH)
    else:
        made.nprobe = breadth or min(made.nlist, _FEW_LISTS)
    return wide
