"""Commands about editors' rules: add, list, end, audit."""

import getpass
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeAlias

import typer
from rich.table import Table
from rich.text import Text

from recommender.cli.options import AsJson, Home, examples, existing_home, time_option
from recommender.cli.rendering import console, counted, print_json
from recommender.editors.rule import (
    ACTIONS,
    AMOUNTS,
    Action,
    RecordedRule,
    Rule,
    Target,
    range_of,
)
from recommender.editors.told import told
from recommender.engine import Recommender
from recommender.errors import InputError
from recommender.meant import did_you_mean

commands = typer.Typer(
    help="Editors' rules: pin, boost, bury, block, ignore a section, promote.",
)

_NONE_YET = "There is no rule. Make one with: recommender rules add --help"
_ACTIONS = {action.replace("_", "-"): action for action in ACTIONS}

By: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="NAME",
        show_default=False,
        help="Who orders it, for the audit log.  [default: the user of this computer]",
    ),
]
Why: TypeAlias = Annotated[str, typer.Option("--why", help="The reason, for the audit log.")]
_Number: TypeAlias = Annotated[int, typer.Argument(metavar="NUMBER", help="Of a standing rule.")]


@dataclass(frozen=True, slots=True)
class Added:
    """A rule that was taken.

    Attributes:
        rule: as it is kept.
        articles: how many published articles it is about; None where nothing was rebuilt yet.
        near: names that look like the one it gives, where no article has that.
    """

    rule: RecordedRule
    articles: int | None
    near: tuple[str, ...]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise typer.BadParameter("Expected --by NAME: this computer has no name for you.") from None


def _action(value: str) -> Action:
    found = _ACTIONS.get(value.replace("_", "-"))
    if found is None:
        raise typer.BadParameter(f"Expected one of {', '.join(_ACTIONS)}, got {value!r}.")
    return found


