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
    MaxAge,
    PipelineName,
    Places,
    SameSection,
    Section,
    Seen,
    Shown,
    Tag,
    days_of,
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
from recommender.engine import Recommender
from recommender.pages import PAGE
from recommender.slots.slot import POPULAR_SLOTS, PopularBy, Slot, SlotQuery

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
    limit: Places = None,
    at: At = None,
    seen: Seen = None,
    shown: Shown = None,
    section: Section = None,
    language: Language = None,
    tag: Tag = None,
    exclude: Exclude = None,
    max_age: MaxAge = None,
    same_section: SameSection = False,
    pipeline: PipelineName = DEFAULT,
    explain: Explain = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What stands beside an article, or would stand beside a text."""
    chosen = filters(
        section, language, exclude, tag=tag, same_section=same_section, max_age=max_age
    )
    slot = _filled(
        home,
        [SlotQuery("related", limit, 0, chosen)],
        _subject(article_id, text, file, title),
        at=at,
        seen=seen,
        shown=shown,
        pipeline=pipeline,
        explain=explain,
    )[0]
    if as_json:
        print_slot_json(slot)
    else:
        print_slots([slot], explain=explain)


@commands.command(
    epilog=examples(
        "recommender popular --limit 10 --days 2",
        "recommender popular --by trending --section culture --json",
    )
)
def popular(
    *,
    by: Annotated[
        PopularBy,
        typer.Option(
            "--by", help="Most read, read more than usual, or clicked most often when shown."
        ),
    ] = "most_read",
    limit: Places = None,
    days: Annotated[
        float | None,
        typer.Option(
            "--days",
            min=0.01,
            max=100_000,
            show_default=False,
            help="Count readers and clicks of so many days.  [default: as in the settings]",
        ),
    ] = None,
    half_life: Annotated[
        float | None,
        typer.Option(
            "--half-life",
            metavar="DAYS",
            min=0.01,
            max=100_000,
            show_default=False,
            help="A reader of this age counts half, of what is read most.  "
            "[default: as in the settings]",
        ),
    ] = None,
    at: At = None,
    seen: Seen = None,
    shown: Shown = None,
    section: Section = None,
    language: Language = None,
    tag: Tag = None,
    exclude: Exclude = None,
    max_age: MaxAge = None,
    pipeline: PipelineName = DEFAULT,
    explain: Explain = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What is read most: unique readers, recent ones counting more; or what is popular else."""
    chosen = filters(section, language, exclude, tag=tag, max_age=max_age)
    slot = _filled(
        home,
        [SlotQuery(POPULAR_SLOTS[by], limit, 0, chosen)],
        None,
        at=at,
        window=days_of(days),
        half_life=days_of(half_life),
        seen=seen,
        shown=shown,
        pipeline=pipeline,
        explain=explain,
    )[0]
    if as_json:
        print_slot_json(slot)
    else:
        print_slots([slot], explain=explain)


@commands.command(
    epilog=examples(
        "recommender slots hp-0021 --at 2025-11-01T08:00:00Z --json",
        "recommender slots hp-0021 --slot related --slot trending --slot latest --limit 3",
    )
)
def slots(
    *,
    article_id: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Of a published article; without it, of no article."),
    ] = None,
    slot: Annotated[
        list[str] | None,
        typer.Option(
            "--slot",
            metavar="NAME",
            show_default=False,
            help="In the order in which they choose; a name of the settings too; repeatable.  "
            "[default: related, popular]",
        ),
    ] = None,
    limit: Places = None,
    at: At = None,
    seen: Seen = None,
    shown: Shown = None,
    section: Section = None,
    language: Language = None,
    tag: Tag = None,
    exclude: Exclude = None,
    max_age: MaxAge = None,
    same_section: SameSection = False,
    pipeline: PipelineName = DEFAULT,
    explain: Explain = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Several slots of a page, no article twice."""
    chosen = filters(
        section, language, exclude, tag=tag, same_section=same_section, max_age=max_age
    )
    filled = _filled(
        home,
        [SlotQuery(name, limit, 0, chosen) for name in dict.fromkeys(slot or PAGE)],
        article_id,
        at=at,
        seen=seen,
        shown=shown,
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
    shown: Sequence[str] | None,
    pipeline: str,
    explain: bool,
    window: timedelta | None = None,
    half_life: timedelta | None = None,
) -> tuple[Slot, ...]:
    with Recommender.open(existing_home(home)) as recommender:
        page = recommender.fill(
            slots,
            subject,
            at=at,
            window=window,
            half_life=half_life,
            seen=tuple(seen or ()),
            shown=tuple(shown or ()),
            pipeline=pipeline,
        )
        return with_every_signal(page) if explain else page.rendered()
