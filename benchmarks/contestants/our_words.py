"""What the product finds neighbours by words with: lists of every article's strongest terms."""

import numpy as np
import sklearn.feature_extraction.text  # noqa: F401  # else it were part of the memory of the lists
from scipy import sparse

from benchmarks.contestants.protocol import Given, Plain, Rows
from recommender.similarity import lexical
from recommender.similarity.lexical_search import STRONGEST, nearest, postings

_AT_ONCE = 1_000  # texts, as a rebuild counts them
_ENTRY = 6  # bytes: a row number and a weight


class OurWords(Plain):
    """`recommender.similarity.lexical_search`, asked about one article."""

    name = "lexical_search (strongest terms)"

    def __init__(self, given: Given[list[str]]) -> None:
        texts = given.corpus
        counts = [
            lexical.count(texts[start : start + _AT_ONCE])
            for start in range(0, len(texts), _AT_ONCE)
        ]
        together = sparse.csr_array(sparse.vstack(counts, format="csr"))
        self._terms = lexical.weigh(together, lexical.fit(together))
        self._lists = postings(self._terms)

    def search(self, query: int, k: int) -> Rows:
        """See `Contestant.search`."""
        found, _ = nearest(self._lists, self._terms, query, k + 1)
        others: Rows = found[found != query][:k].astype(np.int64)
        return others

    def bytes_read(self, query: int, _: int) -> float | None:
        """See `Contestant.bytes_read`: the lists of the strongest terms that the article has."""
        own = self._terms[query : query + 1]
        lengths = dict(
            zip(
                self._lists.features.tolist(),
                (self._lists.starts[1:] - self._lists.starts[:-1]).tolist(),
                strict=True,
            )
        )
        strongest = sorted(
            ((weight, term) for term, weight in zip(own.indices.tolist(), own.data, strict=True)
             if term in lengths),
            reverse=True,
        )[:STRONGEST]  # fmt: skip
        return float(_ENTRY * sum(lengths[term] for _, term in strongest))
