"""The command that scores many articles."""

import time
from collections.abc import Sequence
from datetime import datetime
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
from recommender.cli.score_files import check_output, opened
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
    in parts beside its place and takes its name when it is whole. Broken off, the same command
    goes on behind the last part, as long as snapshot, articles, rules and settings are the same.
    """
    check_output(output)
    began = time.perf_counter()
    wanted = None if ids is None else _ids(ids)
    with Recommender.open(existing_home(home)) as recommender:
        question = {
            "home": recommender.parts.catalog.identity,
            "index_version": recommender.corpus().version,
            "catalog": recommender.parts.catalog.revision,
            "pipeline": repr(recommender.pipeline(pipeline)),
            "slot": repr(recommender.parts.slots["related"]),
            "rules": [one.number for one in recommender.rules.standing()],
            "limit": limit,
            "at": None if at is None else at.isoformat(),
            "sections": section,
            "languages": language,
            "ids": wanted,
        }
        now = at or recommender.clock()
        with opened(output, question, now.isoformat()) as file:
            batches = recommender.score(
                wanted,
                limit=limit,
                at=datetime.fromisoformat(file.at),
                filters=filters(section, language),
                pipeline=pipeline,
                after=file.done,
            )
            written = file.write(batches)
    if as_json:
        print_json(written)
    else:
        if written.taken_up:
            typer.echo(f"Went on behind {written.taken_up:,} articles of an earlier run.")
        typer.echo(
            f"{written.rows:,} rows of {written.articles:,} articles in {written.path}, "
            f"{time.perf_counter() - began:.1f} s"
        )


def _ids(path: Path) -> Sequence[str]:
    return [line.strip() for line in read_text(path).splitlines() if line.strip()]
