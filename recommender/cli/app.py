"""The program: its commands put together, and how a run of it ends."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from recommender.cli import (
    catalog,
    compare,
    demo,
    evaluate,
    event_files,
    experiments,
    home,
    readers,
    rules,
    score,
    serve,
    slots,
    snapshots,
    tune,
)
from recommender.cli.options import examples
from recommender.cli.outcome import FAILED, FINE, one_line
from recommender.cli.usage import told

_DEBUG = "--debug"
_NAME = "recommender"

app = typer.Typer(
    name=_NAME,
    # plain text: it can be piped, searched and read aloud
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{_NAME} {version('related-articles')}")
        raise typer.Exit


@app.callback(
    epilog=examples("recommender demo", "recommender rebuild articles.jsonl --debug"),
)
def root(
    debug: Annotated[
        bool, typer.Option(_DEBUG, help="Show where an error came from; may stand anywhere.")
    ] = False,
    show_version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print and exit."),
    ] = False,
) -> None:
    """Fills the Related articles and Popular slots of every article page of a publisher.

    Exit status: 0 fine, 1 an error, 2 wrong usage, 3 some records were rejected.
    """


app.add_typer(demo.commands)
app.add_typer(catalog.commands)
app.add_typer(slots.commands)
app.add_typer(score.commands)
app.add_typer(evaluate.commands, name="evaluate")
app.add_typer(compare.commands)
app.add_typer(tune.commands)
app.add_typer(event_files.commands, name="events")
app.add_typer(readers.commands, name="readers")
app.add_typer(experiments.commands, name="experiments")
app.add_typer(serve.commands)
app.add_typer(snapshots.commands, name="snapshots")
app.add_typer(rules.commands, name="rules")
app.add_typer(home.commands)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line, the process's own where None is given; returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = _DEBUG in given
    words = [word for word in given if word != _DEBUG] or ["--help"]
    try:
        status = app(args=words, prog_name=_NAME, standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        if debug:
            raise
        typer.echo(f"{_NAME}: {told(error, _NAME)}", err=True)
        return error.exit_code
    except BrokenPipeError:
        # the reader had enough, as `head` does; what is still buffered must not be tried again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if debug:
            raise
        typer.echo(f"{_NAME}: {one_line(error)}", err=True)
        return FAILED
    return status if isinstance(status, int) else FINE
