"""Lexical nearest neighbours: an inverted index of every article's strongest terms.

Plain arrays and scipy's sparse product: lists that are cut at the strongest terms stay bounded as
a catalog grows, where those of bm25s do not, and lie in the snapshot, where tantivy keeps files of
its own. sparse_dot_topn would let no other thread run while the graph is made.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from index.ascending import among
from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.similarity.cores import Progress, on_cores
from recommender.similarity.lexical import FEATURES, Terms
from recommender.similarity.sorted_keys import (
    MAX_ROWS,
    Keys,
    places_of,
    ranks_of,
    rows_of,
    scores_of,
    sorted_keys,
)

STRONGEST = 48
"""Terms of an article that stand in the lists, and terms of a query that are looked up."""

LONGEST = 8192
"""Articles in a term's list, those where it is strongest: a query reads STRONGEST * LONGEST.

Of many articles it is fewer, so that all can be asked about in a time that grows as they do:
whatever their number, `_READ` entries of lists are read for each term of a query. Over 21,578
articles of a newswire, lists of 500 keep .95 of the ten nearest and .85 of the fifty nearest; to
look up fewer terms, so that as much is read, keeps no more.
"""

_READ = 1_000_000_000
_SHORTEST = 1024

_COMMON_SHARE = 0.2  # a term of more articles tells none from another, and would be read for all
_COMMON_FROM = 100  # articles; a share of fewer is chance
_COLUMNS = 1 << 16  # articles that are looked at at once: their sums take half a megabyte
_PARTS = ("features", "starts", "positions", "weights", "articles")

_Rows: TypeAlias = "sparse.csr_array[np.float32, tuple[int, int]]"
_Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Postings:
    """The articles of each term: some 270 bytes for an article.

    Attributes:
        features: shape (f,), int32, ascending: the terms that have a list.
        starts: shape (f + 1,), int64: where each list begins and ends in the two below.
        positions: int32 row numbers, ascending within a list.
        weights: float16, of the term in that article.
        articles: shape (), int64: how many there are, also those in no list.
    """

    features: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float16]
    articles: npt.NDArray[np.int64]


def postings(terms: Terms) -> Postings:
    """The lists of all articles, made in 28 * STRONGEST bytes for each beside `terms`.

    Left out are terms of more than a fifth of the articles, all but an article's STRONGEST, and
    all but a list's strongest, see `LONGEST`.
    """
    total = terms.shape[0]
    frequencies = np.zeros(FEATURES, dtype=np.int64)
    for start in range(0, terms.nnz, FEATURES):  # counting takes 8 bytes for each entry
        frequencies += np.bincount(terms.indices[start : start + FEATURES], minlength=FEATURES)
    rare = frequencies <= max(_COMMON_FROM, _COMMON_SHARE * total)
    features = np.empty(total * STRONGEST, dtype=np.int32)
    weights = np.empty(total * STRONGEST, dtype=np.float16)
    ends = np.zeros(total + 1, dtype=sparse.get_index_dtype(maxval=len(features)))
    for start in range(0, total, MAX_ROWS):
        block = terms[start : start + MAX_ROWS]
        kept = _strongest(_only(block, rare[block.indices]))
        begin = ends[start]
        ends[start + 1 : start + 1 + kept.shape[0]] = begin + kept.indptr[1:]
        features[begin : begin + kept.nnz] = kept.indices
        weights[begin : begin + kept.nnz] = kept.data
    # scipy knows no float16, so their bits go through it as numbers
    bits = weights[: ends[-1]].view(np.uint16)
    by_article = sparse.csr_array((bits, features[: ends[-1]], ends), shape=terms.shape)
    return _shortened(by_article.tocsc())


def nearest(
    made: Postings, terms: Terms, row: int, k: int, allowed: _Flags | None = None
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The `k` articles most like row `row` of `terms`, best first, ties by position.

    Only those that share a listed term, and by the listed terms: a score is at most the cosine of
    the whole rows, but for rounding. A text that is in the catalog finds itself.

    Args:
        made: the lists.
        terms: weighed with the frequencies of the catalog.
        row: which of them.
        k: at least 1.
        allowed: shape (articles,): an article is passed over where it is False.

    Returns:
        Positions and scores, at most `k`.
    """
    query = _queries(made, terms[row : row + 1])
    scores = np.zeros(int(made.articles), dtype=np.float32)
    ends = made.starts[query.indices + 1].tolist()
    lists = [*map(slice, made.starts[query.indices].tolist(), ends)]
    for entries, weight in zip(lists, query.data, strict=True):
        scores[made.positions[entries]] += made.weights[entries] * weight
    found, sums = [np.empty(0, np.int32)], [np.empty(0, np.float32)]
    for entries in lists:
        listed = made.positions[entries]
        found.append(listed)
        sums.append(scores[listed])
        scores[listed] = 0  # an article of several lists is taken out of the first of them
    positions, totals = np.concatenate(found), np.concatenate(sums)
    eligible = totals > 0 if allowed is None else (totals > 0) & allowed[positions]
    positions, totals = positions[eligible], totals[eligible]
    if len(totals) > k:
        best = totals >= np.partition(totals, -k)[-k]
        positions, totals = positions[best], totals[best]
    order = np.lexsort((positions, -totals))[:k]
    return positions[order], totals[order]


