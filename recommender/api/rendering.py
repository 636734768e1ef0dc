"""Filled slots to JSON, put together from cards that are JSON already."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from starlette.responses import Response

from recommender.engine import FilledPage
from recommender.slots.page import FilledSlot
from recommender.slots.pipeline import SIGNALS, Pipeline
from recommender.slots.slot import SlotName

_DIGITS = 6
"""Decimals of scores; they come from float32."""

# what is shown may be withdrawn at any moment
_HEADERS = {"Cache-Control": "no-store"}


def json_response(content: bytes, status: int = 200) -> Response:
    """JSON that no cache may keep."""
    return Response(content, status, _HEADERS, "application/json")


def one_slot(page: FilledPage, *, explain: bool, started: float) -> Response:
    """The envelope of a page with one slot: `data` is its cards.

    Args:
        page: with one slot.
        explain: tell every signal and its weight.
        started: `time.perf_counter()` when the request came.
    """
    slot = page.slots[0]
    return _envelope(_cards(page, slot, explain), slot.fallback, page, started)


def many_slots(page: FilledPage, *, explain: bool, started: float) -> Response:
    """The envelope of a page: `data` and `meta.fallback` are objects by the slots' names."""
    data = b",".join(b'"%b":%b' % (s.name.encode(), _cards(page, s, explain)) for s in page.slots)
    fallbacks = {slot.name: slot.fallback for slot in page.slots}
    return _envelope(b"{%b}" % data, fallbacks, page, started)


def _envelope(
    data: bytes,
    fallback: SlotName | dict[SlotName, SlotName | None] | None,
    page: FilledPage,
    started: float,
) -> Response:
    meta = orjson.dumps(
        {
            "recommendation_id": uuid.uuid4().hex,
            "index_version": page.corpus.version,
            "pipeline": page.pipeline.name,
            "fallback": fallback,
            "took_ms": round((time.perf_counter() - started) * 1000, 3),
        }
    )
    return json_response(b'{"data":%b,"meta":%b}' % (data, meta))


def _cards(page: FilledPage, slot: FilledSlot, explain: bool) -> bytes:
    ranked = slot.ranked
    card_at = page.corpus.card_at
    rows = zip(
        ranked.positions.tolist(),
        _rounded(ranked.scores),
        _rounded(ranked.values.T),
        _rounded(ranked.contributions.T),
        strict=True,
    )
    weights = _weights(ranked.signals, page.pipeline) if explain else None
    cards = []
    for place, (position, score, values, contributions) in enumerate(rows, start=1):
        reasons = _reasons(ranked.signals, values, contributions, weights)
        added = orjson.dumps({"score": score, "position": place, "reasons": reasons})
        # two objects made one: the card less its closing brace, what is added less its opening one
        cards.append(b"%b,%b" % (card_at(position)[:-1], added[1:]))
    return b"[%b]" % b",".join(cards)


def _rounded(numbers: npt.NDArray[np.float32]) -> list[Any]:
    numbers_64 = numbers.astype(np.float64)  # as float32 they would print with more digits
    rounded: list[Any] = np.round(numbers_64, _DIGITS).tolist()
    return rounded


def _reasons(
    signals: Sequence[str],
    values: Sequence[float],
    contributions: Sequence[float],
    weights: Sequence[float] | None,
) -> list[dict[str, str | float]]:
    """The greatest contribution first; those that added nothing only where weights are told."""
    found: list[dict[str, str | float]] = []
    for row in sorted(range(len(signals)), key=contributions.__getitem__, reverse=True):
        if weights is None and contributions[row] == 0:
            continue
        reason: dict[str, str | float] = {
            "signal": signals[row],
            "value": values[row],
            "contribution": contributions[row],
        }
        if weights is not None:
            reason["weight"] = weights[row]
        found.append(reason)
    return found


def _weights(signals: Sequence[str], pipeline: Pipeline) -> list[float]:
    """What each signal counts; one that alone makes the order counts 1."""
    if signals == SIGNALS:
        return [float(getattr(pipeline.weights, signal)) for signal in signals]
    return [1.0] * len(signals)
