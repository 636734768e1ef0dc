"""The rebuild as the command and the scheduler's script run it."""

from collections.abc import Sequence
from pathlib import Path

from recommender.articles.field_names import FieldMap, parse_map
from recommender.cli.outcome import FINE, REJECTED
from recommender.cli.rebuild_summary import Rebuilt, main_reasons
from recommender.cli.stopping import stoppable
from recommender.engine import Recommender
from recommender.jobs.steps import Watch


def run_rebuild(
    home: Path | None,
    sources: Sequence[str],
    mapping: Sequence[str],
    watch: Watch,
    *,
    whole: bool = False,
) -> Rebuilt:
    """Brings the catalog of `home` up to date with `sources` and publishes a snapshot.

    A source that cannot be read is rejected as one record; the others are read all the same.

    Args:
        home: None for RECOMMENDER_HOME or the default.
        sources: files, addresses, "-" for standard input; none to rebuild from the catalog alone.
        mapping: "FIELD=NAME" for each field that the sources call otherwise.
        watch: told how it goes.
        whole: make all anew, also where few articles changed or none.

    Raises:
        InputError: a field that no article has.
        SourceError: no source gave a record.
        RebuildBusy: another one is running.
    """
    fields = parse_map(mapping)
    with Recommender.open(home) as recommender:
        return rebuild_opened(recommender, sources, fields, watch, whole=whole)


def rebuild_opened(
    recommender: Recommender,
    sources: Sequence[str],
    fields: FieldMap,
    watch: Watch,
    *,
    whole: bool = False,
) -> Rebuilt:
    """As `run_rebuild`, of a home that is open. Ctrl-C stops it: see `stoppable`."""
    with stoppable(watch) as heeding:
        report = recommender.rebuild(sources, mapping=fields, watch=heeding, whole=whole)
    rejects = recommender.parts.home / "rejects.jsonl"
    reasons = main_reasons(rejects) if report.ingested.rejected else ()
    return Rebuilt(report, rejects, reasons)


def exit_status(rebuilt: Rebuilt) -> int:
    """Whether anything was rejected."""
    return REJECTED if rebuilt.report.ingested.rejected else FINE
