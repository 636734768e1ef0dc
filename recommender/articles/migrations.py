"""How the catalog's layout came to be: each step once, in this order, never edited afterwards."""

from sqlalchemy import Connection


def first(connection: Connection) -> None:
    """Articles, vectors, the revision counter and the states of feeds."""
    for statement in (
        # AUTOINCREMENT: the row is the vector id, and SQLite would else use a freed one again;
        # long texts last: SQLite reads a record from its start, and most queries need no text
        """
        CREATE TABLE articles (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            record_digest TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('published', 'withdrawn')),
            withdrawn_at TEXT,
            published_at TEXT,
            updated_at TEXT,
            revision INTEGER NOT NULL,
            text_digest TEXT NOT NULL,
            text_length INTEGER NOT NULL,
            language TEXT NOT NULL,
            editors_choice INTEGER NOT NULL,
            evergreen INTEGER NOT NULL,
            section TEXT NOT NULL,
            source TEXT NOT NULL,
            url TEXT NOT NULL,
            image_url TEXT NOT NULL,
            tags TEXT NOT NULL,
            authors TEXT NOT NULL,
            title TEXT NOT NULL,
            teaser TEXT NOT NULL,
            body TEXT NOT NULL
        )
        """,
        "CREATE INDEX articles_by_revision ON articles (revision)",
        "CREATE INDEX articles_by_text ON articles (text_digest, status, text_length)",
        """
        CREATE TABLE vectors (
            text_digest TEXT NOT NULL,
            embedder TEXT NOT NULL,
            vector BLOB NOT NULL,
            revision INTEGER NOT NULL,
            PRIMARY KEY (text_digest, embedder)
        )
        """,
        "CREATE INDEX vectors_by_revision ON vectors (embedder, revision)",
        "CREATE TABLE counter (revision INTEGER NOT NULL)",
        "INSERT INTO counter VALUES (0)",
        # revisions of two catalogs say nothing about each other
        "CREATE TABLE identity (catalog TEXT NOT NULL)",
        "INSERT INTO identity VALUES (lower(hex(randomblob(16))))",
        """
        CREATE TABLE feed_states (
            address TEXT PRIMARY KEY NOT NULL,
            etag TEXT NOT NULL,
            last_modified TEXT NOT NULL
        )
        """,
    ):
        connection.exec_driver_sql(statement)


def expiry(connection: Connection) -> None:
    """When articles cease to be shown."""
    connection.exec_driver_sql("ALTER TABLE articles ADD COLUMN expires_at TEXT")
    connection.exec_driver_sql(
        "CREATE INDEX articles_by_expiry ON articles (expires_at)"
        " WHERE status = 'published' AND expires_at IS NOT NULL"
    )


def lineage(connection: Connection) -> None:
    """Which revision of an article each version replaced; 0 of one that replaced none."""
    connection.exec_driver_sql(
        "ALTER TABLE articles ADD COLUMN replaced_revision INTEGER NOT NULL DEFAULT 0"
    )


def patience(connection: Connection) -> None:
    """Whether an article came with many others, so that nobody waits for it."""
    connection.exec_driver_sql("ALTER TABLE articles ADD COLUMN patient INTEGER NOT NULL DEFAULT 0")


def turns(connection: Connection) -> None:
    """The order in which articles are embedded that wait for it."""
    connection.exec_driver_sql(
        "CREATE INDEX articles_by_turn ON articles (patient, text_length, text_digest, status)"
    )


MIGRATIONS = (first, expiry, lineage, patience, turns)
