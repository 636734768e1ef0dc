"""bm25s: every text's scores are made beforehand; an article is asked for by all of its words."""

import bm25s
import numpy as np

from benchmarks.contestants.protocol import Given, Rows, Untold


class Bm25(Untold):
    """As it comes, with its English stop words."""

    name = "bm25s"

    def __init__(self, given: Given[list[str]]) -> None:
        self._tokens = bm25s.tokenize(given.corpus, stopwords="en", show_progress=False)
        self._index = bm25s.BM25()
        self._index.index(self._tokens, show_progress=False)

    def search(self, query: int, k: int) -> Rows:
        """See `Contestant.search`."""
        scores = self._index.get_scores_from_ids(self._tokens.ids[query])
        scores[query] = -1
        best = np.argpartition(-scores, k - 1)[:k]
        return best[np.argsort(-scores[best])].astype(np.int64)
