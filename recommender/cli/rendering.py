"""Slots as tables for people and as JSON for programs; the JSON is that of the HTTP answers."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from recommender.pages import FilledPage
from recommender.slots.slot import Recommendation, Slot

_PIPED_WIDTH = 120


def console() -> Console:
    """Standard output; where it is no terminal, of a width that a log can still show."""
    as_it_is = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if as_it_is else _PIPED_WIDTH)


def counted(count: int, noun: str) -> str:
    """A number with its noun, which takes an s in the plural."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def to_the_second(created_at: str) -> str:
    """An ISO 8601 time as UTC, without what is smaller."""
    return f"{datetime.fromisoformat(created_at).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def print_json(value: object) -> None:
    """Dataclasses, dicts and lists; paths and all else as text."""
    typer.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())


def with_every_signal(page: FilledPage) -> tuple[Slot, ...]:
    """The slots of `page` with all signals as reasons, those that added nothing too."""
    return tuple(
        replace(
            slot,
            recommendations=tuple(
                replace(one, reasons=filled.reasons(place, every=True))
                for place, one in enumerate(slot)
            ),
        )
        for slot, filled in zip(page.rendered(), page.slots, strict=True)
    )


def print_slot_json(slot: Slot) -> None:
    """One slot as `{"data": [...], "meta": {...}}`."""
    print_json({"data": _cards(slot), "meta": _meta(slot, slot.fallback)})


def print_page_json(slots: Sequence[Slot]) -> None:
    """Several slots, `data` and `meta.fallback` by the slot's name."""
    fallbacks: dict[str, str | None] = {slot.name: slot.fallback for slot in slots}
    print_json(
        {
            "data": {slot.name: _cards(slot) for slot in slots},
            "meta": _meta(slots[0], fallbacks),
        }
    )


def print_slots(slots: Sequence[Slot], *, explain: bool) -> None:
    """A table for each slot, and with `explain` another for its signals."""
    out = console()
    for slot in slots:
        if not slot:
            out.print(f"{_heading(slot)}: nothing is eligible", markup=False)
            continue
        out.print(_table(slot))
        if explain:
            out.print(_signals(slot))


def _heading(slot: Slot) -> str:
    filled_by = f", filled by {slot.fallback.replace('_', ' ')}" if slot.fallback else ""
    return f"{slot.name}{filled_by}"


def _table(slot: Slot) -> Table:
    table = Table(title=_heading(slot), title_justify="left", title_style="bold")
    table.add_column("", justify="right")
    table.add_column("id", overflow="fold", max_width=24)
    table.add_column("title", ratio=3)
    table.add_column("section", max_width=14)
    table.add_column("published", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("why", ratio=2)
    for one in slot:
        # Text, not str: a headline may hold what rich takes for markup
        table.add_row(
            Text(str(one.position)),
            Text(one.id),
            _title(one),
            Text(one.card.section),
            Text(f"{one.card.published_at:%Y-%m-%d}" if one.card.published_at else ""),
            Text(f"{one.score:.3f}"),
            Text("; ".join(one.because)),
        )
    return table


def _title(one: Recommendation) -> Text:
    title = Text(one.card.title or one.card.teaser)
    for label in one.card.labels:
        title.append(f" · {label}", style="italic")
    return title


def _signals(slot: Slot) -> Table:
    table = Table(title=f"{slot.name}: signals", title_justify="left", title_style="bold")
    table.add_column("", justify="right")
    for name in ("id", "signal"):
        table.add_column(name)
    for name in ("value", "contribution"):
        table.add_column(name, justify="right")
    for one in slot:
        for row, reason in enumerate(one.reasons):
            table.add_row(
                Text("" if row else str(one.position)),
                Text("" if row else one.id),
                Text(reason.signal),
                Text(f"{reason.value:.4f}"),
                Text(f"{reason.contribution:+.4f}"),
                end_section=row == len(one.reasons) - 1,
            )
    return table


def _meta(slot: Slot, fallback: str | dict[str, str | None] | None) -> dict[str, object]:
    return {
        "index_version": slot.index_version,
        "pipeline": slot.pipeline,
        "fallback": fallback,
    }


def _cards(slot: Slot) -> list[dict[str, object]]:
    return [
        {
            "id": one.card.id,
            "title": one.card.title,
            "url": one.card.url,
            "teaser": one.card.teaser,
            "image_url": one.card.image_url,
            "section": one.card.section,
            "labels": one.card.labels,
            "published_at": one.card.published_at,
            "score": one.score,
            "relevance": one.relevance,
            "position": one.position,
            "because": one.because,
            "reasons": one.reasons,
        }
        for one in slot
    ]
