"""Filled slots to JSON, put together from cards that are JSON already."""

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import numpy as np
import numpy.typing as npt
import orjson
from starlette.responses import Response

from recommender.api.caching import tag_of
from recommender.api.ready import Rendered
from recommender.pages import FilledPage
from recommender.slots.filled import FilledSlot, raising, reasons_of, relevance
from recommender.slots.slot import SlotName
from recommender.slots.words import alike_with, because

_DIGITS = 6
"""Decimals of scores; they come from float32."""

RECOMMENDATION_ID = "Recommendation-Id"
"""The header with an id of each answer's own."""

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
    return json_response(
        body,
        headers={
            **headers,
            RECOMMENDATION_ID: uuid.uuid4().hex,
            "Server-Timing": f"total;dur={took:.3f}",
        },
    )


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
    ranked = slot.ranked
    signals = ranked.signals
    weights = dict(zip(signals, _rounded(ranked.weights), strict=True)) if explain else {}
    likely = relevance(page.corpus, slot, page.pipeline)
    places = len(ranked.positions)
    at = page.at.timestamp()
    # all at once: the time goes into the calls, not into the numbers
    scores, told_relevance, *rest = _rounded(
        np.vstack(
            [
                ranked.scores,
                np.zeros(places) if likely is None else likely,
                ranked.values,
                ranked.contributions,
            ]
        )
    )
    relevances = [None] * places if likely is None else told_relevance
    values = list(zip(*rest[: len(signals)], strict=True))
    contributions = list(zip(*rest[len(signals) :], strict=True))
    alike = alike_with(page.corpus, page.subject, ranked.positions)
    cards = {}
    for place, (position, score) in enumerate(
        zip(ranked.positions.tolist(), scores, strict=True)
    ):
        told = place + 1 if chosen is None else chosen.get(place)
        if told is None:
            continue
        reasons = reasons_of(signals, values[place], contributions[place], every=explain)
        added = orjson.dumps(
            {
                "score": score,
                "relevance": relevances[place],
                "position": told,
                "because": because(
                    page.corpus,
                    page.subject,
                    position,
                    raising(reasons),
                    alike[place],
                    placed=slot.placed_by(place),
                    relevance=relevances[place],
                    at=at,
                ),
                "reasons": _told(reasons, weights),
            }
        )
        # two objects made one: the card less its closing brace, what is added less its opening one
        cards[told] = b"%b,%b" % (page.corpus.card_at(position)[:-1], added[1:])
    return cards


def _rounded(numbers: npt.NDArray[np.floating]) -> list[Any]:
    """Nested as the array is; as float32 they would print with more digits."""
    rounded: list[Any] = numbers.astype(np.float64, copy=False).round(_DIGITS).tolist()
    return rounded


class _Told(TypedDict):
    signal: str
    value: float
    contribution: float
    weight: NotRequired[float]


def _told(
    reasons: Sequence[tuple[str, float, float]], weights: Mapping[str, float]
) -> list[_Told]:
    told: list[_Told] = [
        {"signal": signal, "value": value, "contribution": contribution}
        for signal, value, contribution in reasons
    ]
    if weights:
        for one in told:
            one["weight"] = weights[one["signal"]]
    return told
