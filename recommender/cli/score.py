"""The command that scores many articles."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from recommender.cli.options import (
    DEFAULT,
    AsJson,
    At,
    Home,
    Language,
    Limit,
    PipelineName,
    Section,
    examples,
    existing_home,
    filters,
    read_text,
)
from recommender.cli.rendering import print_json
from recommender.cli.score_files import check_output, write_scores
from recommender.engine import Recommender

commands = typer.Typer()


@commands.command(
    epilog=examples(
        "recommender score --output scores.parquet --limit 100 --pipeline similarity",
        "recommender score --output scores.jsonl --ids ids.txt",
    )
)
def score(
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", metavar="FILE", show_default=False, help="Ends with .parquet or .jsonl."
        ),
    ],
    limit: Limit = 10,
    pipeline: PipelineName = DEFAULT,
    ids: Annotated[
        Path | None,
        typer.Option(
            "--ids",
            metavar="FILE",
            show_default=False,
            help="Only these articles, one id a line; - for standard input.  [default: all]",
        ),
    ] = None,
    at: At = None,
    section: Section = None,
    language: Language = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write the related articles of many articles to a file.

    A row a recommendation: article_id, position from 1, related_id, score. The file is written
    aside and takes its name when it is whole.
    """
    check_output(output)
    began = time.perf_counter()
    with Recommender.open(existing_home(home)) as recommender:
        batches = recommender.score(
            None if ids is None else _ids(ids),
            limit=limit,
            at=at,
            filters=filters(section, language),
            pipeline=pipeline,
        )
        written = write_scores(output, batches)
    if as_json:
        print_json(written)
    else:
        typer.echo(
            f"{written.rows:,} rows of {written.articles:,} articles in {written.path}, "
            f"{time.perf_counter() - began:.1f} s"
        )


def _ids(path: Path) -> Sequence[str]:
    return [line.strip() for line in read_text(path).splitlines() if line.strip()]
