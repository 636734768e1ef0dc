"""The error tree. Every message says what was expected, what came, and the way out."""


class RecommenderError(Exception):
    """Base of every error that a caller of this package may want to catch."""


class SettingsError(RecommenderError):
    """A setting is unknown, wrong, or missing."""


class InputError(RecommenderError, ValueError):
    """What the caller passed cannot be used: a field, a parameter, an address, a file."""


class UnknownArticle(InputError, LookupError):  # noqa: N818 - read as a sentence: "unknown article"
    """No published article has this id."""


class UnknownRule(InputError, LookupError):  # noqa: N818 - read as a sentence: "unknown rule"
    """No rule has this number."""


class SourceError(RecommenderError):
    """A source as a whole cannot be read: absent, not what it says it is, over a limit."""


class CatalogError(RecommenderError):
    """The catalog or the event log cannot be opened, is newer than this program, or is damaged."""


class EmbedderError(RecommenderError):
    """A model cannot be loaded, or gave something that is not a vector."""


class NotReady(RecommenderError):  # noqa: N818 - read as a sentence: "not ready"
    """There is nothing to answer from yet: no snapshot was published."""


class RebuildBusy(RecommenderError):  # noqa: N818 - read as a sentence: "rebuild busy"
    """Another rebuild of the same home is running."""
