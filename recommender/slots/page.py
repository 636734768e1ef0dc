"""Several slots of one page, nothing twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from recommender.articles.columns import NO_CODE
from recommender.slots.candidates import Subject
from recommender.slots.charts import Charts, Readership
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import DefinedSlot, Supply
from recommender.slots.eligible import Eligible, eligible
from recommender.slots.filled import FilledSlot
from recommender.slots.pipeline import Pipeline
from recommender.slots.ranking import Ranked
from recommender.slots.reranking import Order, in_order
from recommender.slots.rule_matching import Rules
from recommender.slots.rules import (
    Arrangement,
    Gate,
    Placed,
    pins_of,
    standing,
    weighed,
)
from recommender.slots.ruling import Ruling
from recommender.slots.sources import Demand, Sources


@dataclass(slots=True)
class PageQuery:
    """A page to be filled. Not to be changed.

    Attributes:
        slots: in the order in which they choose; a later one shows nothing of an earlier one.
        subject: what the page is about; None for a page about nothing, which has no `related`.
        at: the time of asking, aware.
        seen: ids that the reader knows already.
        shown: ids that stand elsewhere on the page already.
        at_once: rather not at all than with a search.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    slots: Sequence[DefinedSlot]
    subject: Subject | None
    at: datetime
    seen: tuple[str, ...] = ()
    at_once: bool = False
    shown: tuple[str, ...] = ()


def fill_page(
    corpus: Corpus,
    query: PageQuery,
    pipeline: Pipeline,
    readership: Readership,
    rules: Rules,
    *,
    charts: Charts,
) -> tuple[FilledSlot, ...]:
    """One filled slot for each that was asked for, in their order, as editors' `rules` say.

    Args:
        corpus: where articles come from.
        query: the page.
        pipeline: how `related` is ranked.
        readership: who reads what.
        rules: of editors.
        charts: all of `charts_of` its slots.

    Raises:
        TakesTime: it was to be `at_once`, and a slot needs a search.
    """
    # the reader's and the page's alike: neither they nor their copies come again
    known = (*query.seen, *query.shown)
    seen = {one for one in map(corpus.position, known) if one is not None} if known else set()
    if query.subject is not None and query.subject.position is not None:
        seen.add(query.subject.position)
    # copy groups that stand on the page already
    taken = set(map(corpus.groups.item, seen))
    sources = Sources(
        corpus=corpus,
        subject=query.subject,
        at=query.at.timestamp(),
        at_once=query.at_once,
        pipeline=pipeline,
        readership=readership,
        charts=charts,
        rules=rules,
    )
    filler = _Filler(sources, taken=taken, shown=seen)
    filled: list[FilledSlot] = []
    for slot in query.slots:
        if filled:
            filler.shows(filled[-1])
        filled.append(filler.fill(slot))
    return tuple(filled)


class _Filler:
    """One page in the making: remembers what stands on it."""

    def __init__(self, sources: Sources, *, taken: set[int], shown: set[int]) -> None:
        self._sources = sources
        self._corpus = sources.corpus
        self._pipeline = sources.pipeline
        self._ruling: Ruling | None = None  # of the slot that is being filled
        self._taken = taken
        self._shown = shown

    def fill(self, slot: DefinedSlot) -> FilledSlot:
        subject = self._sources.subject
        page = None if subject is None else subject.position
        self._ruling = self._sources.rules.on(page, slot.name, slot.supply.source)
        if self._ruling is not None and self._ruling.gives_places:
            return self._arranged(slot, self._ruling)
        supply, ranked, order = self._ranked(slot)
        return _filled(slot, supply, ranked.take(order[slot.offset :]))

    def shows(self, filled: FilledSlot) -> None:
        """From now on `filled` stands on the page."""
        self._shown.update(filled.ranked.positions.tolist())
        self._taken.update(self._corpus.groups[filled.ranked.positions].tolist())

    def _ranked(self, slot: DefinedSlot) -> tuple[Supply, Ranked, Order]:
        """What fills the slot, its articles, and the columns that stand there from place 0 on."""
        own = self._from(slot.supply, slot)
        # past the end of a list there is nothing, and no other list goes on from there
        if len(own[1]) or slot.offset:
            return slot.supply, *own
        for supply in slot.fallbacks:
            ranked, order = self._from(supply, slot)
            if len(order):
                return supply, ranked, order
        return slot.supply, *own

    def _arranged(self, slot: DefinedSlot, ruling: Ruling) -> FilledSlot:
        """The slot with pins and promotions."""
        corpus, shown, taken = self._corpus, self._shown, self._taken
        rules = self._eligible_for(slot.supply, slot)
        alone = self._pipeline.collapse_copies
        gate = Gate(
            fits=rules.mask,
            key=(lambda position: int(corpus.groups[position])) if alone else int,
            taken=taken if alone else shown,
        )
        pins = pins_of(ruling, gate)
        # what is pinned is not ranked as well; where its place is not shown, a later slot may
        pinned = np.array(sorted(pins.positions), dtype=np.int64)
        self._shown = shown | pins.positions
        self._taken = taken | set(corpus.groups[pinned].tolist())
        supply, ranked, order = self._ranked(slot)
        self._shown, self._taken = shown, taken
        arrangement = Arrangement(ranked, order.tolist(), pins, ruling.promotions, gate)
        arrangement.fill(slot.wanted)
        positions = arrangement.positions[slot.offset :]
        others = np.setdiff1d(np.array(positions, dtype=np.int64), ranked.positions)
        whole = standing(ranked, positions, self._sources.measured(supply, others, ruling))
        return _filled(slot, supply, whole, tuple(arrangement.placed[slot.offset :]))

    def _from(self, supply: Supply, slot: DefinedSlot) -> tuple[Ranked, Order]:
        rules = self._eligible_for(supply, slot)
        demand = Demand(rules, slot.wanted, self._taken, self._ruling)
        ranked = self._sources.ranked(supply, demand)
        if self._ruling is not None:
            ranked = weighed(ranked, self._ruling)
        return ranked, in_order(
            ranked,
            self._corpus,
            collapse_copies=self._pipeline.collapse_copies,
            diversity=self._pipeline.diversity if supply.source == "related" else 0.0,
            taken=self._taken,
            count=slot.wanted,
        )

    def _eligible_for(self, supply: Supply, slot: DefinedSlot) -> Eligible:
        at, subject = self._sources.at, self._sources.subject
        not_after = at if self._pipeline.as_of_now else np.inf
        if supply.source == "related" and self._pipeline.only_older and subject is not None:
            not_after = np.fmin(not_after, subject.published_at)  # fmin passes an unknown date over
        return eligible(
            self._corpus,
            slot,
            section=NO_CODE if subject is None else subject.section,
            not_after=not_after,
            at=at,
            without=self._shown,
            ruling=self._ruling,
        )


def _filled(
    slot: DefinedSlot, supply: Supply, ranked: Ranked, placed: tuple[Placed, ...] = ()
) -> FilledSlot:
    own = slot.supply.source
    fallback = None if supply.source == own else supply.source
    return FilledSlot(slot.name, own, fallback, ranked, placed)
