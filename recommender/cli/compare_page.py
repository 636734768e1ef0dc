"""Two pipelines side by side as one HTML page, for an editor: nothing is fetched, nothing runs."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import escape
from urllib.parse import urlsplit

from recommender.articles.cards import Card
from recommender.cli.compare_style import STYLE
from recommender.evaluation.side_by_side import Beside, Placed, Side, SideBySide

_CHANGES = 2
"""Signals that are told of each article that moved."""


def page_of(found: SideBySide) -> str:
    """The whole page; every text of an article in it is escaped."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: SideBySide) -> Iterator[str]:
    title = f"{escape(found.left)} and {escape(found.right)} side by side"
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    # articles are written by others: should something of theirs get through, it does not run
    yield (
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{title}</title>"
    yield f"<style>{STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield "<header>"
    yield f"<h1>{title}</h1>"
    yield from _summary(found)
    yield "</header>"
    yield "<main>"
    for number, one in enumerate(found.pages, start=1):
        yield from _article(number, one, found)
    yield "</main>"
    yield "</body>"
    yield "</html>"


def _summary(found: SideBySide) -> Iterator[str]:
    count = len(found.pages)
    yield '<dl class="figures">'
    for value, told in (
        (f"{found.identical} of {count}", "slots are identical"),
        (f"{found.overlap:.0%}", f"of a slot's articles are the same (overlap@{found.limit})"),
    ):
        yield f"<div><dt>{told}</dt><dd>{value}</dd></div>"
    yield "</dl>"
    yield (
        f'<p class="quiet">Related articles, {found.limit} places, as of {_time(found.at)}, '
        f"snapshot {escape(found.index_version)}.</p>"
    )
    yield '<nav aria-labelledby="largest">'
    yield '<h2 id="largest">Largest changes first</h2>'
    yield "<ol>"
    for number, one in enumerate(found.pages, start=1):
        yield (
            f'<li><a href="#page-{number}" dir="auto">{_headline(one.article)}</a> '
            f'<span class="quiet">{_verdict(one)}</span></li>'
        )
    yield "</ol>"
    yield "</nav>"


def _verdict(one: Beside) -> str:
    if one.identical:
        return "identical"
    most = max(len(one.left.placed), len(one.right.placed))
    if one.shared == most:
        return "another order"
    return f"{one.shared} of {most} the same"


def _article(number: int, one: Beside, found: SideBySide) -> Iterator[str]:
    yield f'<section class="page" id="page-{number}" aria-labelledby="title-{number}">'
    yield f'<h2 id="title-{number}" dir="auto">{_linked(one.article)}</h2>'
    yield f'<p class="quiet">{_about(one.article)} · {_verdict(one)}</p>'
    yield '<div class="sides">'
    # what stands in for related articles is scored by something else
    explained = one.left.fallback is None and one.right.fallback is None
    for name, side, move in (
        (found.left, one.left, partial(_leaving, other=found.right)),
        (found.right, one.right, partial(_coming, other=found.left)),
    ):
        yield f'<div class="side"><h3>{escape(name)}</h3>'
        yield from _side(side, partial(move, limit=found.limit, explained=explained))
        yield "</div>"
    yield "</div>"
    yield "</section>"


@dataclass(frozen=True, slots=True)
class _Move:
    """What became of an article between the sides; `kind` is a class of the style, `arrow` HTML."""

    kind: str
    arrow: str
    told: str
    why: str = ""


def _leaving(one: Placed, *, other: str, limit: int, explained: bool) -> _Move:
    """Of an article on the left: where it stands on the right."""
    if one.there is None:
        return _Move("gone", "&times;", "gone", _left_out(one, other))
    if one.there > limit:
        why = _changed(f"In {other}", [(c.signal, c.there - c.here) for c in one.changes], up=False)
        return _Move("gone", "&times;", f"gone: {one.there} in {other}", why if explained else "")
    if one.there == one.position:
        return _Move("same", "=", "stays")
    if one.there < one.position:
        return _Move("up", "&uarr;", f"moves up to {one.there}")
    return _Move("down", "&darr;", f"moves down to {one.there}")


def _coming(one: Placed, *, other: str, limit: int, explained: bool) -> _Move:
    """Of an article on the right: where it stood on the left."""
    if one.there is None:
        return _Move("new", "+", "new", _left_out(one, other))
    if one.there == one.position:
        return _Move("same", "=", "stays")
    up = one.there > one.position
    why = ""
    if explained:
        why = _changed(
            f"Against {other}", [(c.signal, c.here - c.there) for c in one.changes], up=up
        )
    if one.there > limit:
        return _Move("new", "+", f"new: {one.there} in {other}", why)
    if up:
        return _Move("up", "&uarr;", f"up from {one.there}", why)
    return _Move("down", "&darr;", f"down from {one.there}", why)


def _left_out(one: Placed, other: str) -> str:
    return (
        f"{other} leaves it out: {one.absent}." if one.absent else f"Not near the top of {other}."
    )


def _changed(against: str, changes: Sequence[tuple[str, float]], *, up: bool) -> str:
    """What moved it: its own score, or those of others."""
    if not changes:
        return f"{against}: scored the same, others {'lost' if up else 'gained'}."
    told = ", ".join(f"{signal.replace('_', ' ')} {by:+.2f}" for signal, by in changes[:_CHANGES])
    gained = sum(by for _, by in changes) > 0
    others = "" if gained == up else f"; others {'gained' if gained else 'lost'} more"
    return f"{against}: {told}{others}."


def _side(side: Side, move: Callable[[Placed], _Move]) -> Iterator[str]:
    if side.fallback is not None:
        yield f'<p class="quiet">Filled by {escape(side.fallback.replace("_", " "))}.</p>'
    if not side.placed:
        yield '<p class="quiet">Nothing is shown.</p>'
        return
    yield "<ol>"
    for one in side.placed:
        yield from _card(one, move(one))
    yield "</ol>"


def _card(one: Placed, move: _Move) -> Iterator[str]:
    yield f'<li class="{move.kind}"><span class="place">{one.position}</span><div>'
    arrow = f'<span aria-hidden="true">{move.arrow}</span>'
    yield f'<p class="move">{arrow} {escape(move.told)}</p>'
    yield f'<p class="title" dir="auto">{_linked(one.card)}</p>'
    yield f'<p class="quiet">{_about(one.card)}</p>'
    if one.because:
        yield f'<p class="why" dir="auto">{escape("; ".join(one.because))}</p>'
    if move.why:
        yield f'<p class="why" dir="auto">{_minus(escape(move.why))}</p>'
    yield from _numbers(one)
    yield "</div></li>"


def _numbers(one: Placed) -> Iterator[str]:
    relevance = "" if one.relevance is None else f", relevance {one.relevance:.0%}"
    yield f"<details><summary>Score {one.score:.2f}{relevance}</summary>"
    yield "<table><thead><tr><th>Signal</th><th>Adds</th></tr></thead><tbody>"
    for reason in one.reasons:
        adds = _minus(f"{reason.contribution:+.2f}")
        yield f"<tr><td>{escape(reason.signal.replace('_', ' '))}</td><td>{adds}</td></tr>"
    yield "</tbody></table></details>"


def _headline(card: Card) -> str:
    return escape(card.title or card.teaser or card.id)


def _linked(card: Card) -> str:
    """The headline as a link, where the address is one that a browser may follow."""
    try:
        scheme = urlsplit(card.url).scheme
    except ValueError:
        scheme = ""
    if scheme not in {"http", "https"}:
        return _headline(card)
    return f'<a href="{escape(card.url)}">{_headline(card)}</a>'


def _about(card: Card) -> str:
    when = [] if card.published_at is None else [_date(card.published_at)]
    told = [escape(one) for one in (card.section, *card.labels) if one]
    return " · ".join([f'<span class="id">{escape(card.id)}</span>', *when, *told])


def _date(when: datetime) -> str:
    return f'<time datetime="{when.isoformat()}">{when.day} {when:%b %Y}</time>'


def _time(when: datetime) -> str:
    shown = when.astimezone(UTC)
    return f'<time datetime="{shown.isoformat()}">{shown.day} {shown:%b %Y, %H:%M} UTC</time>'


def _minus(html: str) -> str:
    """A number's hyphen as the sign that is read aloud as minus."""
    return re.sub(r"-(?=\d\.\d\d\b)", "&minus;", html)
