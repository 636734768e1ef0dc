"""Options that several commands have, and how their values are read."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from recommender.articles.times import parse_time
from recommender.errors import InputError, NotReady
from recommender.pages import DEFAULT_PIPELINE
from recommender.settings import file_as_home, find_home
from recommender.slots.slot import MAX_LIMIT, Filters


def examples(*commands: str) -> str:
    """The end of a command's help."""
    # \b keeps the lines as they are
    return "\n".join(["\b", "Example:", *(f"  {command}" for command in commands)])


def _time(value: str) -> datetime:
    try:
        return parse_time(value)
    except ValueError as error:
        raise typer.BadParameter(
            f"{value!r}: {error}. Write it as 2025-05-01T08:00:00Z."
        ) from error


Home: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="FOLDER",
        show_default=False,
        help="Folder of everything.  [default: RECOMMENDER_HOME, else ./recommender-data]",
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def time_option(name: str, about: str) -> Any:
    """An option that takes a time."""
    return typer.Option(name, metavar="TIME", parser=_time, show_default=False, help=about)


At: TypeAlias = Annotated[
    datetime | None,
    time_option("--at", "As of this time, ISO 8601; UTC where it names no zone.  [default: now]"),
]
Limit: TypeAlias = Annotated[int, typer.Option("--limit", min=1, max=MAX_LIMIT, help="How many.")]
Places: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=1,
        max=MAX_LIMIT,
        show_default=False,
        help="How many.  [default: as the slot is defined: 5]",
    ),
]


def repeated(name: str, metavar: str, about: str) -> Any:
    """An option that may be given several times."""
    return typer.Option(name, metavar=metavar, show_default=False, help=f"{about}; repeatable.")


Seen: TypeAlias = Annotated[
    list[str] | None,
    repeated("--seen", "ID", "Known to the reader: left out with its copies"),
]
Shown: TypeAlias = Annotated[
    list[str] | None,
    repeated("--shown", "ID", "On the page elsewhere already: left out with its copies"),
]
Exclude: TypeAlias = Annotated[list[str] | None, repeated("--exclude", "ID", "Never this")]
Section: TypeAlias = Annotated[list[str] | None, repeated("--section", "NAME", "Only of this one")]
Language: TypeAlias = Annotated[
    list[str] | None, repeated("--language", "CODE", "Only in this one")
]
Tag: TypeAlias = Annotated[list[str] | None, repeated("--tag", "TAG", "Only with it")]
MaxAge: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--max-age",
        metavar="DAYS",
        min=0.01,
        max=100_000,
        show_default=False,
        help="Only published so long ago at most, and evergreens of any age.",
    ),
]
SameSection: TypeAlias = Annotated[
    bool, typer.Option("--same-section", help="Only of the section of the page's article.")
]
PipelineName: TypeAlias = Annotated[
    str, typer.Option("--pipeline", metavar="NAME", help="How to rank; a name in the settings.")
]
Explain: TypeAlias = Annotated[
    bool, typer.Option("--explain", help="Show every signal of each recommendation.")
]
Mapping: TypeAlias = Annotated[
    list[str] | None,
    repeated("--map", "FIELD=NAME", "The sources' name for a field, such as title=headline"),
]

DEFAULT = DEFAULT_PIPELINE


def filters(
    section: list[str] | None,
    language: list[str] | None,
    exclude: list[str] | None = None,
    *,
    tag: list[str] | None = None,
    same_section: bool = False,
    max_age: float | None = None,
) -> Filters:
    """Of the options of these names."""
    return Filters(
        sections=tuple(section or ()),
        languages=tuple(language or ()),
        exclude=tuple(exclude or ()),
        tags=tuple(tag or ()),
        same_section=same_section,
        max_age=days_of(max_age),
    )


def days_of(count: float | None) -> timedelta | None:
    """So many days; None where it was not said."""
    return None if count is None else timedelta(days=count)


def existing_home(home: Path | None) -> Path:
    """The home folder, for commands that need what is in one.

    Raises:
        NotReady: there is no such folder; a mistyped one is not made.
    """
    found = find_home(home)
    if found.is_dir():
        return found
    if found.exists():
        raise NotReady(file_as_home(found))
    raise NotReady(
        f"{found} is no folder. Make it with: recommender rebuild SOURCE... --home {found}, "
        "or name another with --home or RECOMMENDER_HOME."
    )


def read_text(path: Path) -> str:
    """The text of a file, of standard input where `path` is "-".

    Raises:
        InputError: it is not UTF-8.
        OSError: it cannot be read.
    """
    raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 (byte {error.start + 1}). Save it as UTF-8 and try again."
        ) from error
