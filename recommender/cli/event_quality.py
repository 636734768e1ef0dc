"""What was set aside and why, for people and for programs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rich.table import Table
from rich.text import Text

from recommender.cli.rendering import console, counted
from recommender.jobs.unknown_articles import UnknownArticles
from recommender.readers.event import ASIDES, EVENT_TYPES, WHY, Aside, EventType
from recommender.readers.events import Quality


@dataclass(frozen=True, slots=True)
class Reason:
    """Events that do not count for one reason.

    Attributes:
        aside: its name.
        why: what that means.
        events: by type.
        share: of all events.
    """

    aside: Aside
    why: str
    events: dict[EventType, int]
    share: float


@dataclass(frozen=True, slots=True)
class EventQuality:
    """How good the log is.

    Attributes:
        first_day, last_day: of the events, UTC; None where there are none.
        events: all of them.
        counted: those that count, by type.
        set_aside: why the others do not, the most frequent reason first.
        unknown_articles: that events are about and the catalog does not have.
    """

    first_day: date | None
    last_day: date | None
    events: int
    counted: dict[EventType, int]
    set_aside: tuple[Reason, ...]
    unknown_articles: UnknownArticles


def quality_of(rows: Sequence[Quality], unknown: UnknownArticles) -> EventQuality:
    """Added up over the days."""
    counts: Counter[tuple[Aside | None, EventType]] = Counter()
    for row in rows:
        counts[row.aside, row.type] += row.count
    total = sum(counts.values())

    def by_type(aside: Aside | None) -> dict[EventType, int]:
        return {kind: count for kind in EVENT_TYPES if (count := counts[aside, kind])}

    reasons = [
        Reason(aside, WHY[aside], events, sum(events.values()) / total)
        for aside in ASIDES
        if (events := by_type(aside))
    ]
    days = [row.day for row in rows]
    return EventQuality(
        min(days, default=None),
        max(days, default=None),
        total,
        by_type(None),
        tuple(sorted(reasons, key=lambda one: -one.share)),
        unknown,
    )


def print_quality(found: EventQuality) -> None:
    """As a table."""
    if not found.events:
        console().print("no events yet")
        return
    table = Table("what became of it", *EVENT_TYPES, "share", title=_title(found))
    counted = sum(found.counted.values())
    table.add_row("counts", *_cells(found.counted), f"{counted / found.events:.1%}")
    for one in found.set_aside:
        table.add_row(Text(f"{one.aside}: {one.why}"), *_cells(one.events), f"{one.share:.1%}")
    console().print(table)
    if found.unknown_articles.events:
        console().print(about_unknown(found.unknown_articles), markup=False, highlight=False)


def about_unknown(unknown: UnknownArticles) -> str:
    """One line about events that name articles which the catalog does not have."""
    names = "names" if unknown.events == 1 else "name"
    articles = (
        "an article that is" if unknown.articles == 1 else f"{unknown.articles:,} articles that are"
    )
    more = ", ..." if unknown.articles > len(unknown.examples) else ""
    return (
        f"{counted(unknown.events, 'event')} {names} {articles} not in the catalog: "
        f"{', '.join(unknown.examples)}{more}"
    )


def _title(found: EventQuality) -> str:
    return f"{found.events:,} events from {found.first_day} to {found.last_day}"


def _cells(events: dict[EventType, int]) -> list[str]:
    return [f"{events.get(kind, 0):,}" for kind in EVENT_TYPES]
