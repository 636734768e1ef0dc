"""The command that shows it working."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import as_file, files
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from recommender.articles.field_names import parse_map
from recommender.cli.event_files import import_files
from recommender.cli.options import AsJson, Limit, Mapping, examples
from recommender.cli.progress import watching
from recommender.cli.rebuild_job import rebuild_opened
from recommender.cli.rebuild_summary import summary
from recommender.cli.rendering import print_page_json, print_slots
from recommender.engine import Recommender
from recommender.errors import NotReady
from recommender.pages import PAGE
from recommender.settings import DEFAULT_HOME

commands = typer.Typer()

_LOOKED_AT = 20
"""Of the newest articles, to find one whose page shows what the product does."""


@dataclass(frozen=True, slots=True)
class _Page:
    article_id: str
    at: datetime | None


@commands.command(epilog=examples("recommender demo", "recommender demo articles.jsonl --home try"))
def demo(
    corpus: Annotated[
        str | None,
        typer.Argument(
            metavar="CORPUS",
            show_default=False,
            help="A file or feed address.  [default: the sample that comes with the program, "
            "articles and readers of an invented local paper]",
        ),
    ] = None,
    mapping: Mapping = None,
    limit: Limit = 5,
    home: Annotated[
        Path,
        typer.Option("--home", metavar="FOLDER", help="Folder to make; RECOMMENDER_HOME is left."),
    ] = DEFAULT_HOME / "demo",
    as_json: AsJson = False,
) -> None:
    """Make a home, rebuild, and show both slots of one article."""
    fields = parse_map(mapping or ())
    with ExitStack() as open_now:
        recommender = open_now.enter_context(Recommender.open(home))
        sample = open_now.enter_context(as_file(files("recommender").joinpath("sample")))
        # before the rebuild, which looks for what was read together
        if corpus is None and not len(recommender.parts.events):
            import_files(recommender, [sample / "events.jsonl"])
        with watching() as watch:
            source = corpus or str(sample / "articles.jsonl")
            rebuilt = rebuild_opened(recommender, [source], fields, watch)
        page = _choose(recommender, at_sample_end=corpus is None)
        slots = recommender.slots(page.article_id, slots=PAGE, limit=limit, at=page.at)
        stored = recommender.parts.catalog.get(page.article_id)
    if as_json:
        print_page_json(slots)
        return
    typer.echo("\n".join(summary(rebuilt)))
    title = stored.article.title if stored else ""
    typer.echo(f"\nThe page of {page.article_id}: {title}\n")
    print_slots(slots, explain=False)
    of = f" CORPUS={corpus}" if corpus else ""
    at = f"?at={page.at:%Y-%m-%dT%H:%M:%SZ}" if page.at else ""
    typer.echo(
        f"\nNext: make serve{of}   (or: recommender serve --home {home})\n"
        f"then: http://127.0.0.1:8000/v1/articles/{page.article_id}/slots{at}"
    )


def _choose(recommender: Recommender, *, at_sample_end: bool) -> _Page:
    """Of the newest articles the one whose related slot is best filled; the newer of equals."""
    span = recommender.parts.events.span() if at_sample_end else None
    at = span[1] if span else None
    corpus = recommender.corpus()
    shown = (int(one) for one in corpus.newest if not corpus.hidden[one])
    newest = [corpus.id_at(one) for one in islice(shown, _LOOKED_AT)]
    best, best_sum = "", -1.0
    for batch in recommender.score(newest, limit=5, at=at):
        sums = dict.fromkeys(newest, 0.0)
        for article_id, score in zip(batch.article_ids, batch.scores, strict=True):
            sums[article_id] += float(score)
        for article_id, total in sums.items():
            if total > best_sum:
                best, best_sum = article_id, total
    if not best:
        raise NotReady("Every article is withdrawn. Name another corpus.")
    return _Page(best, at)
