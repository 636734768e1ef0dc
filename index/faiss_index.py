"""Nearest neighbours through FAISS: flat, HNSW or IVF, exact vectors beside them, memory-mapped."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.ascending import located
from index.checks import check_entries, check_query
from index.copies import find_copies
from index.eligible import Eligible
from index.faiss_build import Kind, build_approximate, kind_of
from index.faiss_file import Structure, read, write
from index.faiss_untyped import faiss
from index.protocol import NO_ID, NO_IDS, Ids, Neighbors, Vectors
from index.rows import NO_ROW, no_neighbors, ordered, rounding, sorted_by_id

SCAN_UP_TO = 50_000
"""So few allowed vectors are compared one by one: exact, and quicker than a filtered graph."""

_SPARE = 32
"""Candidates beyond k, so that rounding and ties at the cut are settled by exact scores."""


class FaissIndex:
    """FAISS proposes candidates; exact float32 vectors beside it give scores and order.

    So scores equal those of ExactIndex whatever the kind, a flat index also has its ids, and an
    approximate one can only miss a neighbour. Made by `build` or `load`. Safe to search from
    several threads at once.
    """

    def __init__(self, structure: Structure, threads: int | None) -> None:
        self._structure = structure
        self._ids = structure.ids
        self._store = store = structure.store
        self._approximate = structure.approximate
        self._threads = threads
        self._copies = structure.copies
        size = store.ntotal * store.d
        view = faiss.rev_swig_ptr(store.get_xb(), size) if size else np.empty(0, dtype=np.float32)
        self._vectors: Vectors = view.reshape(store.ntotal, store.d)
        self._vectors.flags.writeable = False

    @classmethod
    def build(
        cls,
        ids: Ids,
        vectors: Vectors,
        *,
        kind: Kind | None = None,
        factory: str | None = None,
        breadth: int | None = None,
        threads: int | None = None,
    ) -> Self:
        """An index of copies of these vectors.

        Args:
            ids: shape (n,), int64, non-negative, each once, in any order.
            vectors: shape (n, dim), float32, unit rows.
            kind: flat is exact; hnsw and ivf are quicker from about 50,000 on. None: by size.
            factory: a FAISS factory string in place of `kind`: "Flat", "HNSW..." or "IVF...".
            breadth: how widely each search of an approximate index looks (efSearch of HNSW,
                nprobe of IVF); more finds more, slower. None: a value that reaches recall@10 .99.
            threads: cores that one search may use; None: all.

        Raises:
            QueryError: ids or vectors that are not as above, or a factory string that FAISS
                does not know.
        """
        check_entries(ids, vectors)
        ids, vectors = sorted_by_id(ids, vectors)
        copies = find_copies(vectors)
        if copies.has_any:
            vectors = vectors[copies.first_rows]
        approximate = build_approximate(vectors, kind=kind, factory=factory, breadth=breadth)
        store = faiss.IndexFlatIP(vectors.shape[1])
        store.add(vectors)
        return cls(Structure(np.array(ids), copies, store, approximate), threads)

    @classmethod
    def load(cls, path: Path, *, mmap: bool = True, threads: int | None = None) -> Self:
        """An index that `save` wrote.

        Args:
            path: the file; with `mmap` it must not change while the index lives, though it may
                be unlinked.
            mmap: map the file, so that processes share its pages and starting reads almost none.
            threads: as in `build`.

        Raises:
            SnapshotDamaged: absent, cut short, or not a file of `save`. Altered bytes in a file of
                the right length are not noticed here: checksums are the snapshot's affair.
        """
        return cls(read(path, mmap=mmap), threads)

    def save(self, path: Path) -> None:
        """Write ids, vectors and structure into one file, not synced to disk.

        Raises:
            SnapshotError: the file cannot be written.
        """
        write(path, self._structure)

    @property
    def dim(self) -> int:
        """Length of each vector."""
        return int(self._vectors.shape[1])

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def kind(self) -> Kind:
        """How candidates are found."""
        return kind_of(self._approximate)

    def vectors_of(self, ids: Ids) -> Vectors:
        """Copies of the vectors of these ids, shape (n, dim), in their order.

        Raises:
            KeyError: an id that the index does not hold.
        """
        at, known = located(ids, self._ids)
        if not known.all():
            raise KeyError(int(ids[~known][0]))
        return self._vectors[self._copies.distinct_of[at]]

    def search(
        self, queries: Vectors, k: int, *, allowed: Ids | None = None, excluded: Ids = NO_IDS
    ) -> Neighbors:
        """The `k` nearest of each query; see VectorIndex."""
        check_query(queries, k, dim=self.dim, allowed=allowed, excluded=excluded)
        rows = Eligible.of(self._ids, allowed, excluded)
        answer = no_neighbors(len(queries), k)
        if rows.count == 0 or len(queries) == 0:
            return answer
        queries = np.ascontiguousarray(queries)
        with _on_cores(self._threads):
            if self._approximate is None or (rows.only is not None and rows.count <= SCAN_UP_TO):
                self._scan(np.arange(len(queries)), queries, rows, answer)
            else:
                self._propose(queries, rows, answer)
        return answer

    def _scan(
        self, which: NDArray[np.int64], queries: Vectors, rows: Eligible, answer: Neighbors
    ) -> None:
        """Answer these queries exactly; more candidates are taken while the cut is unclear."""
        vectors = self._copies.eligible(rows)
        selector = _selector(vectors)
        parameters = None if selector is None else faiss.SearchParameters(sel=selector)
        wanted = min(answer.ids.shape[1], vectors.count)
        width = wanted + _SPARE
        while len(which):
            width = min(width, vectors.count)
            coarse, candidates = self._store.search(queries[which], width, params=parameters)
            settled = coarse[:, -1] < coarse[:, wanted - 1] - rounding(self.dim)
            if width == vectors.count:
                settled[:] = True
            self._fill(which[settled], queries, candidates[settled], rows, answer)
            which = which[~settled]
            width *= 4

    def _propose(self, queries: Vectors, rows: Eligible, answer: Neighbors) -> None:
        """Answer from the approximate index; a query that it leaves short is scanned."""
        vectors = self._copies.eligible(rows)
        wanted = min(answer.ids.shape[1], vectors.count)
        width = min(vectors.count, wanted + wanted // 2 + _SPARE)
        # what a filter turns away fills the beam all the same, so the beam widens with it
        scale = len(self._copies) / vectors.count
        selector = _selector(vectors, bitmap=len(self._copies))
        approximate: Any = self._approximate
        if self.kind == "hnsw":
            breadth = max(approximate.hnsw.efSearch, 2 * width)
            parameters = faiss.SearchParametersHNSW(efSearch=int(breadth * scale), sel=selector)
        else:
            nprobe = min(approximate.nlist, int(np.ceil(approximate.nprobe * scale)))
            parameters = faiss.SearchParametersIVF(nprobe=nprobe, sel=selector)
        _, candidates = approximate.search(queries, width, params=parameters)
        self._fill(np.arange(len(queries)), queries, candidates, rows, answer)
        found = (answer.ids != NO_ID).sum(axis=1)
        short = np.flatnonzero(found < min(answer.ids.shape[1], rows.count))
        self._scan(short, queries, rows, answer)

    def _fill(
        self,
        which: NDArray[np.int64],
        queries: Vectors,
        candidates: NDArray[np.int64],
        rows: Eligible,
        answer: Neighbors,
    ) -> None:
        """Put the best of each query's candidates, distinct vectors, into its line of `answer`."""
        k = answer.ids.shape[1]
        best, scores = ordered(queries[which], self._vectors, candidates)
        width = min(k, best.shape[1])
        cut = self._copies.first_rows[best[:, :width]]
        answer.ids[which, :width] = np.where(best[:, :width] == NO_ROW, NO_ID, self._ids[cut])
        answer.scores[which, :width] = scores[:, :width]
        if not self._copies.has_any:
            return
        for at in np.flatnonzero(self._copies.shared(best)):
            spread, spread_scores = self._copies.spread(best[at], scores[at], rows, k)
            answer.ids[which[at], : len(spread)] = self._ids[spread]
            answer.scores[which[at], : len(spread)] = spread_scores


def _selector(vectors: Eligible, *, bitmap: int = 0) -> Any | None:
    """What FAISS asks about each vector; None where all are eligible, which is quickest.

    A flat index visits only the listed ones of an array; a graph asks about any, so it gets a
    `bitmap` of that many bits.
    """
    if vectors.only is not None:
        if not bitmap:
            return faiss.IDSelectorArray(vectors.only)
        bits = np.zeros(bitmap, dtype=np.uint8)
        bits[vectors.only] = 1
        return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
    if vectors.is_all:
        return None
    return faiss.IDSelectorNot(faiss.IDSelectorBatch(vectors.barred))


@contextmanager
def _on_cores(threads: int | None) -> Iterator[None]:
    """Let FAISS use so many cores within; OpenMP keeps this number for each calling thread."""
    if threads is None:
        yield
        return
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
