"""Questions to the catalog about vectors: which are missing, which are there, in row order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.sqlite import insert

from recommender.articles.chunks import chunks
from recommender.articles.stored import STORED_COLUMNS, StoredArticle, stored_article, time_text
from recommender.articles.tables import articles, vectors
from recommender.articles.vectors import Vectors, checked, dimension, stacked

_PUBLISHED = articles.c.status == "published"


@dataclass(frozen=True, slots=True)
class Pending:
    """A text that has no vector of an embedder yet.

    Attributes:
        text_digest: of the text.
        length: its number of characters.
    """

    text_digest: str
    length: int


@dataclass(frozen=True, slots=True)
class RowVectors:
    """Vectors of some rows.

    Attributes:
        rows: shape (n,), int64.
        vectors: shape (n, dim), float32; dim is 0 where the embedder has no vectors at all.
    """

    rows: NDArray[np.int64]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Export:
    """Every published article that has a vector, as of one moment.

    Attributes:
        revision: the catalog's at that moment.
        count: how many articles there are.
        dim: length of the vectors; 0 where there are none.
        vectors: of all, ascending by row, batch by batch.
        articles: all, in the same order, batch by batch. Both are read once, while the export is
            open, and in whatever order.
    """

    revision: int
    count: int
    dim: int
    vectors: Iterator[RowVectors]
    articles: Iterator[Sequence[StoredArticle]]


@dataclass(frozen=True, slots=True)
class Change:
    """An article that came, changed, was withdrawn, or was given its vector.

    Attributes:
        stored: the article, published or withdrawn.
        vector: shape (dim,), float32; None where it has none yet.
    """

    stored: StoredArticle
    vector: Vectors | None


def count_with_vector(connection: Connection, embedder: str, at: datetime | None = None) -> int:
    """How many published articles have a vector; with a time, of those not expired by then."""
    query = select(func.count()).where(_PUBLISHED, _has_vector(embedder))
    if at is not None:
        ends = articles.c.expires_at
        query = query.where(or_(ends.is_(None), ends > time_text(at)))
    return connection.execute(query.select_from(articles)).scalar_one()


def pending(connection: Connection, embedder: str) -> list[Pending]:
    """Each text once, longest first."""
    query = (
        select(articles.c.text_digest, articles.c.text_length)
        .distinct()
        .where(_PUBLISHED, ~_has_vector(embedder))
        .order_by(articles.c.text_length.desc(), articles.c.text_digest)
    )
    return [Pending(digest, length) for digest, length in connection.execute(query)]


def next_pending(connection: Connection, embedder: str, limit: int) -> list[str]:
    """Digests of texts: those that somebody waits for, then the others; each shortest first."""
    query = (
        select(articles.c.text_digest)
        .where(_PUBLISHED, ~_has_vector(embedder))
        .order_by(articles.c.patient, articles.c.text_length, articles.c.text_digest)
        .limit(limit)
    )
    return list(dict.fromkeys(connection.execute(query).scalars()))


def store(
    connection: Connection, embedder: str, digests: Sequence[str], given: Vectors, revision: int
) -> None:
    """Keeps the vectors of texts that have none of this embedder; the others stay as they are."""
    blobs = checked(given, count=len(digests), dim=dim(connection, embedder), embedder=embedder)
    if blobs:
        connection.execute(
            insert(vectors).on_conflict_do_nothing(),
            [
                {"text_digest": digest, "embedder": embedder, "vector": blob, "revision": revision}
                for digest, blob in zip(digests, blobs, strict=True)
            ],
        )


def dim(connection: Connection, embedder: str) -> int:
    """Length of the embedder's vectors; 0 where it has none."""
    query = select(vectors.c.vector).where(vectors.c.embedder == embedder).limit(1)
    return dimension(connection.execute(query).scalar())


