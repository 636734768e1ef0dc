"""Event files into the log, and the command that does it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from recommender.articles.sources.chunks import lines, stream_chunks, utf8_chunks
from recommender.cli.options import AsJson, Home, examples
from recommender.cli.outcome import REJECTED
from recommender.cli.rendering import print_json
from recommender.engine import Recommender
from recommender.readers.event_lines import EventReject, ImportedEvents, import_events
from recommender.readers.events import EventLog

commands = typer.Typer()

_SHOWN_REJECTS = 5


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file.

    Attributes:
        counts: of its lines.
        first_rejects: some lines that are no event.
    """

    counts: ImportedEvents
    first_rejects: tuple[EventReject, ...]


@commands.command(
    epilog=examples(
        "recommender events events.jsonl", "zcat events.jsonl.gz | recommender events -"
    )
)
def events(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="JSON Lines, plain or gzip; - for standard input."),
    ],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add what readers did to the event log.

    A line is {"type": "view" or "click", "article_id": "...", "reader": "...", "at": "..."}.
    A file that is read twice is counted twice; popularity counts each reader once.

    Exit status: 3 where some lines are no events; the others are kept.
    """
    with Recommender.open(home) as recommender:
        imported = import_file(recommender.parts.events, file)
    counts = imported.counts
    if as_json:
        print_json(imported)
    else:
        typer.echo(
            f"{counts.added:,} events added, {counts.impressions:,} impressions passed over, "
            f"{counts.rejected:,} rejected"
        )
    for reject in imported.first_rejects:
        typer.echo(f"line {reject.line}: {reject.reason}", err=True)
    if counts.rejected:
        raise typer.Exit(REJECTED)


def import_file(log: EventLog, path: Path) -> Imported:
    """Adds the events of a file, of standard input where `path` is "-".

    Raises:
        OSError, SourceError: it cannot be read; what came before that is kept.
    """
    first: list[EventReject] = []

    def keep(reject: EventReject) -> None:
        if len(first) < _SHOWN_REJECTS:
            first.append(reject)

    with _opened(path) as stream:
        counts = import_events(log, lines(utf8_chunks(stream_chunks(stream))), on_reject=keep)
    return Imported(counts, tuple(first))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    with path.open("rb") as file:
        yield file
