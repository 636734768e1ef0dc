"""Filled slots to JSON, put together from cards that are JSON already."""

import random
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import numpy.typing as npt
import orjson
from starlette.responses import Response

from recommender.api.caching import tag_of
from recommender.api.ready import Rendered
from recommender.pages import FilledPage
from recommender.slots.filled import FilledSlot, Told, raising, reasons_of, relevance
from recommender.slots.ranking import Ranked, joined
from recommender.slots.slot import SlotName
from recommender.slots.words import alike_in_pairs, alike_with, because

_DIGITS = 6
"""Decimals of scores; they come from float32."""

RECOMMENDATION_ID = "Recommendation-Id"
"""The header with an id of each answer's own."""
_RECOMMENDATION_ID = RECOMMENDATION_ID.lower().encode()

# no secret: only that no two answers have the same; the system's own takes ten times as long
_numbers_of_answers = random.Random(uuid.uuid4().int)  # noqa: S311

NOT_KEPT: Mapping[str, str] = {"Cache-Control": "no-store"}


def json_response(
    content: bytes, status: int = 200, headers: Mapping[str, str] = NOT_KEPT
) -> Response:
    """JSON that no cache may keep, unless `headers` say otherwise."""
    return Response(content, status, headers, "application/json")


def one_slot(page: FilledPage, *, explain: bool) -> Rendered:
    """A page with one slot: `data` is its cards.

    Args:
        page: with one slot.
        explain: tell every signal and its weight.
    """
    slot = page.slots[0]
    return _rendered(page, _cards(page, slot, explain), slot.fallback)


def each_one_slot(pages: Sequence[FilledPage], *, explain: bool) -> list[Rendered]:
    """As `one_slot` of each of some pages, in fewer steps.

    Args:
        pages: of one moment and pipeline, as `Pages.fill_many` filled them.
        explain: tell every signal and its weight.
    """
    if len(pages) == 1:
        return [one_slot(pages[0], explain=explain)]
    first, slots = pages[0], [page.slots[0] for page in pages]
    whole = joined([one.ranked for one in slots])
    likely = relevance(first.corpus, replace(slots[0], ranked=whole), first.pipeline)
    numbers = _numbers(whole, likely, explain=explain)
    subjects = [page.subject for page in pages for _ in page.slots[0].ranked.positions]
    alike = alike_in_pairs(first.corpus, [one for one in subjects if one], whole.positions)
    found, start = [], 0
    for page, slot in zip(pages, slots, strict=True):
        here = slice(start, start := start + len(slot.ranked.positions))
        cards = _written(page, slot, numbers.part(here), alike[here])
        found.append(_rendered(page, b"[%b]" % b",".join(cards.values()), slot.fallback))
    return found


def many_slots(page: FilledPage, *, explain: bool) -> Rendered:
    """A page: `data` and `meta.fallback` are objects by the slots' names."""
    data = b",".join(b'"%b":%b' % (s.name.encode(), _cards(page, s, explain)) for s in page.slots)
    return _rendered(page, b"{%b}" % data, {slot.name: slot.fallback for slot in page.slots})


def envelope(
    rendered: Rendered,
    *,
    started: float,
    headers: Mapping[str, str] = NOT_KEPT,
    experiment: Mapping[str, object] | None = None,
) -> Response:
    """The whole answer; `started` is `time.perf_counter()` when the request came.

    What differs from answer to answer stands in its headers, so that equal answers are equal bytes.
    """
    body = rendered.body
    if experiment is not None:
        # one object more in the last one, which is `meta`
        body = b'%b,"experiment":%b}}' % (body[:-2], orjson.dumps(experiment))
    took = (time.perf_counter() - started) * 1000
    return _Written(
        body,
        [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
            (_RECOMMENDATION_ID, b"%032x" % _numbers_of_answers.getrandbits(128)),
            (b"server-timing", b"total;dur=%.3f" % took),
        ],
    )


