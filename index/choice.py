"""Which FAISS structure suits a number of vectors, their dimension and a budget of memory."""

from typing import Literal, TypeAlias

import numpy as np

Kind: TypeAlias = Literal["flat", "hnsw", "ivf"]

FLAT_FLOATS = 50_000 * 384
"""Comparing all reads all: so many floats take some 3 ms and are exact; above, HNSW.

One query over 200,000 vectors of 384 (between real ones), processor time for a recall@10 of .99:
HNSW32_SQ8 0.8 ms with 656 bytes a vector, IVF1787,SQ8 6 ms with 392, IVF1787,PQ96x4fs 2 ms with 56.
"""

RECALL = 0.99
"""Share of the ten nearest that an approximate index is to find, where nothing else is asked."""

_FLOAT = 4
_LINKS = 32
_LINK_BYTES = 2 * _LINKS * 4 + 16  # of the lowest level, and what the upper ones take on average
_ID_BYTES = 8
_POINTS_PER_LIST = 39  # below this FAISS warns that k-means has too little to learn from
_DIMS_PER_CODE = 4
_PRODUCT_FROM = 10_000  # its errors want a breadth that is tuned, and fewer vectors are small


def kind_for(count: int, dim: int) -> Kind:
    """Flat up to FLAT_FLOATS in all, HNSW above. IVF only where memory is short."""
    return "flat" if count * dim <= FLAT_FLOATS else "hnsw"


def factory_for(
    count: int, dim: int, *, kind: Kind | None = None, memory: int | None = None
) -> str:
    """The factory string of the quickest structure that fits; the smallest where none does.

    Args:
        count: how many vectors.
        dim: of each.
        kind: what it has to be; None: what the number decides.
        memory: bytes that every search may need at hand, beside the exact vectors in the file, of
            which a search touches those it returns. None: no limit.
    """
    hnsw, lists = f"HNSW{_LINKS}_SQ8", _lists(count)
    scalar, product = f"IVF{lists},SQ8", f"IVF{lists},PQ{_codes(dim)}x4fs"
    if kind is not None:
        return {"flat": "Flat", "hnsw": hnsw, "ivf": scalar}[kind]
    sizes = [
        (hnsw, dim + _LINK_BYTES),
        (scalar, dim + _ID_BYTES),
        (product, _codes(dim) / 2 + _ID_BYTES),
    ]
    if kind_for(count, dim) == "flat":
        sizes = [("Flat", _FLOAT * dim), *sizes[1:]]
    if count < _PRODUCT_FROM:
        del sizes[-1]
    if memory is not None:
        sizes = [one for one in sizes if one[1] * count <= memory] or sizes[-1:]
    return sizes[0][0]


def _lists(count: int) -> int:
    return max(1, min(int(4 * np.sqrt(count)), count // _POINTS_PER_LIST))


def _codes(dim: int) -> int:
    """Parts that a product quantiser makes of a vector, half a byte each; all are equally long."""
    return max(one for one in range(1, max(1, dim // _DIMS_PER_CODE) + 1) if dim % one == 0)
