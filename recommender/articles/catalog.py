"""The store of articles and their vectors: the source of truth, from which all else is made."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from recommender.articles import article_queries, vector_queries
from recommender.articles.article import Article
from recommender.articles.database import Database, Layout
from recommender.articles.migrations import MIGRATIONS
from recommender.articles.stored import StoredArticle
from recommender.articles.vector_queries import Change, Export, Pending, RowVectors
from recommender.articles.vectors import Vectors
from recommender.articles.versions import Settled, Version, settle
from recommender.closing import Closing

LAYOUT = Layout(
    name="the catalog",
    application_id=0x52416361,
    migrations=MIGRATIONS,
    # a power cut may take the last commits; the sources still have them
    synchronous="NORMAL",
    way_out="Restore it from a backup, or move it away and run: recommender rebuild SOURCE...",
)


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of the articles that were put in; the numbers add up to theirs.

    Attributes:
        added: with an id that was new.
        changed: other than the stored version, which they replaced.
        unchanged: equal to the stored version.
        outdated: older than the stored version or than another of the same batch.
        withheld: of articles that the publisher withdrew; they stay withdrawn.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    outdated: int = 0
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many articles there are.

    Attributes:
        published: articles that may be shown.
        withdrawn: articles that may not.
        with_vector: published ones that have a vector of the embedder asked for.
        expired: articles whose time ended, which are none of the above; 0 where no time was asked.
    """

    published: int
    withdrawn: int
    with_vector: int
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened after a revision.

    Attributes:
        revision: the catalog's when this was read: where to go on from next time.
        changes: ascending by row.
    """

    revision: int
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class FewChanges(Changes):
    """What happened after a revision, and what there is now.

    Attributes:
        count: published articles that have a vector.
    """

    count: int


class Catalog(Closing):
    """An open catalog. Threads may share it, and processes may open the same file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens the file, makes it where there is none, and brings an older one up to date.

        Raises:
            CatalogError: not a catalog, damaged, or newer than this program. Every other method
                raises it too where the file cannot be read or written.
        """
        return cls(Database.open(path, LAYOUT))

    def close(self) -> None:
        """Lets go of the file; the catalog is of no use afterwards."""
        self._database.close()

    def upsert(
        self,
        batch: Sequence[Article],
        *,
        complete: Callable[[Article], Article],
        reinstate: bool = False,
        patient: bool = False,
    ) -> Upserted:
        """Puts articles in, by id, in one transaction.

        Of two versions the one with the later `updated_at` (`published_at` where it has none)
        counts, whatever the order they come in; where either has no time, or both the same, the
        one that comes in later. An article that `withdraw` withdrew is published again only by a
        version whose time lies after the withdrawal, or with `reinstate`; one whose own record
        says "withdrawn", by any version that replaces that record.

        Args:
            batch: articles as they came from the source.
            complete: fills in what the source left out, the id and the times excepted; called
                only for articles to be written.
            reinstate: publish these again even where they were withdrawn.
            patient: they are many, and nobody waits for them; see `LiveCorpus`.
        """
        versions = [Version.of(article) for article in batch]
        prepared: dict[int, dict[str, object]] = {}

        def settled(connection: Connection) -> Settled:
            known = article_queries.versions(connection, [article.id for article in batch])
            return settle(batch, versions, known, reinstate=reinstate)

        def prepare(positions: Sequence[int]) -> list[dict[str, object]]:
            for at in positions:
                if at not in prepared:
                    prepared[at] = article_queries.written(
                        complete(batch[at]), versions[at], patient=patient
                    )
            return [prepared[at] for at in positions]

        with self._database.reading() as connection:
            result = settled(connection)
        if result.added or result.changed:
            # completing is slow, so it is done before others have to wait for the lock
            prepare((*result.added, *result.changed))
            with self._database.writing() as connection:
                result = settled(connection)
                if result.added or result.changed:
                    revision = article_queries.next_revision(connection)
                    article_queries.add(connection, prepare(result.added), revision)
                    article_queries.change(connection, prepare(result.changed), revision)
        return Upserted(
            added=len(result.added),
            changed=len(result.changed),
            unchanged=result.unchanged,
            outdated=result.outdated,
            withheld=result.withheld,
        )

    def withdraw(self, ids: Sequence[str], *, at: datetime) -> list[str]:
        """Withdraws articles; `upsert` says what brings one back.

        Args:
            ids: of the articles.
            at: now, aware.

        Returns:
            Those of the ids that the catalog knows, in their order.
        """
        with self._database.writing() as connection:
            versions = article_queries.versions(connection, ids)
            known = [identifier for identifier in dict.fromkeys(ids) if identifier in versions]
            article_queries.withdraw(connection, known, at)
        return known

    def expire(self, at: datetime) -> int:
        """Withdraws what expired up to `at`, aware; returns how many articles.

        Nothing shows them before either: this spares a rebuild the work. Another version of the
        record brings one back.
        """
        with self._database.writing() as connection:
            return article_queries.expire(connection, at)

    @property
    def revision(self) -> int:
        """Grows with every transaction that changes articles or stores vectors; 0 when new."""
        with self._database.reading() as connection:
            return article_queries.revision(connection)

    @cached_property
    def identity(self) -> str:
        """Tells this catalog from every other: a revision means something only together with it."""
        with self._database.reading() as connection:
            return article_queries.identity(connection)

    def data_version(self) -> int:
        """Differs after any commit to the file, by this object or anybody else, from before.

        Costs microseconds. Comparable only with other answers of the same open catalog.
        """
        return self._database.data_version()

    def counts(self, embedder: str, at: datetime | None = None) -> Counts:
        """How many articles there are, and how many of them have the embedder's vector.

        Without a time, aware, an article counts as published until `expire` withdraws it.
        """
        with self._database.reading() as connection:
            by_status = article_queries.count_by_status(connection)
            ended = {} if at is None else article_queries.count_expired(connection, at)
            return Counts(
                published=by_status.get("published", 0) - ended.get("published", 0),
                withdrawn=by_status.get("withdrawn", 0) - ended.get("withdrawn", 0),
                with_vector=vector_queries.count_with_vector(connection, embedder, at),
                expired=sum(ended.values()),
            )

    def unknown(self, ids: Sequence[str]) -> list[str]:
        """Those of the ids, each once and in their order, that no article has or had."""
        with self._database.reading() as connection:
            known = article_queries.known_ids(connection, ids)
        return [one for one in dict.fromkeys(ids) if one not in known]

    def get(self, article_id: str) -> StoredArticle | None:
        """The article, published or withdrawn; None where the id is unknown."""
        return self.get_many([article_id]).get(article_id)

    def get_many(self, ids: Sequence[str]) -> dict[str, StoredArticle]:
        """By id, in the order of `ids`; unknown ids are left out."""
        with self._database.reading() as connection:
            return article_queries.by_ids(connection, ids)

    def nearest_ids(self, article_id: str, limit: int) -> list[str]:
        """Ids of published articles that look like an unknown one, most similar first."""
        with self._database.reading() as connection:
            return article_queries.nearest_ids(connection, article_id, limit)

    def changed_since(self, revision: int, embedder: str) -> Changes:
        """Articles that changed, or whose text was given a vector, after `revision`."""
        with self._database.reading() as connection:
            return Changes(
                revision=article_queries.revision(connection),
                changes=vector_queries.changed_since(connection, revision, embedder),
            )

    def few_changes(self, revision: int, embedder: str, most: int) -> FewChanges | None:
        """As `changed_since`; None, and no text read, where there are more than `most`."""
        with self._database.reading() as connection:
            if vector_queries.count_changed(connection, revision, embedder) > most:
                return None
            return FewChanges(
                revision=article_queries.revision(connection),
                changes=vector_queries.changed_since(connection, revision, embedder),
                count=vector_queries.count_with_vector(connection, embedder),
            )

    @contextmanager
    def export(self, embedder: str, *, batch_size: int = 1_000) -> Iterator[Export]:
        """Every published article that has a vector, as of one moment, in constant memory.

        What is written meanwhile is not in it; `changed_since(export.revision)` has it, and so
        it has, once they are embedded, the articles that lacked their vector.
        """
        with self._database.reading() as connection:
            dim = vector_queries.dim(connection, embedder)
            yield Export(
                revision=article_queries.revision(connection),
                count=vector_queries.count_with_vector(connection, embedder),
                dim=dim,
                vectors=vector_queries.in_order(connection, embedder, dim, batch_size),
                articles=vector_queries.articles_in_order(connection, embedder, batch_size),
            )

    def pending(self, embedder: str) -> list[Pending]:
        """Texts of published articles that lack a vector, each once, longest first."""
        with self._database.reading() as connection:
            return vector_queries.pending(connection, embedder)

    def next_pending(self, embedder: str, limit: int) -> list[str]:
        """Digests of at most `limit` texts that `pending` has, each once.

        First those that somebody waits for, then those of patient articles; each shortest first.
        """
        with self._database.reading() as connection:
            return vector_queries.next_pending(connection, embedder, limit)

    def texts(self, text_digests: Sequence[str]) -> dict[str, str]:
        """The texts to embed, by digest, in the order given.

        A text that no article has any more, because it changed meanwhile, is left out.
        """
        with self._database.reading() as connection:
            return article_queries.texts(connection, text_digests)

    def store_vectors(self, embedder: str, text_digests: Sequence[str], vectors: Vectors) -> None:
        """Keeps the vectors of texts, in one transaction; a vector that is there already stays.

        Args:
            embedder: name of the model that made them.
            text_digests: of the texts.
            vectors: shape (len(text_digests), dim), in the same order.

        Raises:
            EmbedderError: another type or shape, another dim than the embedder's vectors have
                so far, not finite, or not of unit length. Nothing is kept then.
        """
        with self._database.writing() as connection:
            revision = article_queries.next_revision(connection)
            vector_queries.store(connection, embedder, text_digests, vectors, revision)

    def vectors_of(self, embedder: str, rows: NDArray[np.int64]) -> RowVectors:
        """Vectors of those of the rows, shape (n,), that have one, in their order."""
        with self._database.reading() as connection:
            return vector_queries.of_rows(connection, embedder, rows.tolist())

    def drop_orphan_vectors(self, revision: int) -> int:
        """Forgets vectors of texts that no article has any more; returns how many.

        Those that were stored after `revision` stay: their article may be on its way.
        """
        with self._database.writing() as connection:
            return vector_queries.drop_orphans(connection, revision)

    def feed_state(self, address: str) -> tuple[str, str]:
        """ETag and Last-Modified of the last visit to a feed, each "" where there is none."""
        with self._database.reading() as connection:
            return article_queries.feed_state(connection, address)

    def keep_feed_state(self, address: str, *, etag: str, last_modified: str) -> None:
        """Keeps what a feed's server said of its version, for the next visit."""
        with self._database.writing() as connection:
            article_queries.keep_feed_state(connection, address, etag, last_modified)
