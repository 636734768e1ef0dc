"""Commands that fill slots: related, popular, slots."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from recommender.asking import UnpublishedText
from recommender.cli.options import (
    DEFAULT,
    AsJson,
    At,
    Exclude,
    Explain,
    Home,
    Language,
    Limit,
    PipelineName,
    Section,
    Seen,
    examples,
    existing_home,
    filters,
    read_text,
)
from recommender.cli.rendering import (
    print_page_json,
    print_slot_json,
    print_slots,
    with_every_signal,
)
from recommender.engine import PAGE, Recommender
from recommender.slots.slot import Slot, SlotQuery

commands = typer.Typer()


@commands.command(
    epilog=examples(
        "recommender related hp-0021 --limit 3 --explain",
        'recommender related --title "Bees in the clock" --text "A swarm stopped the clock."',
        "recommender related --file draft.txt --section culture --json",
    )
)
def related(
    *,
    article_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="Of a published article.")
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", show_default=False, help="A text in place of an ID.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            show_default=False,
            help="A UTF-8 text in place of an ID; - for standard input.",
        ),
    ] = None,
    title: Annotated[str, typer.Option("--title", help="Headline of the text.")] = "",
    limit: Limit = 5,
    at: At = None,
    seen: Seen = None,
    section: Section = None,
    language: Language = None,
    exclude: Exclude = None,
    pipeline: PipelineName = DEFAULT,
    explain: Explain = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What stands beside an article, or would stand beside a text."""
    slot = _filled(
        home,
        [SlotQuery("related", limit, 0, filters(section, language, exclude))],
        _subject(article_id, text, file, title),
        at=at,
        seen=seen,
        pipeline=pipeline,
        explain=explain,
    )[0]
    if as_json:
        print_slot_json(slot)
    else:
        print_slots([slot], explain=explain)


@commands.command(
    epilog=examples(
        "recommender popular --limit 10 --days 2", "recommender popular --section culture --json"
    )
)
def popular(
    *,
    limit: Limit = 5,
    days: Annotated[
        float | None,
        typer.Option(
            "--days",
            min=0.01,
            max=100_000,
            show_default=False,
            help="Count readers of so many days.  [default: popular.window_days of the settings]",
        ),
    ] = None,
    at: At = None,
    seen: Seen = None,
    section: Section = None,
    language: Language = None,
    exclude: Exclude = None,
    pipeline: PipelineName = DEFAULT,
    explain: Explain = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What is read most: unique readers, recent ones counting more."""
    slot = _filled(
        home,
        [SlotQuery("popular", limit, 0, filters(section, language, exclude))],
        None,
        at=at,
        window=None if days is None else timedelta(days=days),
        seen=seen,
        pipeline=pipeline,
        explain=explain,
    )[0]
    if as_json:
        print_slot_json(slot)
    else:
        print_slots([slot], explain=explain)


@commands.command(
    epilog=examples(
        "recommender slots hp-0021", "recommender slots hp-0021 --at 2025-11-01T08:00:00Z --json"
    )
)
def slots(
    *,
    article_id: Annotated[str, typer.Argument(metavar="ID", help="Of a published article.")],
    limit: Limit = 5,
    at: At = None,
    seen: Seen = None,
    section: Section = None,
    language: Language = None,
    exclude: Exclude = None,
    pipeline: PipelineName = DEFAULT,
    explain: Explain = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Both slots of an article's page, no article twice."""
    chosen = filters(section, language, exclude)
    filled = _filled(
        home,
        [SlotQuery(name, limit, 0, chosen) for name in PAGE],
        article_id,
        at=at,
        seen=seen,
        pipeline=pipeline,
        explain=explain,
    )
    if as_json:
        print_page_json(filled)
    else:
        print_slots(filled, explain=explain)


def _subject(
    article_id: str | None, text: str | None, file: Path | None, title: str
) -> str | UnpublishedText:
    if sum(one is not None for one in (article_id, text, file)) != 1:
        raise typer.BadParameter("Expected one of ID, --text and --file.")
    if article_id is not None:
        return article_id
    body = text if text is not None else read_text(file) if file is not None else ""
    return UnpublishedText(body=body, title=title)


def _filled(
    home: Path | None,
    slots: Sequence[SlotQuery],
    subject: str | UnpublishedText | None,
    *,
    at: datetime | None,
    seen: Sequence[str] | None,
    pipeline: str,
    explain: bool,
    window: timedelta | None = None,
) -> tuple[Slot, ...]:
    with Recommender.open(existing_home(home)) as recommender:
        page = recommender.fill(
            slots, subject, at=at, window=window, seen=tuple(seen or ()), pipeline=pipeline
        )
        return with_every_signal(page) if explain else page.rendered()
