"""Nearest neighbours through FAISS: flat, HNSW or IVF, exact vectors beside them, memory-mapped."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.ascending import among, located
from index.checks import check_entries, check_query
from index.choice import RECALL, Kind
from index.copies import Copies, find_among, find_copies
from index.eligible import Eligible
from index.errors import QueryError
from index.faiss_build import (
    breadth_for,
    breadth_of,
    build_approximate,
    check_search,
    kind_of,
    placed,
    planned,
    worth,
)
from index.faiss_file import Structure, read, write
from index.faiss_untyped import faiss
from index.protocol import NO_ID, NO_IDS, Ids, Neighbors, Vectors
from index.rows import NO_ROW, Rows, no_neighbors, ordered, rounding, sorted_by_id
from index.tuning import proposals, search_parameters

_SPARE = 32
"""Candidates beyond k, so that rounding and ties at the cut are settled by exact scores."""

_BLOCK = 50_000  # vectors that are copied at a time
_WELL_WITHIN = 3
_WIDER = 4


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
        self._vectors = _held(store)

    @classmethod
    def build(
        cls,
        ids: Ids,
        vectors: Vectors,
        *,
        kind: Kind | None = None,
        factory: str | None = None,
        breadth: int | None = None,
        memory: int | None = None,
        recall: float = RECALL,
        threads: int | None = None,
    ) -> Self:
        """An index of copies of these vectors.

        Args:
            ids: shape (n,), int64, non-negative, each once, in any order.
            vectors: shape (n, dim), float32, unit rows.
            kind: flat is exact; hnsw and ivf are quicker from about 50,000 on. None: as
                `factory_for` chooses.
            factory: a FAISS factory string in place of `kind`: "Flat", "HNSW..." or "IVF...".
            breadth: how widely each search of an approximate index looks (efSearch of HNSW,
                nprobe of IVF); more finds more, slower. None: the least that reaches `recall`.
            memory: bytes that the approximate structure may take, where no kind is named.
            recall: share of the ten nearest that a search is to find, measured as it is built.
            threads: cores that one search may use; None: all.

        Raises:
            QueryError: ids or vectors that are not as above, a factory string that FAISS does
                not know, a number out of its range.
        """
        check_search(breadth, recall)
        check_entries(ids, vectors)
        ids, vectors = sorted_by_id(ids, vectors)
        copies = find_copies(vectors)
        chosen = planned(len(copies), vectors.shape[1], kind=kind, factory=factory, memory=memory)
        order = placed(vectors, copies.first_rows, chosen)
        if order is not copies.first_rows:
            copies = copies.renumbered(order)
        store = _filled(vectors, order)
        approximate, wide = build_approximate(_held(store), chosen, breadth=breadth, recall=recall)
        return cls(Structure(np.array(ids), copies, store, approximate, wide), threads)

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

    def changed(self, gone: Ids, ids: Ids, vectors: Vectors) -> Self:
        """This index without some ids and with others, in a fraction of the time to build it.

        Breadths stay as they were tuned. What is gone is no more found but keeps its place, so
        after many changes a new index searches better. This one must have been built, or loaded
        without `mmap`, and is of no use afterwards: both share their memory.

        Args:
            gone: shape (g,), held ids, each once.
            ids: shape (n,), int64, non-negative, each once, none held that is not gone.
            vectors: shape (n, dim), float32, unit rows.

        Raises:
            QueryError: ids or vectors that are not as above, or a mapped file.
        """
        check_entries(ids, vectors)
        if self._structure.mapped:
            raise QueryError("Expected an index to change; a mapped file cannot. Load it without.")
        if len(vectors) and vectors.shape[1] != self.dim:
            raise QueryError(f"Expected vectors of {self.dim}, got {vectors.shape[1]}.")
        ids, vectors = sorted_by_id(ids, vectors)
        place, held = located(gone, self._ids)
        kept = np.ones(len(self._ids), dtype=np.bool_)
        kept[place[held]] = False
        if not held.all() or among(ids, self._ids[kept]).any():
            raise QueryError("Expected held ids that go, and ids that are not held to come.")
        numbers = find_among(vectors, self._vectors)
        new = np.flatnonzero(numbers == NO_ROW)
        own = find_copies(vectors[new])
        numbers[new] = len(self._copies) + own.distinct_of
        self._add(vectors[new[own.first_rows]])
        all_ids = np.concatenate([self._ids[kept], ids])
        order = np.argsort(all_ids)
        of = np.concatenate([self._copies.distinct_of[kept], numbers])[order]
        copies = Copies(of, self._store.ntotal)
        structure = replace(self._structure, ids=all_ids[order], copies=copies)
        return type(self)(structure, self._threads)

    def _add(self, vectors: Vectors) -> None:
        with _on_cores(self._threads):
            for part in (self._store, self._approximate):
                if part is not None and len(vectors):
                    part.add(vectors)

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
    def ids(self) -> Ids:
        """Shape (n,), ascending. Not to be edited."""
        return self._ids

    @property
    def kind(self) -> Kind:
        """How candidates are found."""
        return kind_of(self._approximate)

    @property
    def breadth(self) -> int | None:
        """How widely each search looks, see `build`; None where all are compared."""
        return None if self._approximate is None else breadth_of(self._approximate)

    def vectors_of(self, ids: Ids) -> Vectors:
        """Copies of the vectors of these ids, shape (n, dim), in their order.

        Raises:
            KeyError: an id that the index does not hold.
        """
        at, known = located(ids, self._ids)
        if not known.all():
            raise KeyError(int(ids[~known][0]))
        return self._vectors[self._copies.distinct_of[at]]

    def warmest(self, ids: Ids) -> NDArray[np.int64]:
        """In which order to search for the held `ids`, shape (n,): near vectors one after another.

        Where there are many, that takes half of the time: caches hold what the last ones met.
        """
        return np.argsort(self._copies.distinct_of[located(ids, self._ids)[0]])

    def rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of the held ids are below each of these; -1 stays. Of any shape."""
        return np.where(ids == NO_ID, NO_ROW, np.searchsorted(self._ids, ids))

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
            if self._approximate is None:
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
        approximate: Any = self._approximate
        k = answer.ids.shape[1]
        if not rows.is_all:
            which = self._propose_under(rows, queries, answer)
        else:
            width = proposals(approximate, k, len(self._copies))
            breadth = breadth_for(approximate, k, width, self._structure.wide)
            parameters = search_parameters(approximate, breadth)
            _, candidates = approximate.search(queries, width, params=parameters)
            candidates = self._with_rows(candidates)
            full = candidates[:, min(k, width) - 1] != NO_ROW
            if full.all():
                self._fill(slice(None), queries, candidates, rows, answer)
                return
            self._fill(np.flatnonzero(full), queries, candidates[full], rows, answer)
            which = np.flatnonzero(~full)
        if len(which):
            self._scan(which, queries, rows, answer)

    def _with_rows(self, candidates: NDArray[np.int64]) -> NDArray[np.int64]:
        """The candidates, nearest first, without those that no row has any more."""
        dead = self._copies.without_rows
        if not len(dead):
            return candidates
        gone = among(candidates, dead) | (candidates == NO_ROW)
        order = np.argsort(gone, axis=1, kind="stable")
        left = np.where(gone, NO_ROW, candidates)
        return np.take_along_axis(left, order, axis=1)

    def _propose_under(self, rows: Eligible, queries: Vectors, answer: Neighbors) -> Rows:
        """Answer those queries under a filter for which that is quicker than to scan.

        All that is near is proposed and the filter chooses from it, ever more widely until enough
        of the allowed lie in the nearer half: what a search finds at its edge is not the nearest
        there is, and of a filter that allows only what is far away it finds nothing else.

        Returns:
            The queries that are left.
        """
        approximate: Any = self._approximate
        vectors, total, k = self._copies.eligible(rows), len(self._copies), answer.ids.shape[1]
        may = vectors.mask(total)
        width = proposals(approximate, k, vectors.count)
        unfiltered = breadth_for(approximate, k, width, self._structure.wide)
        least = _WELL_WITHIN * (width + _SPARE)
        if self.kind == "hnsw":
            least = max(least, unfiltered)
        taken = int(np.ceil(least * total / vectors.count))
        which = np.arange(len(queries))
        while len(which) and taken < total:
            # a beam is as wide as what is taken; lists are as many times more as is taken
            breadth = taken if self.kind == "hnsw" else int(np.ceil(unfiltered * taken / least))
            if vectors.scanned(total) <= worth(approximate, breadth):
                break
            parameters = search_parameters(approximate, breadth)
            _, near = approximate.search(queries[which], taken, params=parameters)
            allowed = may[near] & (near != NO_ROW)
            enough = allowed[:, : taken // 2].sum(axis=1) >= width
            first = np.argsort(~allowed[enough], axis=1, kind="stable")[:, :width]
            candidates = np.take_along_axis(near[enough], first, axis=1)
            self._fill(which[enough], queries, candidates, rows, answer)
            which = which[~enough]
            taken *= _WIDER
        return which

    def _fill(
        self,
        which: NDArray[np.int64] | slice,
        queries: Vectors,
        candidates: NDArray[np.int64],
        rows: Eligible,
        answer: Neighbors,
    ) -> None:
        """Put the best of each query's candidates, distinct vectors, into its line of `answer`."""
        k = answer.ids.shape[1]
        # of equal scores the lower row goes first
        ties = None if self._copies.in_order else self._copies.first_rows
        best, scores = ordered(queries[which], self._vectors, candidates, ties)
        width = min(k, best.shape[1])
        cut = self._copies.first_rows[best[:, :width]]
        answer.ids[which, :width] = np.where(best[:, :width] == NO_ROW, NO_ID, self._ids[cut])
        answer.scores[which, :width] = scores[:, :width]
        if not self._copies.has_any:
            return
        lines = np.arange(len(answer.ids))[which]
        for at in np.flatnonzero(self._copies.shared(best)):
            spread, spread_scores = self._copies.spread(best[at], scores[at], rows, k)
            answer.ids[lines[at], : len(spread)] = self._ids[spread]
            answer.scores[lines[at], : len(spread)] = spread_scores


def _filled(vectors: Vectors, order: Rows) -> Any:
    """A flat FAISS index of these rows of `vectors`, in that order."""
    store = faiss.IndexFlatIP(vectors.shape[1])
    for start in range(0, len(order), _BLOCK):
        store.add(vectors[order[start : start + _BLOCK]])
    return store


def _held(store: Any) -> Vectors:
    """What a flat FAISS index holds, shape (n, dim), read-only; of no use when that is gone."""
    size = store.ntotal * store.d
    view = faiss.rev_swig_ptr(store.get_xb(), size) if size else np.empty(0, dtype=np.float32)
    held: Vectors = view.reshape(store.ntotal, store.d)
    held.flags.writeable = False
    return held


def _selector(vectors: Eligible) -> Any | None:
    """What a scan asks about each vector; None where all are eligible, which is quickest."""
    if vectors.only is not None:
        return faiss.IDSelectorArray(vectors.only)  # only the listed ones are visited
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
