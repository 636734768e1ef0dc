"""Commands that measure how good what is shown is: evaluate."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from recommender.articles.article import Article
from recommender.articles.sources.open_source import open_source
from recommender.articles.text import article_text
from recommender.articles.times import parse_time
from recommender.cli.default_command import DefaultCommand
from recommender.cli.evaluate_popular import EXAMPLES, popular
from recommender.cli.evaluation_tables import print_evaluation
from recommender.cli.options import AsJson, examples
from recommender.cli.progress import watching
from recommender.cli.rendering import print_json
from recommender.engine import Recommender
from recommender.errors import InputError, SourceError
from recommender.evaluation.collection import collection_of
from recommender.evaluation.contestants import Contestant
from recommender.evaluation.evaluate import DEFAULT_CUTS, Options, Watch, evaluate
from recommender.evaluation.judgements import Judgements, read_judgements
from recommender.evaluation.queries import AsOf
from recommender.evaluation.report import Evaluation

commands = typer.Typer(
    cls=DefaultCommand,
    help="Measure what is shown. recommender evaluate DIR is recommender evaluate related DIR.",
)

_PIPELINE = "similarity"
_SEED = 0
"""Of the random order, the bootstrap and the test: the same folder, the same report."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The report of a folder.

    Attributes:
        folder: with the articles and the judgements.
        home: kept; None where it was a temporary one.
        rejected: records of the articles file that are no articles.
        evaluation: what was found.
    """

    folder: Path
    home: Path | None
    rejected: int
    evaluation: Evaluation


def _as_of(value: str) -> AsOf:
    match value:
        case "own" | "now":
            return value
    try:
        return parse_time(value)
    except ValueError as error:
        raise typer.BadParameter(
            f"{value!r}: {error}. Write own, now or a time as 2025-05-01T08:00:00Z.",
            param_hint="--as-of",
        ) from error


@commands.command(
    epilog=examples(
        "recommender evaluate judged",
        "recommender evaluate related judged --judged-only --k 5 --json",
        "recommender evaluate judged --pipeline default --pipeline similarity --home judged-home",
    )
)
def related(
    *,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="With articles.jsonl, as for rebuild, and qrels.tsv: a line for each judged pair, "
            "under the header query_id, doc_id, grade (parted by tabs; grade 0 for not related, "
            "more for more related). Each may be .gz.",
        ),
    ],
    pipeline: Annotated[
        list[str] | None,
        typer.Option(
            "--pipeline",
            metavar="NAME",
            show_default=False,
            help=f"Evaluate this one; repeatable.  [default: {_PIPELINE}]",
        ),
    ] = None,
    k: Annotated[
        list[int] | None,
        typer.Option(
            "--k",
            min=1,
            max=100,
            metavar="K",
            show_default=False,
            help="Of nDCG@k and P@k; repeatable.  [default: 2, 5, 10]",
        ),
    ] = None,
    judged_only: Annotated[
        bool,
        typer.Option("--judged-only", help="Rank only what was judged beside the same article."),
    ] = False,
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of",
            metavar="own|now|TIME",
            help="When a page is asked for, for pipelines that leave out what is dated later: when "
            "its article was published (now where it has no date), now, or at this time.",
        ),
    ] = "own",
    home: Annotated[
        Path | None,
        typer.Option(
            "--home",
            metavar="FOLDER",
            show_default=False,
            help="Home to put the articles into, beside what it has, and to keep: the next run "
            "need not embed them again, and pipelines of its recommender.toml can be evaluated. "
            "RECOMMENDER_HOME is left alone.  [default: a temporary one]",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare related articles with judgements, and with baselines on the same candidates.

    nDCG, P, MRR, recall and MAP with 95 % bootstrap intervals; p-values of a paired randomisation
    test; coverage, diversity, novelty, near-duplicates and age of what is shown.
    """
    options = Options(tuple(k or DEFAULT_CUTS), judged_only, _as_of(as_of))
    articles = _file(folder, "articles.jsonl")
    judgements = read_judgements(_file(folder, "qrels.tsv"))
    names = tuple(dict.fromkeys(pipeline or [_PIPELINE]))
    with _home(home) as place, Recommender.open(place) as recommender, watching() as watch:
        contestants = [_contestant(recommender, name) for name in names]
        _refuse_foreign(judgements, recommender, articles)
        rebuilt = recommender.rebuild([str(articles)], watch=watch)
        evaluation = evaluate(
            collection_of(recommender.corpus(), _texts(recommender)),
            judgements,
            contestants,
            options,
            now=datetime.now(UTC),
            rng=np.random.default_rng(_SEED),
            watch=Watch(watch.step, watch.progress),
        )
    if rebuilt.ingested.rejected:
        typer.echo(f"{rebuilt.ingested.rejected:,} records of {articles} are no articles", err=True)
    if as_json:
        print_json(Evaluated(folder, home, rebuilt.ingested.rejected, evaluation))
    else:
        print_evaluation(evaluation)


# after related, which is the command of the group that needs no name
commands.command(epilog=examples(*EXAMPLES))(popular)


def _file(folder: Path, name: str) -> Path:
    """The file of this name in the folder, plain or compressed."""
    found = [path for path in (folder / name, folder / f"{name}.gz") if path.is_file()]
    if found:
        return found[0]
    if not folder.is_dir():
        raise SourceError(f"{folder} is no folder; expected one with articles.jsonl and qrels.tsv.")
    raise SourceError(f"{folder} has neither {name} nor {name}.gz.")


def _refuse_foreign(judgements: Judgements, recommender: Recommender, articles: Path) -> None:
    """Before anything is embedded, which may take hours.

    Raises:
        InputError: no article of the home or of the file is one that is asked about.
        SourceError: the file cannot be read.
    """
    asked = judgements.grades
    if recommender.parts.catalog.get_many(list(asked)):
        return
    records = open_source(str(articles)).records
    if not any(isinstance(one, Article) and one.id in asked for one in records):
        raise InputError(judgements.foreign)


@contextmanager
def _home(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept
        return
    with TemporaryDirectory(prefix="recommender-evaluate-") as folder:
        yield Path(folder)


def _texts(recommender: Recommender) -> Mapping[str, str]:
    ids = recommender.corpus().base.ids
    stored = recommender.parts.catalog.get_many([ids.at(one) for one in range(len(ids))])
    return {article_id: article_text(one.article) for article_id, one in stored.items()}


def _contestant(recommender: Recommender, name: str) -> Contestant:
    def related(ids: Sequence[str], at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        for batch in recommender.score(ids, limit=limit, at=at, pipeline=name):
            yield from zip(batch.article_ids, batch.related_ids, strict=True)

    return Contestant(name, recommender.pipeline(name).as_of_now, related)
