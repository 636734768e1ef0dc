"""The command that replays a log of what was shown and clicked: evaluate popular."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from recommender.articles.article import Article
from recommender.articles.sources.open_source import open_source
from recommender.cli.options import AsJson, time_option
from recommender.cli.rendering import print_json
from recommender.cli.replay_tables import print_replay
from recommender.evaluation.impressions import read_impressions
from recommender.evaluation.rankers import ByAppeal, baselines
from recommender.evaluation.replay import Replay, replay
from recommender.readers.appeal.model import Appeal

EXAMPLES = (
    "recommender evaluate popular impressions.jsonl.gz",
    "recommender evaluate popular impressions.jsonl --from 2019-11-12 --json",
    "recommender evaluate popular impressions.jsonl --articles articles.jsonl",
)

_SEED = 0
"""Of the bootstrap: the same log, the same report."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The report of a log.

    Attributes:
        impressions: the file.
        articles: the file with their sections; None where there is none.
        rejected: its records that are no articles.
        sections: articles of it that have one.
        replay: what was found.
    """

    impressions: Path
    articles: Path | None
    rejected: int
    sections: int
    replay: Replay


def popular(
    *,
    impressions: Annotated[
        Path,
        typer.Argument(
            metavar="IMPRESSIONS",
            help='A line for each list that was shown, in the order of time: {"timestamp": '
            '"2019-11-09T00:01:13Z", "shown": ["a", "b"], "clicked": ["b"]}. Where known, with '
            '"history", what this reader had read before, and "positions", from 1, one for each '
            "shown. May be .gz.",
        ),
    ],
    since: Annotated[
        datetime | None,
        time_option(
            "--from",
            "Judge only from this date or time on, ISO 8601; UTC where it names no zone. What "
            "comes before is learned from.  [default: the beginning]",
        ),
    ] = None,
    articles: Annotated[
        Path | None,
        typer.Option(
            "--articles",
            metavar="FILE",
            show_default=False,
            help="The articles, as for rebuild, for their sections.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay a log: foresee the clicks of each list, then learn from it.

    The model of what draws clicks, beside random order, decayed clicks and the decayed click
    rate with a prior of 20 impressions, all over the same lists. AUC, and MRR and
    nDCG@5 as the MIND challenge counts them, are means over lists; 95 % bootstrap intervals over
    hours; figures by day. No reader's profile is used.
    """
    sections: dict[str, str] = {}
    rejected = 0
    for section, article_id in _sections(articles):
        if article_id is None:
            rejected += 1
        elif section:
            sections[article_id] = section
    found = replay(
        read_impressions(impressions),
        (ByAppeal(Appeal(sections=sections)), *baselines()),
        since=since,
        rng=np.random.default_rng(_SEED),
    )
    if rejected:
        typer.echo(f"{rejected:,} records of {articles} are no articles", err=True)
    if as_json:
        print_json(Replayed(impressions, articles, rejected, len(sections), found))
    else:
        print_replay(found)


def _sections(articles: Path | None) -> Iterator[tuple[str, str | None]]:
    """Section and id of each record; no id where it is no article."""
    if articles is not None:
        for record in open_source(str(articles)).records:
            if isinstance(record, Article):
                yield record.section, record.id
            else:
                yield "", None
