"""The same articles under two pipelines: what stands where, what moved, and what moved it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from recommender.articles.cards import Card
from recommender.slots.slot import Reason, Recommendation, Slot, SlotName

_SMALL = 0.005
"""Contributions that differ by less print alike and move nothing that an editor would see."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """One pipeline's list for one article.

    Attributes:
        slot: what is shown.
        below: what would be shown next, the best first, as far as anybody asked.
        absent: why something is in neither, by its id, where a rule says so.
    """

    slot: Slot
    below: Sequence[Recommendation] = ()
    absent: Mapping[str, str] = field(default_factory=dict)

    def places(self) -> dict[str, tuple[int, Recommendation]]:
        """The place (from 1) of each article by its id; those after the slot's end count on."""
        every = [*self.slot, *self.below]
        return {one.id: (place, one) for place, one in enumerate(every, start=1)}


@dataclass(frozen=True, slots=True)
class Change:
    """What a signal contributes here and on the other side."""

    signal: str
    here: float
    there: float


@dataclass(frozen=True, slots=True)
class Placed:
    """An article that one pipeline shows.

    Attributes:
        card: what is printed of it.
        position: from 1.
        there: its place on the other side, which may lie after the slot's end; None where it is
            not among those that were asked for.
        score, relevance, because, reasons: see `Recommendation`.
        absent: why it is not there at all; None where it is, or where no rule says so.
        changes: signals that contribute more or less than on the other side, the greatest
            difference first; empty where `there` is None, or a side shows a fallback.
    """

    card: Card
    position: int
    there: int | None
    absent: str | None
    score: float
    relevance: float | None
    because: tuple[str, ...]
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """What one pipeline shows beside an article, best first.

    Attributes:
        placed: in the order of the slot.
        fallback: what filled the slot instead; None where it is filled with related articles.
    """

    placed: tuple[Placed, ...]
    fallback: SlotName | None


@dataclass(frozen=True, slots=True)
class Beside:
    """One article's slot under both pipelines.

    Attributes:
        article: what the page is about.
        left, right: what stands there.
        identical: both show the same articles in the same order.
        shared: how many articles stand on both sides.
        overlap: `shared` as a share of the longer side, in [0, 1]; 1 where both are empty.
        agreement: average overlap: the share of articles that the first d places have in common,
            mean over all d, in [0, 1]; 1 only where both are identical, and a change in front
            weighs more (Webber, Moffat and Zobel 2010, "A similarity measure for indefinite
            rankings").
    """

    article: Card
    left: Side
    right: Side
    identical: bool
    shared: int
    overlap: float
    agreement: float


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two pipelines beside the same articles.

    Attributes:
        left, right: their names.
        limit: places of a slot.
        at: the time of asking.
        index_version: the snapshot that answered.
        identical: slots that are the same under both.
        overlap: mean of the articles'; see `Beside`.
        pages: the least agreement first, ties by the article's id.
    """

    left: str
    right: str
    limit: int
    at: datetime
    index_version: str
    identical: int
    overlap: float
    pages: tuple[Beside, ...]


def beside(article: Card, left: Ranking, right: Ranking) -> Beside:
    """What two pipelines show beside `article`, compared."""
    ids = [one.id for one in left.slot], [one.id for one in right.slot]
    shared = len(set(ids[0]) & set(ids[1]))
    longer = max(map(len, ids))
    return Beside(
        article=article,
        left=_side(left, right),
        right=_side(right, left),
        identical=ids[0] == ids[1],
        shared=shared,
        overlap=shared / longer if longer else 1.0,
        agreement=average_overlap(*ids),
    )


def side_by_side(
    pages: Sequence[Beside],
    *,
    left: str,
    right: str,
    limit: int,
    at: datetime,
    index_version: str,
) -> SideBySide:
    """`pages`, at least one, summed up and put in order."""
    return SideBySide(
        left=left,
        right=right,
        limit=limit,
        at=at,
        index_version=index_version,
        identical=sum(one.identical for one in pages),
        overlap=sum(one.overlap for one in pages) / len(pages),
        pages=tuple(sorted(pages, key=lambda one: (one.agreement, one.article.id))),
    )


def average_overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """See `Beside.agreement`; 1 where both are empty."""
    depths = range(1, max(len(one), len(other)) + 1)
    shares = [len(set(one[:depth]) & set(other[:depth])) / depth for depth in depths]
    return sum(shares) / len(shares) if shares else 1.0


def _side(ranking: Ranking, other: Ranking) -> Side:
    elsewhere = other.places()
    # what stands in for related articles is scored by something else
    alike = ranking.slot.fallback is None and other.slot.fallback is None
    placed = []
    for position, one in enumerate(ranking.slot, start=1):
        there, counterpart = elsewhere.get(one.id, (None, None))
        placed.append(
            Placed(
                card=one.card,
                position=position,
                there=there,
                absent=other.absent.get(one.id) if there is None else None,
                score=one.score,
                relevance=one.relevance,
                because=one.because,
                reasons=one.reasons,
                changes=_changes(one.reasons, counterpart.reasons) if counterpart and alike else (),
            )
        )
    return Side(tuple(placed), ranking.slot.fallback)


def _changes(here: Sequence[Reason], there: Sequence[Reason]) -> tuple[Change, ...]:
    one = {reason.signal: reason.contribution for reason in here}
    other = {reason.signal: reason.contribution for reason in there}
    every = [
        Change(signal, one.get(signal, 0.0), other.get(signal, 0.0))
        for signal in dict.fromkeys([*one, *other])
    ]
    telling = [change for change in every if abs(change.here - change.there) >= _SMALL]
    return tuple(sorted(telling, key=lambda change: -abs(change.here - change.there)))
