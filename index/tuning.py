"""How widely an approximate structure has to look for the recall that is asked for."""

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.faiss_untyped import faiss
from index.protocol import Vectors
from index.rows import exact_scores

TUNED_AT = 10
"""The recall that is tuned is that of so many neighbours."""

WIDE_AT = 100
"""And of so many, which lie further apart: what suffices for ten misses a tenth of them."""

_QUERIES = 1000
_SHARE = 20  # so small a part of the vectors is held out, that they stay like those to come
_FEWEST = 500  # fewer queries say too little; so few vectors are searched widely soon enough
_WIDEST = 4096
_STEP = 1.1
_STRIDE = 8  # steps: about twice as wide
_CERTAIN = 1.64  # standard errors: another sample reaches it too, 19 times of 20
_NEAR = 0.001
_TIE = 1e-6
_PRODUCT = (faiss.IndexIVFPQ, faiss.IndexIVFPQFastScan)


def held_out(count: int) -> int:
    """How many of so many vectors are kept back to be queries; 0 where too few could be."""
    queries = min(_QUERIES, count // _SHARE)
    return queries if queries >= _FEWEST else 0


def proposals(approximate: Any, k: int, count: int) -> int:
    """Candidates to take for `k` neighbours out of `count`: exact scores choose among them."""
    # rounding and ties at the cut are settled so; a product quantiser errs by far more. Each of
    # them costs a read from anywhere in memory: a microsecond among a million
    spare = 10 * k + 100 if isinstance(approximate, _PRODUCT) else k // 2 + 5
    return min(count, k + spare)


def search_parameters(approximate: Any, breadth: int) -> Any:
    """FAISS's parameters of a search that looks so widely: efSearch of HNSW, nprobe of IVF.

    Not to be edited: whoever looks as widely shares them.
    """
    if isinstance(approximate, faiss.IndexIVF):
        return _inverted(min(breadth, approximate.nlist))
    return _graph(min(breadth, approximate.ntotal))


@lru_cache
def _inverted(lists: int) -> Any:
    return faiss.SearchParametersIVF(nprobe=lists)


@lru_cache
def _graph(beam: int) -> Any:
    return faiss.SearchParametersHNSW(efSearch=beam)


def tuned_breadth(
    approximate: Any, vectors: Vectors, queries: Vectors, recall: float, k: int = TUNED_AT
) -> int:
    """The least breadth whose recall of `k` neighbours is `recall`, measured with `queries`.

    Where no breadth reaches it, the least that comes as near as the widest does.

    Args:
        approximate: an HNSW or IVF structure that holds `vectors` in their order.
        vectors: shape (n, dim), n at least k.
        queries: shape (q, dim), not among the vectors: a vector finds its own neighbours more
            easily than one that comes from outside.
        recall: in (0, 1].
        k: at least 1.
    """
    width = proposals(approximate, k, len(vectors))
    exact, _ = faiss.knn(queries, vectors, k, faiss.METRIC_INNER_PRODUCT)
    worst = exact[:, -1:]

    @cache
    def reached(breadth: int) -> float:
        parameters = search_parameters(approximate, breadth)
        _, rows = approximate.search(queries, width, params=parameters)
        hits = (exact_scores(queries, vectors, rows) >= worst - _TIE).sum(axis=1)
        return _surely(np.minimum(hits, k) / k)

    ladder = _ladder(approximate, width)
    # from below, as the widest searches take longest
    high = 0
    while high < len(ladder) - 1 and reached(ladder[high]) < recall:
        high = min(high + _STRIDE, len(ladder) - 1)
    asked = min(recall, reached(ladder[high]) - _NEAR) if high == len(ladder) - 1 else recall
    low = 0
    while low < high:
        middle = (low + high) // 2
        if reached(ladder[middle]) >= asked:
            high = middle
        else:
            low = middle + 1
    return ladder[low]


def _surely(shares: NDArray[np.float64]) -> float:
    """The recall that these shares of each query stand for, less what chance may have added."""
    return float(shares.mean() - _CERTAIN * shares.std() / np.sqrt(len(shares)))


def _ladder(approximate: Any, width: int) -> list[int]:
    """The breadths that are tried, ascending."""
    inverted = isinstance(approximate, faiss.IndexIVF)
    # a beam narrower than what is taken out of it is widened by FAISS anyway
    least, most = (1, approximate.nlist) if inverted else (width, max(width, _WIDEST))
    steps = int(np.ceil(np.log(most / least) / np.log(_STEP))) + 1
    found: list[int] = np.unique(np.geomspace(least, most, steps).round().astype(int)).tolist()
    return found
