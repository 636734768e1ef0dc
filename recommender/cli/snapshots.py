"""Commands about snapshots: list, verify, rollback, prune."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import typer
from rich.table import Table
from rich.text import Text

from index.errors import SnapshotError, VectorIndexError
from index.exact import ExactIndex
from index.recall import sampled_recall
from index.snapshot import SnapshotStore
from recommender.cli.options import AsJson, Home, examples, existing_home
from recommender.cli.outcome import FAILED
from recommender.cli.rendering import console, print_json, to_the_second
from recommender.engine import Recommender
from recommender.slots.shelving import read_corpus

commands = typer.Typer(help="What rebuilds published: list, verify, roll back, prune.")

_NONE_YET = "There is no snapshot yet. Run: recommender rebuild SOURCE..."
_RECALL_AT = 10
_RECALL_QUERIES = 50


@dataclass(frozen=True, slots=True)
class Checked:
    """A snapshot that was looked at.

    Attributes:
        version: its name.
        recall: share of the true nearest that searches find; None where it is not sound.
        refused: why it is not sound; None where it is.
    """

    version: str
    recall: float | None
    refused: str | None


@commands.command("list", epilog=examples("recommender snapshots list"))
def list_all(home: Home = None, as_json: AsJson = False) -> None:
    """Every snapshot, the oldest first.

    "Published before" is what a rollback comes to by itself; "set aside" is what was rolled back
    from or never published, and is served again by: recommender snapshots rollback --to VERSION.
    """
    with Recommender.open(existing_home(home)) as recommender:
        found = recommender.parts.store.versions()
    if as_json:
        print_json(found)
        return
    if not found:
        typer.echo(_NONE_YET)
    for one in found:
        state = "served" if one.current else "published before" if one.published else "set aside"
        typer.echo(f"{one.version}  {_moment(one.created_at):<20}  {state}")


@commands.command(epilog=examples("recommender snapshots verify"))
def verify(
    versions: Annotated[
        list[str] | None,
        typer.Argument(metavar="VERSION", show_default=False, help="All where none is named."),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Compare all checksums, then read each snapshot and search in it.

    Exit status: 1 where one is not sound.
    """
    with Recommender.open(existing_home(home)) as recommender:
        store = recommender.parts.store
        names = versions or [one.version for one in store.versions()]
        checked = _check_all(store, names)
    if as_json:
        print_json(checked)
    elif not checked:
        typer.echo(_NONE_YET)
    else:
        table = Table("version", "state", "recall@10")
        for one in checked:
            recall = "" if one.recall is None else f"{one.recall:.3f}"
            table.add_row(one.version, Text(one.refused or "sound"), recall)
        console().print(table)
    if any(one.refused for one in checked):
        raise typer.Exit(FAILED)


@commands.command(epilog=examples("recommender snapshots rollback"))
def rollback(
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="VERSION", show_default=False, help="Serve this one, older or newer."
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Serve what was published before the current snapshot; twice goes back two.

    Withdrawn articles stay withdrawn. The next rebuild publishes the catalog as it is again.
    """
    with Recommender.open(existing_home(home)) as recommender:
        version = recommender.parts.store.rollback(to)
    if as_json:
        print_json({"version": version})
    else:
        typer.echo(f"serving {version}")


@commands.command(epilog=examples("recommender snapshots prune --keep 1"))
def prune(
    keep: Annotated[
        int,
        typer.Option("--keep", min=1, max=1000, help="How many stay, the one served included."),
    ] = 3,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Remove old snapshots; never the one that is served."""
    with Recommender.open(existing_home(home)) as recommender:
        removed = recommender.parts.store.prune(keep=keep)
    if as_json:
        print_json({"removed": removed})
    else:
        typer.echo(f"removed {len(removed)}: {', '.join(removed) or 'none'}")


def _moment(created_at: str | None) -> str:
    return "not readable" if created_at is None else to_the_second(created_at)


def _check_all(store: SnapshotStore, versions: Sequence[str]) -> list[Checked]:
    known = {one.version for one in store.versions()}
    for version in versions:
        if version not in known:
            store.open(version)  # raises, and says which there are
    return [_check(store, version) for version in versions]


def _check(store: SnapshotStore, version: str) -> Checked:
    try:
        corpus = read_corpus(store.open(version, anew=True))
        base = corpus.base
        recall = sampled_recall(
            corpus.index,
            ExactIndex(base.columns.rows, base.texts.vectors),
            _RECALL_AT,
            sample=_RECALL_QUERIES,
            rng=np.random.default_rng(0),  # the same question each time
        )
    except SnapshotError as error:
        return Checked(version, None, str(error))
    except (OSError, ValueError, KeyError, VectorIndexError) as error:
        return Checked(version, None, f"its parts cannot be read: {error}")
    return Checked(version, round(recall, 4), None)