def of_rows(connection: Connection, embedder: str, rows: Sequence[int]) -> RowVectors:
    """Those of the rows that have a vector, in the order of `rows`."""
    found: dict[int, bytes] = {}
    for some in chunks(rows):
        query = (
            select(articles.c.row, vectors.c.vector)
            .join(vectors, _vector_of_article(embedder))
            .where(articles.c.row.in_(some))
        )
        found.update((row, blob) for row, blob in connection.execute(query))
    kept = [row for row in rows if row in found]
    return RowVectors(
        np.array(kept, dtype=np.int64),
        stacked([found[row] for row in kept], dim(connection, embedder)),
    )


def in_order(connection: Connection, embedder: str, length: int, size: int) -> Iterator[RowVectors]:
    """The vectors of published articles, in row order, `size` or fewer at a time."""
    columns = (articles.c.row, vectors.c.vector)
    for rows in _published(connection, embedder, columns, size):
        yield RowVectors(
            np.array([row[0] for row in rows], dtype=np.int64),
            stacked([row[-1] for row in rows], length),
        )


def articles_in_order(
    connection: Connection, embedder: str, size: int
) -> Iterator[Sequence[StoredArticle]]:
    """Published articles that have a vector, in row order, `size` or fewer at a time."""
    columns = (*STORED_COLUMNS, vectors.c.text_digest)
    for rows in _published(connection, embedder, columns, size):
        yield tuple(stored_article(row) for row in rows)


def count_changed(connection: Connection, revision: int, embedder: str) -> int:
    """How many articles `changed_since` gives."""
    changed = _changed(revision, embedder).subquery()
    return connection.execute(select(func.count()).select_from(changed)).scalar_one()


def changed_since(connection: Connection, revision: int, embedder: str) -> list[Change]:
    """Articles that changed, or whose text was given a vector, after `revision`; by row."""
    query = (
        _beside_vectors(embedder, (*STORED_COLUMNS, vectors.c.vector))
        .where(articles.c.row.in_(_changed(revision, embedder)))
        .order_by(articles.c.row)
    )
    length = dim(connection, embedder)
    return [
        Change(stored_article(row), None if row[-1] is None else stacked([row[-1]], length)[0])
        for row in connection.execute(query)
    ]


def drop_orphans(connection: Connection, revision: int) -> int:
    """Forgets vectors of texts that no article has any more; returns how many.

    Those that were stored after `revision` stay: their article may be on its way.
    """
    used = exists().where(articles.c.text_digest == vectors.c.text_digest)
    old = vectors.c.revision <= revision
    return connection.execute(delete(vectors).where(~used, old)).rowcount


def _changed(revision: int, embedder: str) -> CompoundSelect[int]:
    """Their rows."""
    changed = select(articles.c.row).where(articles.c.revision > revision)
    embedded = (
        select(articles.c.row)
        .join(vectors, articles.c.text_digest == vectors.c.text_digest)
        .where(vectors.c.embedder == embedder, vectors.c.revision > revision)
    )
    return union(changed, embedded)


def _vector_of_article(embedder: str) -> ColumnElement[bool]:
    return and_(vectors.c.text_digest == articles.c.text_digest, vectors.c.embedder == embedder)


def _has_vector(embedder: str) -> ColumnElement[bool]:
    return exists().where(_vector_of_article(embedder))


def _beside_vectors(embedder: str, columns: Sequence[Any]) -> Select[Any]:
    return select(*columns).outerjoin_from(articles, vectors, _vector_of_article(embedder))


def _published(
    connection: Connection, embedder: str, columns: Sequence[Any], size: int
) -> Iterator[Sequence[Row[Any]]]:
    """Of published articles, in row order, `size` or fewer at a time; the last column is not null.

    What lacks a vector is left out here: left out by SQL, it may choose to begin at the vectors,
    and to sort all the texts.
    """
    query = _beside_vectors(embedder, columns).where(_PUBLISHED).order_by(articles.c.row)
    result = connection.execution_options(yield_per=size).execute(query)
    for rows in result.partitions():
        present = [row for row in rows if row[-1] is not None]
        if present:
            yield present
