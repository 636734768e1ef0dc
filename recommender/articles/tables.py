"""The catalog's tables as queries name them; `migrations.py` makes them."""

from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

articles = Table(
    "articles",
    metadata,
    Column("row", Integer, primary_key=True),
    Column("id", Text),
    Column("url", Text),
    Column("title", Text),
    Column("teaser", Text),
    Column("body", Text),
    Column("section", Text),
    Column("tags", Text),  # a JSON array of strings
    Column("authors", Text),  # a JSON array of strings
    Column("language", Text),
    Column("published_at", Text),  # times are ISO 8601 in UTC with microseconds, so text sorts
    Column("updated_at", Text),
    Column("image_url", Text),
    Column("editors_choice", Boolean),
    Column("evergreen", Boolean),
    Column("status", Text),
    Column("source", Text),
    Column("expires_at", Text),
    Column("record_digest", Text),  # of the article as it came, before it was completed
    Column(
        "withdrawn_at", Text
    ),  # when the publisher said so; NULL where the record itself says so
    Column("text_digest", Text),  # of the text that is embedded
    Column("text_length", Integer),  # its characters; SQLite's length() ends at a NUL
    Column("revision", Integer),
    Column("replaced_revision", Integer),
    Column("patient", Boolean),  # it came with many others
)

vectors = Table(
    "vectors",
    metadata,
    Column("text_digest", Text, primary_key=True),
    Column("embedder", Text, primary_key=True),
    Column("vector", LargeBinary),  # float32, little-endian
    Column("revision", Integer),  # of the transaction that stored it
)

counter = Table("counter", metadata, Column("revision", Integer))

feed_states = Table(
    "feed_states",
    metadata,
    Column("address", Text, primary_key=True),
    Column("etag", Text),
    Column("last_modified", Text),
)
