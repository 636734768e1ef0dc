"""Questions and orders to the catalog about articles, each inside a transaction of the caller."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from rapidfuzz import fuzz, process
from sqlalchemy import Connection, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from recommender.articles.article import Article
from recommender.articles.chunks import chunks
from recommender.articles.stored import (
    STORED_COLUMNS,
    StoredArticle,
    article_columns,
    stored_article,
    text_time,
    time_text,
)
from recommender.articles.tables import articles, counter, feed_states
from recommender.articles.text import article_text
from recommender.articles.versions import Version, text_digest

_PUBLISHED = articles.c.status == "published"
_NEIGHBOURING_IDS = 2_000
_SIMILAR = 50.0


def identity(connection: Connection) -> str:
    """Of this catalog, drawn when it was made."""
    return str(connection.exec_driver_sql("SELECT catalog FROM identity").scalar_one())


def revision(connection: Connection) -> int:
    """The latest."""
    return int(connection.execute(select(counter.c.revision)).scalar_one())


def next_revision(connection: Connection) -> int:
    """A new one, for all that this transaction writes."""
    connection.execute(update(counter).values(revision=counter.c.revision + 1))
    return revision(connection)


def versions(connection: Connection, ids: Sequence[str]) -> dict[str, Version]:
    """What is known of those of the ids that there are."""
    found: dict[str, Version] = {}
    for some in chunks(ids):
        query = select(
            articles.c.id,
            articles.c.record_digest,
            func.coalesce(articles.c.updated_at, articles.c.published_at),
            articles.c.withdrawn_at,
        ).where(articles.c.id.in_(some))
        for identifier, digest, time, withdrawn_at in connection.execute(query):
            found[identifier] = Version(digest, text_time(time), text_time(withdrawn_at))
    return found


def written(completed: Article, version: Version, *, patient: bool) -> dict[str, object]:
    """What `add` and `change` write of an article, but for the revision."""
    text = article_text(completed)
    return article_columns(completed) | {
        "record_digest": version.digest,
        "withdrawn_at": None,
        "patient": patient,
        "text_digest": text_digest(text),
        "text_length": len(text),
    }


def add(connection: Connection, rows: Sequence[Mapping[str, object]], number: int) -> None:
    """Writes new articles, in the order of their rows to be."""
    if rows:
        connection.execute(
            insert(articles), [{**row, "revision": number, "replaced_revision": 0} for row in rows]
        )


def change(connection: Connection, rows: Sequence[Mapping[str, object]], number: int) -> None:
    """Writes new versions over the articles with these ids."""
    if rows:
        connection.execute(
            update(articles)
            .where(articles.c.id == bindparam("known_id"))
            .values(replaced_revision=articles.c.revision),
            [{**row, "known_id": row["id"], "revision": number} for row in rows],
        )


def withdraw(connection: Connection, ids: Sequence[str], at: datetime) -> None:
    """Withdraws articles as the publisher's own word, dated `at`."""
    time = time_text(at)
    by_id = [articles.c.id.in_(some) for some in chunks(ids)]
    shown = select(func.count()).select_from(articles)
    if any(connection.execute(shown.where(some, _PUBLISHED)).scalar_one() for some in by_id):
        # no new revision where nothing changes: a snapshot would be made again for it
        values = {"status": "withdrawn", "revision": next_revision(connection)}
        for some in by_id:
            connection.execute(update(articles).where(some, _PUBLISHED).values(values))
    for some in by_id:
        # the publisher's last word counts: a later withdrawal outdates more versions
        earlier = or_(articles.c.withdrawn_at.is_(None), articles.c.withdrawn_at < time)
        connection.execute(update(articles).where(some, earlier).values(withdrawn_at=time))


def expire(connection: Connection, at: datetime) -> int:
    """Withdraws articles that expired up to `at`, as the record's own word; returns how many."""
    due = (_PUBLISHED, articles.c.expires_at <= time_text(at))
    count: int = connection.execute(
        select(func.count()).select_from(articles).where(*due)
    ).scalar_one()
    if count:
        values = {"status": "withdrawn", "revision": next_revision(connection)}
        connection.execute(update(articles).where(*due).values(values))
    return count


def feed_state(connection: Connection, address: str) -> tuple[str, str]:
    """ETag and Last-Modified of the last visit, each "" where there is none."""
    query = select(feed_states.c.etag, feed_states.c.last_modified)
    row = connection.execute(query.where(feed_states.c.address == address)).one_or_none()
    return ("", "") if row is None else (row.etag, row.last_modified)


def keep_feed_state(connection: Connection, address: str, etag: str, last_modified: str) -> None:
    """Keeps what the server said, in place of what it said before."""
    state = {"etag": etag, "last_modified": last_modified}
    statement = insert_or_update(feed_states).values(address=address, **state)
    connection.execute(statement.on_conflict_do_update(index_elements=["address"], set_=state))


def count_by_status(connection: Connection) -> dict[str, int]:
    """How many articles have each status that occurs."""
    query = select(articles.c.status, func.count()).group_by(articles.c.status)
    return {row[0]: row[1] for row in connection.execute(query)}


def count_expired(connection: Connection, at: datetime) -> dict[str, int]:
    """How many articles of each status expired up to `at`, those withdrawn by hand aside."""
    due = (articles.c.expires_at <= time_text(at), articles.c.withdrawn_at.is_(None))
    query = select(articles.c.status, func.count()).where(*due).group_by(articles.c.status)
    return {row[0]: row[1] for row in connection.execute(query)}


def known_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of the ids that an article has."""
    found: set[str] = set()
    for some in chunks(ids):
        query = select(articles.c.id).where(articles.c.id.in_(some))
        found.update(connection.execute(query).scalars())
    return found


def by_ids(connection: Connection, ids: Sequence[str]) -> dict[str, StoredArticle]:
    """By id, in the order of `ids`; unknown ids are left out."""
    found: dict[str, StoredArticle] = {}
    for some in chunks(ids):
        query = select(*STORED_COLUMNS).where(articles.c.id.in_(some))
        for row in connection.execute(query):
            stored = stored_article(row)
            found[stored.article.id] = stored
    return {identifier: found[identifier] for identifier in ids if identifier in found}


def texts(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """By digest, in the order of `digests`; those that no article has any more are left out."""
    found: dict[str, str] = {}
    for some in chunks(digests):
        query = select(*STORED_COLUMNS).where(articles.c.text_digest.in_(some))
        for row in connection.execute(query):
            stored = stored_article(row)
            if stored.text_digest not in found:
                found[stored.text_digest] = article_text(stored.article)
    return {digest: found[digest] for digest in digests if digest in found}


def nearest_ids(connection: Connection, article_id: str, limit: int) -> list[str]:
    """Ids of published articles that look like this one, most similar first.

    Compares the 2,000 ids on either side in alphabetical order: all of a small catalog, and never
    so many of a large one that a mistyped id becomes expensive.
    """
    column = articles.c.id
    published = select(column).where(_PUBLISHED).limit(_NEIGHBOURING_IDS)
    before = published.where(column < article_id).order_by(column.desc())
    after = published.where(column >= article_id).order_by(column)
    # sorted, so that ties always come out alike
    ids = sorted(
        identifier
        for query in (before, after)
        for identifier in connection.execute(query).scalars()
    )
    matches = process.extract(
        article_id,
        ids,
        scorer=fuzz.ratio,
        processor=str.casefold,
        limit=limit,
        score_cutoff=_SIMILAR,
    )
    return [match[0] for match in matches]
