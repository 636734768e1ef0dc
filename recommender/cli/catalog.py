"""Commands that change the catalog: rebuild, withdraw."""

from dataclasses import dataclass
from typing import Annotated

import typer

from recommender.cli.options import AsJson, Home, Mapping, examples, existing_home
from recommender.cli.outcome import FAILED, INTERRUPTED
from recommender.cli.progress import watching
from recommender.cli.rebuild_job import exit_status, run_rebuild
from recommender.cli.rebuild_summary import summary
from recommender.cli.rendering import print_json
from recommender.engine import Recommender

commands = typer.Typer()


@commands.command(
    epilog=examples(
        "recommender rebuild articles.jsonl",
        "recommender rebuild export.csv --map title=headline --map body=text",
        "recommender rebuild https://www.example.org/feed.xml --home /srv/recommender",
    )
)
def rebuild(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            show_default=False,
            help="JSON Lines, CSV (each plain or .gz), RSS, Atom or JSON Feed: files, addresses, "
            "or - for standard input. None: from the catalog alone.",
        ),
    ] = None,
    mapping: Mapping = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Make all anew, also where little or nothing changed.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring the catalog up to date with the sources and publish a new snapshot.

    May be killed at any moment: what is served stays, and the next run goes on from there. A few
    changes of a large catalog are folded into the snapshot before; rebuild.fold_from and
    rebuild.fold_share of recommender.toml say when.

    Exit status: 0 all went well; 3 a snapshot is published but some records were rejected (they
    stand with their reasons in rejects.jsonl of the home; a scheduler may count 3 as success,
    in systemd with SuccessExitStatus=3); 1 it failed, or another rebuild is running, and what is
    served is as before; 2 wrong usage; 130 Ctrl-C.
    """
    try:
        with watching() as watch:
            rebuilt = run_rebuild(home, sources or (), mapping or (), watch, whole=whole)
    except KeyboardInterrupt:
        typer.echo(
            "Stopped. What is served is as before, and nothing that was embedded is lost: "
            "run the same command again to go on.",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(rebuilt)
    else:
        typer.echo("\n".join(summary(rebuilt)))
    raise typer.Exit(exit_status(rebuilt))


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What became of the ids.

    Attributes:
        withdrawn: those that the catalog knows.
        unknown: the others.
    """

    withdrawn: tuple[str, ...]
    unknown: tuple[str, ...]


@commands.command(epilog=examples("recommender withdraw hp-0030"))
def withdraw(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Of articles.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take articles from every slot, at once, until they are put in again.

    A later rebuild brings one back only where its source has a newer version of it.

    Exit status: 1 where an id is unknown; the known ones are withdrawn all the same.
    """
    with Recommender.open(existing_home(home)) as recommender:
        known = recommender.withdraw(ids)
    done = Withdrawn(tuple(known), tuple(dict.fromkeys(one for one in ids if one not in known)))
    if as_json:
        print_json(done)
    else:
        typer.echo(f"withdrew {len(done.withdrawn)}: {', '.join(done.withdrawn) or 'none'}")
    if done.unknown:
        typer.echo(
            f"recommender: No article has the id {', '.join(done.unknown)}. "
            "Ids are those of the sources; `recommender related ID` suggests near ones.",
            err=True,
        )
        raise typer.Exit(FAILED)
