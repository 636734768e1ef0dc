"""Several sources as one stream of records."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.field_names import FieldMap
from recommender.articles.noticed import Noticed, Noticing
from recommender.articles.sources.fetch import NO_STATE, FeedState, FetchLimits
from recommender.articles.sources.open_source import open_source
from recommender.articles.sources.reject import Record, Reject
from recommender.errors import SourceError


class Reading:
    """Reads sources one after the other, and remembers where the feeds stood.

    A source that cannot be read is rejected as one record; the others are read all the same.
    """

    def __init__(
        self,
        sources: Iterable[str | Record],
        catalog: Catalog,
        *,
        mapping: FieldMap,
        limits: FetchLimits,
        at: datetime,
    ) -> None:
        """Opens nothing yet.

        Args:
            sources: files, addresses, "-" for standard input; or records as they are.
            catalog: knows what the feeds said at the last visit.
            mapping: the sources' names for fields.
            limits: what fetching may take.
            at: now, aware.
        """
        self._sources = sources
        self._catalog = catalog
        self._mapping = mapping
        self._limits = limits
        self._states: dict[str, FeedState] = {}
        self._noticing = Noticing(at)

    def records(self) -> Iterator[Record]:
        """All records, once.

        Raises:
            InputError: `mapping` names a field that no article has.
            SourceError: no source gave a record, and this is why the first did not.
        """
        first_error: SourceError | None = None
        read = False
        for source in self._sources:
            if isinstance(source, Article | Reject):
                read = True
                yield source
                continue
            try:
                for record in self._of(source):
                    read = True
                    if isinstance(record, Article):
                        self._noticing.article(record)
                    yield record
            except SourceError as error:
                first_error = first_error or error
                yield Reject(source, 0, str(error))
            else:
                read = read or source in self._states  # it may have said that nothing is new
        if first_error is not None and not read:
            raise first_error

    def noticed(self) -> Noticed:
        """What is odd about the records so far; of articles as they are, nothing."""
        return self._noticing.noticed()

    def keep_states(self) -> None:
        """So that the next visit may be answered with "not modified"; once all is stored."""
        for name, state in self._states.items():
            self._catalog.keep_feed_state(name, etag=state.etag, last_modified=state.last_modified)

    def _of(self, name: str) -> Iterator[Record]:
        source = open_source(
            name,
            mapping=self._mapping,
            state=FeedState(*self._catalog.feed_state(name)),
            limits=self._limits,
            on_read=self._noticing.record,
        )
        empty, rejected = True, False
        for record in source.records:
            empty = False
            rejected = rejected or isinstance(record, Reject)
            yield record
        if empty and "://" not in name:  # a feed may well have nothing at the moment
            raise SourceError(
                f"{name} is empty: expected articles. Look at what should have written it."
            )
        # what was rejected is read again: next time the mapping, or this program, may know better
        if source.state != NO_STATE and not rejected:
            self._states[name] = source.state
