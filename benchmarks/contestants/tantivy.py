"""tantivy: an inverted index on the disk, and its more-like-this query as it comes."""

import numpy as np
import tantivy

from benchmarks.contestants.protocol import Given, Rows, Untold

_HEAP = 256 << 20  # bytes
_STEMMED = "en_stem"


class Tantivy(Untold):
    """An article is asked for by 25 of its terms: those that stand in it twice or more."""

    name = "tantivy (more like this)"

    def __init__(self, given: Given[list[str]]) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("body", stored=True, tokenizer_name=_STEMMED)
        builder.add_integer_field("row", stored=True, fast=True)
        index = tantivy.Index(builder.build(), path=str(given.folder))
        writer = index.writer(heap_size=_HEAP)
        for row, text in enumerate(given.corpus):
            writer.add_document(tantivy.Document(body=text, row=row))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()
        everything = self._searcher.search(tantivy.Query.all_query(), limit=len(given.corpus))
        self._addresses = {self._row(one): one for _, one in everything.hits}

    def search(self, query: int, k: int) -> Rows:
        """See `Contestant.search`."""
        like = tantivy.Query.more_like_this_query(self._addresses[query])
        hits = self._searcher.search(like, limit=k + 1).hits
        rows = [self._row(one) for _, one in hits]
        return np.array([one for one in rows if one != query][:k], dtype=np.int64)

    def _row(self, address: tantivy.DocAddress) -> int:
        return int(self._searcher.doc(address)["row"][0])