@commands.command(
    epilog=examples(
        'recommender rules add pin --article hp-0003 --position 1 --why "election night"',
        'recommender rules add boost --section culture --factor 2 --to 2030-01-01 --why "festival"',
        'recommender rules add bury --tag weather --factor 0.5 --why "out of date by noon"',
        'recommender rules add block --pair hp-0001 hp-0002 --why "a complaint is pending"',
        'recommender rules add ignore-section --section council --why "too wide a section"',
        'recommender rules add promote --author "Ada Berg" --share 0.2 --why "new columnist"',
    )
)
def add(
    action: Annotated[
        str,
        typer.Argument(
            metavar="ACTION", help="pin, boost, bury, block, ignore-section or promote."
        ),
    ],
    *,
    why: Why,
    article: Annotated[
        str | None, typer.Option("--article", metavar="ID", show_default=False, help="About it.")
    ] = None,
    pair: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--pair", metavar="ID ID", show_default=False, help="Each on the other's page."
        ),
    ] = None,
    section: Annotated[
        str | None,
        typer.Option("--section", metavar="NAME", show_default=False, help="About its articles."),
    ] = None,
    tag: Annotated[
        str | None,
        typer.Option("--tag", metavar="NAME", show_default=False, help="About those with it."),
    ] = None,
    author: Annotated[
        str | None,
        typer.Option("--author", metavar="NAME", show_default=False, help="About what they wrote."),
    ] = None,
    position: Annotated[
        int | None, typer.Option("--position", show_default=False, help="Of a pin, from 1.")
    ] = None,
    factor: Annotated[
        float | None,
        typer.Option(
            "--factor", show_default=False, help="Of a boost 1 to 10, of a bury 0 to 0.9."
        ),
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(
            "--share", show_default=False, help="Of a promotion: of the slot, 0.2 for 20%."
        ),
    ] = None,
    page: Annotated[
        str | None,
        typer.Option(
            "--page", metavar="ID", show_default=False, help="On the page of this article only."
        ),
    ] = None,
    slot: Annotated[
        str | None,
        typer.Option("--slot", metavar="NAME", show_default=False, help="In this slot only."),
    ] = None,
    valid_from: Annotated[
        datetime | None, time_option("--from", "Holds from this time on.  [default: now]")
    ] = None,
    valid_to: Annotated[
        datetime | None, time_option("--to", "Holds up to this time.  [default: for ever]")
    ] = None,
    replaces: Annotated[
        int | None,
        typer.Option(
            "--replaces", metavar="NUMBER", show_default=False, help="Ends this rule in its place."
        ),
    ] = None,
    by: By = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give an order; it holds from the next request on, in every process.

    A block beats everything, a pin beats the ranking; of two pins to one place, or of a boost and
    a bury of one article, the later one counts.

    Exit status: 1 where an article is unknown; the nearest ids are told.
    """
    target = Target.of(
        {"article": article, "pair": pair, "section": section, "tag": tag, "author": author}
    )
    ordered = _action(action)
    amounts = {"position": position, "factor": factor, "share": share}
    wanted = AMOUNTS.get(ordered)
    if wanted is not None and amounts[wanted] is None:
        raise InputError(f"Expected --{wanted} for {action}: {range_of(ordered)}.")
    rule = Rule(
        action=ordered,
        target=target,
        position=position,
        factor=factor,
        share=share,
        page=page,
        slot=slot,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    with Recommender.open(existing_home(home)) as recommender:
        made = recommender.rules.add(rule, by=by or _user(), why=why, replaces=replaces)
        reach = recommender.reach_of(rule)
    done = Added(made, reach.articles if reach else None, reach.near if reach else ())
    if as_json:
        print_json(done)
        return
    about = "" if done.articles is None else f" ({counted(done.articles, 'article')} now)"
    hint = f".{did_you_mean(done.near)}" if done.near else ""
    typer.echo(f"rule {made.number}: {told(rule)}{about}{hint}")


@commands.command("list", epilog=examples("recommender rules list", "recommender rules list --all"))
def list_all(
    every: Annotated[
        bool, typer.Option("--all", help="Those too that were ended or replaced.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """The rules that stand, the oldest first; those that are over by themselves say so."""
    with Recommender.open(existing_home(home)) as recommender:
        now = recommender.clock()
        found = recommender.rules.every() if every else recommender.rules.standing()
    if as_json:
        print_json(found)
        return
    if not found:
        typer.echo(_NONE_YET)
        return
    table = Table("number", "rule", "by", "why", "since")
    for one in found:
        ended = f", ended {one.ended_at:%Y-%m-%d %H:%M}" if one.ended_at else ""
        over = one.ended_at is None and one.rule.valid_to is not None and one.rule.valid_to <= now
        replaced = f", replaced by {one.replaced_by}" if one.replaced_by else ""
        table.add_row(
            str(one.number),
            Text(f"{told(one.rule)}{', over' if over else ''}{ended}{replaced}"),
            Text(one.by),
            Text(one.why),
            f"{one.made_at:%Y-%m-%d %H:%M}",
        )
    console().print(table)


@commands.command(epilog=examples('recommender rules end 1 --why "the campaign is over"'))
def end(
    number: _Number,
    *,
    why: Why,
    by: By = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """End a rule, from the next request on."""
    with Recommender.open(existing_home(home)) as recommender:
        ended = recommender.rules.end(number, by=by or _user(), why=why)
    if as_json:
        print_json(ended)
    else:
        typer.echo(f"ended rule {ended.number}: {told(ended.rule)}")


@commands.command(epilog=examples("recommender rules audit", "recommender rules audit --limit 20"))
def audit(
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many.")] = 100,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Who changed which rule, when and why, and what it was before; the latest first."""
    with Recommender.open(existing_home(home)) as recommender:
        found = recommender.rules.audit(limit)
    if as_json:
        print_json(found)
        return
    if not found:
        typer.echo(_NONE_YET)
        return
    table = Table("at", "who", "did", "rule", "what", "why")
    for one in found:
        what = one.before or one.after
        table.add_row(
            f"{one.at:%Y-%m-%d %H:%M:%S}",
            Text(one.who),
            one.done,
            str(one.rule),
            Text(told(what.rule) if what else ""),
            Text(one.why),
        )
    console().print(table)
