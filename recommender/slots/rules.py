"""Editors' rules over a ranked slot: what a score is multiplied by, and who stands where."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from index.ascending import among
from recommender.slots.ranking import Ranked
from recommender.slots.ruling import Matched, Positions, Ruling

SIGNAL = "editors_rule"
"""What a boost added to a score, or a bury took from it."""

Placed: TypeAlias = Literal["", "pinned", "promoted"]
"""How an article came to its place: "" by its rank."""

_CHUNK = 256


def weighed(ranked: Ranked, ruling: Ruling) -> Ranked:
    """`ranked` with the scores multiplied that an editor boosts or buries.

    Where a score is below 0, what lies above the lowest is multiplied instead, so that a boost
    never takes an article down and a bury by 0 takes it down to the last. The difference is a
    signal of its own, so that contributions still add up to the score.
    """
    factors = ruling.factors_of(ranked.positions)
    if factors is None:
        return ranked
    low = min(0.0, float(ranked.scores.min()))
    # added, so that by a factor of 1 nothing is rounded
    scores = (ranked.scores + (ranked.scores - low) * (factors - 1)).astype(np.float32)
    return Ranked(
        ranked.positions,
        scores,
        (*ranked.signals, SIGNAL),
        np.vstack([ranked.values, scores - ranked.scores]),
        np.append(ranked.weights, np.float32(1)),
    )


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may stand in a slot at all.

    Attributes:
        fits: which of some articles may.
        key: the same for articles of which only one may stand on a page.
        taken: keys of what stands on the page already.
    """

    fits: Callable[[Positions], npt.NDArray[np.bool_]]
    key: Callable[[int], int]
    taken: AbstractSet[int]


@dataclass(frozen=True, slots=True)
class Pins:
    """The places that pins take.

    Attributes:
        places: by place, from 0: a position, or a rule whose best placed article stands there.
        reserved: keys of those positions: nothing of them is ranked.
    """

    places: Mapping[int, int | Matched]
    reserved: frozenset[int]

    @property
    def positions(self) -> frozenset[int]:
        """Of the articles that are pinned by themselves."""
        return frozenset(one for one in self.places.values() if isinstance(one, int))


def pins_of(ruling: Ruling, gate: Gate) -> Pins:
    """Who stands where by order of an editor; of two orders for a place or an article the latest.

    An article that may not stand in the slot leaves its place to an earlier order.
    """
    places: dict[int, int | Matched] = {}
    reserved: set[int] = set()
    for pin in ruling.pins:
        place = (pin.rule.position or 1) - 1
        if place in places:
            continue
        if not pin.names_articles:
            places[place] = pin
            continue
        for position in pin.positions[gate.fits(pin.positions)].tolist():
            key = gate.key(position)
            if key not in reserved and key not in gate.taken:
                places[place] = position
                reserved.add(key)
    return Pins(places, frozenset(reserved))


class Arrangement:
    """A slot in the making, place by place, with pins and promotions among the ranked.

    A place goes to the pin to it; else to an article of a promotion that has not its share yet,
    ranked or not; else to the next by rank. So a longer slot begins as a shorter one does, and
    pages join up.

    Attributes:
        positions: what stands there; some may not have been ranked.
        placed: how each came to its place.
    """

    def __init__(
        self,
        ranked: Ranked,
        order: Sequence[int],
        pins: Pins,
        promotions: Sequence[Matched],
        gate: Gate,
    ) -> None:
        """Nothing stands there yet.

        Args:
            ranked: scored articles, positions ascending.
            order: columns of `ranked`, best first: one for each place, or all that there are.
            pins: of the slot.
            promotions: the latest first.
            gate: who may stand in the slot.
        """
        self.positions: list[int] = []
        self.placed: list[Placed] = []
        self._ranked = ranked
        self._gate = gate
        self._met = {*gate.taken, *pins.reserved}
        self._open = dict(pins.places)
        self._by_rank = iter(ranked.positions[list(order)].tolist())
        self._promotions = promotions
        self._shares = dict.fromkeys((one.number for one in promotions), 0)
        self._pools: dict[int, Iterator[int]] = {}

    def fill(self, wanted: int) -> None:
        """So many places, or as many as there are articles for."""
        while len(self.positions) < wanted:
            place = len(self.positions)
            done = (
                self._stand(self._pinned(place), "pinned")
                or self._stand(self._promoted(place + 1), "promoted")
                or self._stand(self._next_of(self._by_rank), "")
            )
            if not done and not self._open:
                return
            # the slot is shorter than the place of a pin: before the pin moves up, there come the
            # promotions that would stand before it
            if not done and not self._stand(self._promoted(max(self._open) + 1), "promoted"):
                self._stand(self._pinned(min(self._open)), "pinned")

    def _stand(self, position: int | None, how: Placed) -> bool:
        if position is None:
            return False
        self._met.add(self._gate.key(position))
        self.positions.append(position)
        self.placed.append(how)
        for one in self._promotions:
            self._shares[one.number] += int(among(np.array([position]), one.positions)[0])
        return True

    def _pinned(self, place: int) -> int | None:
        pin = self._open.pop(place, None)
        return self._next_in(pin) if isinstance(pin, Matched) else pin

    def _promoted(self, length: int) -> int | None:
        """Of the latest promotion that has not its share of a beginning of this length."""
        for one in self._promotions:
            # rounded: 0.3 * 10 is a little less than 3
            share = int(round(length * (one.rule.share or 0.0), 9))
            if share > self._shares[one.number] and (found := self._next_in(one)) is not None:
                return found
        return None

    def _next_in(self, matched: Matched) -> int | None:
        pool = self._pools.setdefault(matched.number, _pool(self._ranked, matched, self._gate))
        return self._next_of(pool)

    def _next_of(self, candidates: Iterator[int]) -> int | None:
        return next((one for one in candidates if self._gate.key(one) not in self._met), None)


def _pool(ranked: Ranked, matched: Matched, gate: Gate) -> Iterator[int]:
    """Articles of a rule: the ranked ones, best first, then the others, latest first."""
    columns = np.flatnonzero(among(ranked.positions, matched.positions))
    best = columns[np.argsort(-ranked.scores[columns], kind="stable")]
    yield from ranked.positions[best].tolist()
    for start in range(0, len(matched.newest), _CHUNK):
        chunk = matched.newest[start : start + _CHUNK]
        yield from chunk[gate.fits(chunk)].tolist()


def standing(ranked: Ranked, positions: Sequence[int], others: Ranked) -> Ranked:
    """The articles at `positions`, in this order, as columns.

    Args:
        ranked: the ranked articles, positions ascending.
        positions: what stands in the slot.
        others: those of them that are not in `ranked`, positions ascending; of its signals those
            count that `ranked` has as well.
    """
    wanted = np.array(positions, dtype=np.int64)
    values = np.zeros((len(ranked.signals), len(others.positions)), dtype=np.float32)
    for row, signal in enumerate(others.signals):
        if signal in ranked.signals:
            values[ranked.signals.index(signal)] = others.values[row]
    whole = Ranked(
        np.concatenate([ranked.positions, others.positions]),
        np.concatenate([ranked.scores, ranked.weights @ values]).astype(np.float32),
        ranked.signals,
        np.concatenate([ranked.values, values], axis=1),
        ranked.weights,
    )
    order = np.argsort(whole.positions, kind="stable")
    return whole.take(order[np.searchsorted(whole.positions, wanted, sorter=order)])