class _Written(Response):
    """A response with its headers as they are sent: the framework's takes twice as long to make."""

    def __init__(self, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code = 200
        self.body = body
        self.raw_headers = headers
        self.background = None


def _rendered(
    page: FilledPage, data: bytes, fallback: SlotName | dict[SlotName, SlotName | None] | None
) -> Rendered:
    body = body_of(data, page.corpus.version, page.pipeline.name, fallback)
    return Rendered(body, page.slots[0].name, fallback, tag_of(body), page.corpus.until)


def body_of(
    data: bytes,
    index_version: str,
    pipeline: str,
    fallback: SlotName | dict[SlotName, SlotName | None] | None,
) -> bytes:
    """The answer, a JSON object.

    Args:
        data: JSON of the cards.
        index_version: the snapshot that answered.
        pipeline: which ranked it.
        fallback: see `Rendered`.
    """
    meta = {"index_version": index_version, "pipeline": pipeline, "fallback": fallback}
    return b'{"data":%b,"meta":%b}' % (data, orjson.dumps(meta))


def _cards(page: FilledPage, slot: FilledSlot, explain: bool) -> bytes:
    return b"[%b]" % b",".join(cards_of(page, slot, explain).values())


def cards_of(
    page: FilledPage,
    slot: FilledSlot,
    explain: bool,
    chosen: Mapping[int, int] | None = None,
) -> dict[int, bytes]:
    """Cards by the positions that they tell.

    Args:
        page: that the slot is of.
        slot: whose cards.
        explain: tell every signal and its weight.
        chosen: of places in the slot, from 0, the position to tell; None for all as they stand.
    """
    likely = relevance(page.corpus, slot, page.pipeline)
    numbers = _numbers(slot.ranked, likely, explain=explain)
    alike = alike_with(page.corpus, page.subject, slot.ranked.positions)
    return _written(page, slot, numbers, alike, chosen)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What is told of some places, rounded; by place.

    Attributes:
        scores: of each.
        relevances: None where there is none.
        reasons: see `reasons_of`.
    """

    scores: Sequence[float]
    relevances: Sequence[float | None]
    reasons: Sequence[list[Told]]

    def part(self, here: slice) -> "_Numbers":
        """Of those places."""
        return _Numbers(self.scores[here], self.relevances[here], self.reasons[here])


def _numbers(ranked: Ranked, likely: npt.NDArray[np.float32] | None, *, explain: bool) -> _Numbers:
    """Of the places of `ranked`, of which `likely` is the relevance.

    Set `explain` to tell every signal and its weight.
    """
    count, signals = len(ranked.positions), len(ranked.signals)
    # all at once: the time goes into the calls, not into the numbers
    told = np.empty((2 + 2 * signals, count))
    told[0] = ranked.scores
    told[1] = 0 if likely is None else likely
    told[2 : 2 + signals] = ranked.values
    told[2 + signals :] = ranked.contributions
    told = told.round(_DIGITS)
    reasons = reasons_of(
        ranked.signals, told[2 : 2 + signals].T, told[2 + signals :].T, every=explain
    )
    if explain:
        rounded = ranked.weights.astype(np.float64).round(_DIGITS).tolist()
        weights = dict(zip(ranked.signals, rounded, strict=True))
        for one in chain.from_iterable(reasons):
            one["weight"] = weights[one["signal"]]
    return _Numbers(
        told[0].tolist(), [None] * count if likely is None else told[1].tolist(), reasons
    )


def _written(
    page: FilledPage,
    slot: FilledSlot,
    numbers: _Numbers,
    alike: Sequence[tuple[str, ...]],
    chosen: Mapping[int, int] | None = None,
) -> dict[int, bytes]:
    corpus, subject, at = page.corpus, page.subject, page.at.timestamp()
    cards = {}
    positions = slot.ranked.positions.tolist()
    for place, (position, card, score, likely, reasons, words) in enumerate(
        zip(
            positions,
            corpus.cards_at(positions),
            numbers.scores,
            numbers.relevances,
            numbers.reasons,
            alike,
            strict=True,
        )
    ):
        told = place + 1 if chosen is None else chosen.get(place)
        if told is None:
            continue
        added = orjson.dumps(
            {
                "score": score,
                "relevance": likely,
                "position": told,
                "because": because(
                    corpus,
                    subject,
                    position,
                    raising(reasons),
                    words,
                    placed=slot.placed_by(place),
                    relevance=likely,
                    at=at,
                ),
                "reasons": reasons,
            }
        )
        # two objects made one: the card less its closing brace, what is added less its opening one
        cards[told] = b"%b,%b" % (card[:-1], added[1:])
    return cards
