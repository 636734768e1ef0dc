"""What can go wrong with vectors, indexes and snapshots."""


class VectorIndexError(Exception):
    """Base of every error raised by `index`; its message says the way out."""


class QueryError(VectorIndexError, ValueError):
    """Queries, vectors or ids of the wrong shape, type or length."""


class SnapshotError(VectorIndexError):
    """A snapshot cannot be written, found or published."""


class SnapshotDamaged(SnapshotError):  # noqa: N818 - read as a sentence: "snapshot damaged"
    """A part is missing, cut short or altered since it was written."""


class SnapshotForeign(SnapshotError):  # noqa: N818 - read as a sentence: "snapshot foreign"
    """A sound snapshot that was made for something else: other format, embedder or dimension."""


class SnapshotBusy(SnapshotError):  # noqa: N818 - read as a sentence: "snapshot busy"
    """Another writer holds the store."""
