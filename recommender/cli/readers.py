"""Commands about readers: erase."""

from dataclasses import dataclass
from typing import Annotated

import typer

from recommender.cli.options import AsJson, Home, examples, existing_home
from recommender.cli.rendering import counted, print_json
from recommender.engine import Recommender

commands = typer.Typer(help="What is kept of readers.")


@commands.callback()
def readers() -> None:
    """What is kept of readers."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted.

    Attributes:
        events: of the readers.
    """

    events: int


@commands.command(epilog=examples("recommender readers erase r-81"))
def erase(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="As the events name the reader.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Delete all events of readers, and take back what they counted.

    Events that are older than the salts of their names belong to nobody any more, and stay. What
    was read together is counted without them from the next rebuild on.
    """
    if not all(ids):
        raise typer.BadParameter(
            "Expected the name of a reader, got an empty one.", param_hint="ID"
        )
    with Recommender.open(existing_home(home)) as recommender:
        done = Erased(sum(recommender.parts.events.erase(one) for one in ids))
    if as_json:
        print_json(done)
    else:
        typer.echo(f"erased {counted(done.events, 'event')}")
