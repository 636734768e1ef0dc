"""From sources into the catalog."""

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from xxhash import xxh3_64_intdigest

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.complete import complete
from recommender.articles.sources.reject import Reject

_BATCH = 1_000
_BATCH_CHARACTERS = 16 * 2**20
"""A batch is no greater than this and one article, however long they are."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of the records of all sources; all but `read` and `repeated` add up to `read`.

    Attributes:
        read: records.
        added, changed, unchanged, outdated, withheld: see `Upserted`.
        rejected: records that are no article; each with its reason in the rejects file.
        repeated: records whose id an earlier one had already; of two without times, or of the
            same time, the later one counts.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    outdated: int = 0
    withheld: int = 0
    rejected: int = 0
    repeated: int = 0


def ingest(
    records: Iterable[Article | Reject],
    catalog: Catalog,
    *,
    keep_reject: Callable[[Reject], None],
    progress: Callable[[int], None],
    reinstate: bool = False,
    pause: Callable[[], None] = lambda: None,
    patient: bool = True,
) -> Ingested:
    """Puts every article of `records` into the catalog, a batch at a time, each durable.

    Args:
        records: read as they come, once.
        catalog: where the articles go.
        keep_reject: called with each record that is no article.
        progress: called with the number of records read so far, after each batch.
        reinstate: see `Catalog.upsert`.
        pause: called between the articles, for threads beside this one.
        patient: see `Catalog.upsert`.
    """
    total = Ingested()
    ids = array("Q")  # as numbers: of millions, the ids themselves would fill the memory

    def completed(article: Article) -> Article:
        pause()
        return complete(article)

    for batch in _batches(records, pause):
        articles = [record for record in batch if isinstance(record, Article)]
        for record in batch:
            if isinstance(record, Reject):
                keep_reject(record)
        done = catalog.upsert(articles, complete=completed, reinstate=reinstate, patient=patient)
        total = Ingested(
            read=total.read + len(batch),
            added=total.added + done.added,
            changed=total.changed + done.changed,
            unchanged=total.unchanged + done.unchanged,
            outdated=total.outdated + done.outdated,
            withheld=total.withheld + done.withheld,
            rejected=total.rejected + len(batch) - len(articles),
        )
        ids.extend(xxh3_64_intdigest(one.id.encode(errors="surrogatepass")) for one in articles)
        progress(total.read)
    return replace(total, repeated=len(ids) - len(np.unique(ids)))


def _batches(
    records: Iterable[Article | Reject], pause: Callable[[], None]
) -> Iterator[list[Article | Reject]]:
    batch: list[Article | Reject] = []
    characters = 0
    for record in records:
        batch.append(record)
        characters += len(record.body) if isinstance(record, Article) else 0
        if len(batch) == _BATCH or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
        pause()
    if batch:
        yield batch
