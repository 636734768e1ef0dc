"""The command that puts two pipelines side by side."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from recommender.cli.compare_page import page_of
from recommender.cli.options import AsJson, At, Home, Limit, examples, existing_home
from recommender.cli.rendering import print_json
from recommender.engine import Recommender
from recommender.errors import InputError, NotReady
from recommender.evaluation.ask_both import ask_both
from recommender.evaluation.side_by_side import SideBySide, side_by_side
from recommender.slots.corpus import Corpus
from recommender.slots.pipeline import Pipeline
from recommender.slots.slot import Slot

commands = typer.Typer()

_PAGE = Path("compare.html")


@commands.command(
    epilog=examples(
        "recommender compare default similarity",
        "recommender compare default similarity --article hp-0021 --html hp-0021.html",
        "recommender compare default similarity --sample 100 --json",
    )
)
def compare(
    *,
    left: Annotated[str, typer.Argument(metavar="A", help="A pipeline of the settings.")],
    right: Annotated[str, typer.Argument(metavar="B", help="The one beside it.")],
    article: Annotated[
        list[str] | None,
        typer.Option(
            "--article",
            metavar="ID",
            show_default=False,
            help="Beside this one; repeatable.  [default: a sample]",
        ),
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", min=1, max=1000, help="Articles drawn, the same every time.")
    ] = 20,
    limit: Limit = 5,
    at: At = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            show_default=False,
            help="Where the page goes; - for standard output.  [default: compare.html; with "
            "--json, nowhere]",
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write a page that shows the same articles under two pipelines: what moved, and why.

    The page is one file that needs no network; the largest changes stand first.
    """
    printed = str(html) == "-"
    if printed and as_json:
        raise typer.BadParameter("--json and --html - both print; name a file for the page.")
    target = html or (None if as_json else _PAGE)
    if target is not None and not printed:
        _refuse_no_file(target)
    with Recommender.open(existing_home(home), follow=False) as recommender:
        found = _compared(
            recommender, (left, right), article or (), sample=sample, limit=limit, at=at
        )
    if printed:
        typer.echo(page_of(found), nl=False)
        return
    if target is not None:
        target.write_text(page_of(found), encoding="utf-8")
    if as_json:
        print_json(found)
    else:
        typer.echo(
            f"{found.identical} of {len(found.pages)} slots are identical, "
            f"overlap@{limit} {found.overlap:.3f}; the page is {target}"
        )


def _refuse_no_file(page: Path) -> None:
    """Before the work, not after it."""
    if page.is_dir():
        raise InputError(f"{page} is a folder; expected a file for the page. Name one in it.")
    if not page.parent.is_dir():
        raise InputError(
            f"{page} cannot be written: there is no folder {page.parent}. Make it, or name a file "
            "in another with --html."
        )


def _compared(
    recommender: Recommender,
    names: tuple[str, str],
    ids: Sequence[str],
    *,
    sample: int,
    limit: int,
    at: datetime | None,
) -> SideBySide:
    moment = at or datetime.now(UTC)  # one for both
    left, right = map(recommender.pipeline, names)
    corpus = recommender.corpus()

    def related(article_id: str, pipeline: Pipeline, limit: int, offset: int) -> Slot:
        return recommender.related(
            article_id, limit=limit, offset=offset, at=moment, pipeline=pipeline.name
        )

    chosen = tuple(dict.fromkeys(ids)) or _drawn(corpus, sample)
    pages = [
        ask_both(corpus, one, related, left=left, right=right, limit=limit, at=moment)
        for one in chosen
    ]
    return side_by_side(
        pages,
        left=left.name,
        right=right.name,
        limit=limit,
        at=moment,
        index_version=corpus.version,
    )


def _drawn(corpus: Corpus, count: int) -> tuple[str, ...]:
    """Ids of published articles, the same ones of the same corpus."""
    published = np.flatnonzero(~corpus.hidden)
    if not len(published):
        raise NotReady("Every article is withdrawn, so there is nothing to compare.")
    rng = np.random.default_rng(0)
    drawn = rng.choice(published, min(count, len(published)), replace=False)
    return tuple(corpus.id_at(int(one)) for one in drawn)