def lexical_graph(
    terms: Terms,
    made: Postings,
    count: int,
    progress: Progress | None = None,
    *,
    rows: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[np.int32]:
    """Each article's `count` nearest others, as `nearest` finds them, on all cores.

    Memory beside `terms`: 18 bytes for each entry of the lists, and up to 300 MB for each core.

    Args:
        terms: what `made` was made of.
        made: the lists.
        count: at least 1.
        progress: called with how many articles are done and how many there are.
        rows: shape (n,): the articles whose nearest are wanted; None for all.

    Returns:
        Shape (n, count), int32, padded with -1.
    """
    own = np.arange(terms.shape[0]) if rows is None else rows
    total = len(own)
    positions = np.full((total, count), -1, dtype=np.int32)
    columns = _by_columns(made)

    def fill(here: slice) -> None:
        queries = _queries(made, terms[here] if rows is None else terms[own[here]])
        best = _best_others(queries, columns, own[here], count)
        positions[here.start + rows_of(best), ranks_of(best)] = places_of(best)

    on_cores(fill, total, MAX_ROWS, progress)
    return positions


def write_postings(made: Postings, draft: Draft) -> None:
    """As parts of a snapshot."""
    for part in _PARTS:
        np.save(draft.path(f"postings.{part}.npy"), getattr(made, part))


def read_postings(snapshot: Snapshot) -> Postings:
    """What `write_postings` wrote, memory-mapped."""
    return Postings(*(read_array(snapshot, f"postings.{part}") for part in _PARTS))


def _shortened(by_term: "sparse.csc_array[np.uint16]") -> Postings:
    """The lists, none of them longer than it may be, out of weights given as their bits."""
    weights, starts = by_term.data.view(np.float16), by_term.indptr.astype(np.int64)
    lengths = np.diff(starts)
    longest = max(_SHORTEST, min(LONGEST, _READ // max(1, by_term.shape[0])))
    kept = np.ones(len(weights), dtype=np.bool_)
    for term in np.flatnonzero(lengths > longest).tolist():
        order = np.argsort(-weights[starts[term] : starts[term + 1]], kind="stable")
        kept[starts[term] + order[longest:]] = False
    features = np.flatnonzero(lengths)
    ends = np.cumsum(np.minimum(lengths[features], longest))
    return Postings(
        features=features.astype(np.int32),
        starts=np.concatenate([np.zeros(1, dtype=np.int64), ends]),
        positions=by_term.indices[kept].astype(np.int32, copy=False),
        weights=weights[kept],
        articles=np.array(by_term.shape[0], dtype=np.int64),
    )


def _queries(made: Postings, terms: Terms) -> _Rows:
    """The strongest terms of each row that have a list, by its number; shape (rows, f)."""
    kept = _strongest(_only(terms, among(terms.indices, made.features)))
    numbers = np.searchsorted(made.features, kept.indices).astype(np.int32)
    shape = (terms.shape[0], len(made.features))
    return sparse.csr_array((kept.data, numbers, kept.indptr), shape=shape)


def _only(rows: _Rows, kept: _Flags) -> _Rows:
    """The entries that are flagged."""
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(kept)])[rows.indptr]
    arrays = rows.data[kept], rows.indices[kept], starts
    found: _Rows = sparse.csr_array(arrays, shape=rows.shape)
    return found


def _strongest(rows: _Rows) -> _Rows:
    """The STRONGEST entries of each of at most MAX_ROWS rows, in their order."""
    numbers = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    keys = sorted_keys(numbers, rows.data, np.arange(rows.nnz))
    kept = np.zeros(rows.nnz, dtype=np.bool_)
    kept[places_of(keys[ranks_of(keys) < STRONGEST])] = True
    return _only(rows, kept)


def _by_columns(made: Postings) -> list[_Rows]:
    """The lists as matrices of shape (f, _COLUMNS) and less, for one range of articles each."""
    shape = (len(made.features), int(made.articles))
    starts = made.starts.astype(sparse.get_index_dtype(maxval=len(made.positions)))
    bits = made.weights.view(np.uint16)
    by_article = sparse.csr_array((bits, made.positions, starts), shape=shape).tocsc()
    parts = []
    for start in range(0, int(made.articles), _COLUMNS):
        part = by_article[:, start : start + _COLUMNS].tocsr()
        weights = part.data.view(np.float16).astype(np.float32)
        columns: _Rows = sparse.csr_array((weights, part.indices, part.indptr), shape=part.shape)
        parts.append(columns)
    return parts


def _best_others(
    queries: _Rows, columns: list[_Rows], own: npt.NDArray[np.int64], count: int
) -> Keys:
    """The `count` nearest of each query; query i is article `own[i]`."""
    best = np.empty(0, dtype=np.uint64)
    least = np.zeros(queries.shape[0], dtype=np.float32)  # the score of the last of `count`
    for number, part in enumerate(columns):
        products = queries @ part
        for row in np.flatnonzero((least == 0) & (np.diff(products.indptr) > count)).tolist():
            scores = products.data[products.indptr[row] : products.indptr[row + 1]]
            least[row] = np.partition(scores, -count - 1)[-count - 1]  # one may be the query
        near = np.flatnonzero(products.data >= np.repeat(least, np.diff(products.indptr)))
        rows = np.searchsorted(products.indptr, near, side="right") - 1
        scores, positions = products.data[near], products.indices[near] + number * _COLUMNS
        kept = (scores > 0) & (positions != own[rows])
        best = np.sort(
            np.concatenate([best, sorted_keys(rows[kept], scores[kept], positions[kept])])
        )
        ranks = ranks_of(best)
        best, ranks = best[ranks < count], ranks[ranks < count]
        last = best[ranks == count - 1]
        least[rows_of(last)] = scores_of(last)
    return best
