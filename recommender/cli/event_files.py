"""Event files into the log, what was set aside, and the commands about both."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from recommender.articles.sources.chunks import stream_chunks
from recommender.articles.sources.reject import Reject
from recommender.cli.default_command import DefaultCommand
from recommender.cli.event_quality import EventQuality, about_unknown, print_quality, quality_of
from recommender.cli.options import AsJson, Home, examples, existing_home
from recommender.cli.outcome import REJECTED
from recommender.cli.rendering import counted, print_json
from recommender.engine import Recommender
from recommender.errors import InputError, SourceError
from recommender.jobs.unknown_articles import (
    UnknownArticles,
    UnknownArticlesCount,
    unknown_in_log,
)
from recommender.readers.event_import import ImportedEvents, import_events
from recommender.readers.event_lines import Line, csv_rows, json_lines, parquet_rows

commands = typer.Typer(
    cls=DefaultCommand,
    help="What readers did. recommender events FILE... is recommender events import FILE...",
)

REJECTS = "rejected-events.jsonl"
_SHOWN_REJECTS = 5


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the files.

    Attributes:
        counts: of their records.
        rejects: the file with those that are no event; None where there are none.
        first_rejects: some of them.
        unknown_articles: that events name and the catalog does not have.
    """

    counts: ImportedEvents
    rejects: Path | None
    first_rejects: tuple[Reject, ...]
    unknown_articles: UnknownArticles


@commands.command(
    name="import",
    epilog=examples(
        "recommender events events.jsonl",
        "recommender events import events.jsonl",
        "zcat events.jsonl.gz | recommender events -",
    ),
)
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="JSON Lines or CSV (.csv), each plain or gzip, or Parquet (.parquet); "
            "- for JSON Lines from standard input.",
        ),
    ],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add what readers did to the event log.

    A record is {"type": "impression", "view", "click" or "read_time", "article_id": "...",
    "reader": "...", "at": "..."}; "id", "impression_id", "shown", "position" and "seconds" where
    there are any. A file that is read twice is kept once.

    Exit status: 3 where some records are no events; the others are kept, and these stand with
    their reasons in rejected-events.jsonl of the home, without what tells who the reader was.
    """
    _refuse_absent(files)
    with Recommender.open(home) as recommender:
        imported = import_files(recommender, files)
    counts = imported.counts
    if as_json:
        print_json(imported)
    else:
        aside = sum(counts.set_aside.values())
        typer.echo(
            f"{counted(counts.kept, 'event')} added, {aside:,} set aside, "
            f"{counts.known:,} known already, {counts.rejected:,} rejected"
        )
        for reason, count in counts.set_aside.items():
            typer.echo(f"  set aside {count:,}: {reason}")
        if imported.unknown_articles.events:
            typer.echo(f"  {about_unknown(imported.unknown_articles)}")
    for reject in imported.first_rejects:
        typer.echo(f"{reject.source} {reject.position}: {reject.reason}", err=True)
    if counts.rejected:
        raise typer.Exit(REJECTED)


@commands.command(epilog=examples("recommender events quality"))
def quality(home: Home = None, as_json: AsJson = False) -> None:
    """How many events count, and why the others were set aside."""
    with Recommender.open(existing_home(home)) as recommender:
        log, catalog = recommender.parts.events, recommender.parts.catalog
        found: EventQuality = quality_of(log.quality(), unknown_in_log(log, catalog))
    if as_json:
        print_json(found)
    else:
        print_quality(found)


def import_files(recommender: Recommender, paths: list[Path]) -> Imported:
    """Adds the events of files, of standard input where a path is "-".

    Raises:
        OSError, SourceError: of one nothing can be read; what came before it is kept. One that
            cannot be read further has its reason among the rejects.
    """
    first: list[Reject] = []
    place = recommender.parts.home / REJECTS
    total = ImportedEvents(0, 0, 0, 0)
    unknown = UnknownArticlesCount(recommender.parts.catalog)
    with place.open("w", encoding="utf-8") as rejects:

        def keep(reject: Reject) -> None:
            rejects.write(reject.to_json() + "\n")
            if len(first) < _SHOWN_REJECTS:
                first.append(reject)

        for path in paths:
            with _opened(path) as items:
                done = import_events(
                    recommender.parts.events,
                    _until_broken(items, str(path)),
                    name=str(path),
                    now=recommender.clock(),
                    own=recommender.parts.own_networks,
                    on_reject=keep,
                    on_event=unknown.add,
                )
            total += done
    if not total.rejected:
        place.unlink()
    return Imported(total, place if total.rejected else None, tuple(first), unknown.counted())


def _until_broken(items: Iterator[Line | Reject], name: str) -> Iterator[Line | Reject]:
    """`items`; where they break off, a reject in place of what cannot be read."""
    position = 0
    try:
        for item in items:
            position = item.position
            yield item
    except SourceError as error:
        if not position:
            raise SourceError(str(error) if name in str(error) else f"{name}: {error}") from error
        yield Reject(name, position + 1, f"{error}; what stands before it is kept")


def _refuse_absent(paths: list[Path]) -> None:
    """Before the first is read; what is there may be a pipe."""
    for path in paths:
        if str(path) != "-" and (path.is_dir() or not path.exists()):
            what = "is a folder" if path.is_dir() else "is not there"
            raise InputError(
                f"{path} {what}: expected a file of events (JSON Lines, CSV or Parquet), or - for "
                "standard input. Commands about events: recommender events --help"
            )


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[Line | Reject]]:
    name = path.name.lower()
    if str(path) == "-":
        yield json_lines(stream_chunks(sys.stdin.buffer), name="-")
    elif name.endswith(".parquet"):
        path.open("rb").close()  # the library's own words for a missing file are its own
        yield parquet_rows(path)
    else:
        read = csv_rows if name.endswith((".csv", ".csv.gz")) else json_lines
        with path.open("rb") as file:
            yield read(stream_chunks(file), name=str(path))
