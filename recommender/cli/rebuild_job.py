"""The rebuild as the command and the scheduler's script run it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from recommender.articles.catalog import Catalog
from recommender.articles.field_names import FieldMap, parse_map
from recommender.articles.sources.fetch import NO_STATE, FeedState, FetchLimits
from recommender.articles.sources.open_source import open_source
from recommender.articles.sources.reject import Record, Reject
from recommender.cli.outcome import FINE, REJECTED
from recommender.cli.rebuild_summary import Rebuilt, main_reasons
from recommender.engine import Recommender
from recommender.errors import SourceError
from recommender.jobs.rebuild import Watch
from recommender.settings import FetchSettings


def run_rebuild(
    home: Path | None, sources: Sequence[str], mapping: Sequence[str], watch: Watch
) -> Rebuilt:
    """Brings the catalog of `home` up to date with `sources` and publishes a snapshot.

    A source that cannot be read is rejected as one record; the others are read all the same.

    Args:
        home: None for RECOMMENDER_HOME or the default.
        sources: files, addresses, "-" for standard input; none to rebuild from the catalog alone.
        mapping: "FIELD=NAME" for each field that the sources call otherwise.
        watch: told how it goes.

    Raises:
        InputError: a field that no article has.
        SourceError: no source gave a record.
        RebuildBusy: another one is running.
    """
    fields = parse_map(mapping)
    with Recommender.open(home) as recommender:
        return rebuild_opened(recommender, sources, fields, watch)


def rebuild_opened(
    recommender: Recommender, sources: Sequence[str], fields: FieldMap, watch: Watch
) -> Rebuilt:
    """As `run_rebuild`, of a home that is open."""
    parts = recommender.parts
    limits = _limits(parts.settings.fetch)
    reading = _Sources(sources, fields, parts.catalog, limits)
    report = recommender.rebuild(reading.records(), watch)
    reading.keep_states()
    rejects = parts.home / "rejects.jsonl"
    reasons = main_reasons(rejects) if report.ingested.rejected else ()
    return Rebuilt(report, rejects, reasons)


def exit_status(rebuilt: Rebuilt) -> int:
    """Whether anything was rejected."""
    return REJECTED if rebuilt.report.ingested.rejected else FINE


class _Sources:
    """Several sources as one stream of records."""

    def __init__(
        self, names: Sequence[str], fields: FieldMap, catalog: Catalog, limits: FetchLimits
    ) -> None:
        self._names = names
        self._fields = fields
        self._catalog = catalog
        self._limits = limits
        self._states: dict[str, FeedState] = {}

    def records(self) -> Iterator[Record]:
        first_error: SourceError | None = None
        records = 0
        for name in self._names:
            try:
                source = open_source(
                    name,
                    mapping=self._fields,
                    state=FeedState(*self._catalog.feed_state(name)),
                    limits=self._limits,
                )
                for record in source.records:
                    records += 1
                    yield record
            except SourceError as error:
                first_error = first_error or error
                yield Reject(name, 0, str(error))
                continue
            records += source.not_modified  # it was read, and says that it has nothing new
            if source.state != NO_STATE:
                self._states[name] = source.state
        if first_error is not None and not records:
            raise first_error

    def keep_states(self) -> None:
        """So that the next visit may be answered with "not modified"; once all is stored."""
        for name, state in self._states.items():
            self._catalog.keep_feed_state(name, etag=state.etag, last_modified=state.last_modified)


def _limits(chosen: FetchSettings) -> FetchLimits:
    return FetchLimits(
        seconds=chosen.timeout_seconds,
        bytes=int(chosen.max_megabytes * 2**20),
        redirects=chosen.max_redirects,
    )
