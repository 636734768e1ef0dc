"""Commands about the home folder: status, settings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from recommender.articles.catalog import Counts
from recommender.cli.options import AsJson, Home, examples, existing_home
from recommender.cli.rendering import console, counted, print_json, to_the_second
from recommender.engine import Recommender
from recommender.settings import find_home, load_settings, origins

commands = typer.Typer()


@dataclass(frozen=True, slots=True)
class Served:
    """The snapshot that answers.

    Attributes:
        version: its name.
        created_at: ISO 8601.
        articles: in it.
        embedder: whose vectors it holds.
        index_kind: what searches it.
        recall_at_10: share of the true ten nearest that a search finds, as measured at rebuild.
    """

    version: str
    created_at: str
    articles: int
    embedder: str
    index_kind: str
    recall_at_10: float


@dataclass(frozen=True, slots=True)
class Status:
    """How a home stands.

    Attributes:
        home: the folder.
        articles: of the catalog.
        events: in the event log.
        embedder: that the settings ask for.
        served: None where there is nothing to serve.
        changed: articles that came, changed or were withdrawn since that snapshot.
        refused: why the published snapshot is not the one that answers.
    """

    home: Path
    articles: Counts
    events: int
    embedder: str
    served: Served | None
    changed: int
    refused: tuple[str, ...]


@commands.command(epilog=examples("recommender status", "recommender status --json"))
def status(home: Home = None, as_json: AsJson = False) -> None:
    """How many articles and events there are, and which snapshot answers."""
    with Recommender.open(existing_home(home)) as recommender:
        found = _status(recommender)
    if as_json:
        print_json(found)
        return
    rows = [
        ("home", str(found.home)),
        (
            "articles",
            ", ".join(
                (
                    f"{found.articles.published:,} published",
                    f"{found.articles.withdrawn:,} withdrawn",
                    f"{found.articles.expired:,} expired",
                )
            ),
        ),
        ("vectors", f"{found.articles.with_vector:,} of {found.embedder}"),
        ("events", f"{found.events:,}"),
    ]
    if found.served is None:
        rows.append(("snapshot", "none; run: recommender rebuild SOURCE..."))
    else:
        one = found.served
        rows += [
            ("snapshot", _snapshot(one)),
            ("index", f"{one.index_kind}, recall@10 {one.recall_at_10:.3f}, {one.embedder}"),
            ("since then", f"{counted(found.changed, 'article')} changed"),
        ]
    rows += [("refused", reason) for reason in found.refused]
    _print_rows(rows)


@commands.command(epilog=examples("recommender settings"))
def settings(
    changed: Annotated[
        bool, typer.Option("--changed", help="Only those that are not the default.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Every setting, its value, and where it came from.

    Later ones win: the default, recommender.toml in the home folder, a variable. The variable of
    popular.half_life_days is RECOMMENDER_POPULAR__HALF_LIFE_DAYS.
    """
    folder = find_home(home)
    found = [
        one
        for one in origins(load_settings(folder), folder)
        if one.source != "default" or not changed
    ]
    if as_json:
        print_json(found)
        return
    table = Table("setting", "value", "from")
    for one in found:
        table.add_row(Text(one.name), Text("" if one.value is None else str(one.value)), one.source)
    console().print(table)


def _status(recommender: Recommender) -> Status:
    parts = recommender.parts
    snapshot, refused = parts.store.open_last_good()
    served, changed = None, 0
    if snapshot is not None:
        manifest = snapshot.manifest
        served = Served(
            version=manifest.version,
            created_at=manifest.created_at,
            articles=manifest.count,
            embedder=manifest.embedder,
            index_kind=str(manifest.facts.get("index_kind", "")),
            recall_at_10=float(manifest.facts.get("recall_at_10", 0)),
        )
        since = parts.catalog.changed_since(manifest.revision, manifest.embedder)
        changed = len(since.changes)
    return Status(
        home=parts.home,
        articles=parts.catalog.counts(parts.embedder.name, recommender.clock()),
        events=len(parts.events),
        embedder=parts.embedder.name,
        served=served,
        changed=changed,
        refused=refused,
    )


def _snapshot(one: Served) -> str:
    made = to_the_second(one.created_at)
    return f"{one.version} of {made}, {counted(one.articles, 'article')}"


def _print_rows(rows: list[tuple[str, str]]) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(Text(name, style="bold"), Text(value, overflow="fold"))
    console().print(table)
