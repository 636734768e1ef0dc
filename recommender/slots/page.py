"""Several slots of one page, nothing twice."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt

from recommender.articles.columns import NO_CODE
from recommender.slots.candidates import Candidates, Subject, measured, related_candidates
from recommender.slots.corpus import Corpus
from recommender.slots.eligible import Eligible, eligible
from recommender.slots.filled import FilledSlot
from recommender.slots.pipeline import Pipeline
from recommender.slots.ranking import Ranked, rank_by, rank_related
from recommender.slots.reranking import Order, best_first, best_of_each, diversified
from recommender.slots.rescoring import rescored
from recommender.slots.rule_matching import MOST_MEASURED, Rules
from recommender.slots.rules import (
    Arrangement,
    Gate,
    pins_of,
    standing,
    weighed,
)
from recommender.slots.ruling import Ruling
from recommender.slots.slot import SlotName, SlotQuery

FALLBACKS: tuple[SlotName, ...] = ("popular", "editors_choice", "latest")
"""What fills a slot that would stay empty, in this order."""


@dataclass(frozen=True)
class Readership:
    """Who reads what, at one time, for the articles of one corpus.

    Attributes:
        readers: shape (articles of the corpus,), float32: decayed unique readers.
    """

    readers: npt.NDArray[np.float32]

    @cached_property
    def relative(self) -> npt.NDArray[np.float32] | None:
        """In [0, 1] on a logarithmic scale, 1 for the most read; None where nobody read."""
        most = float(self.readers.max(initial=0))
        if most <= 0:
            return None
        return np.asarray(np.log1p(self.readers) / np.log1p(most), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """A page to be filled.

    Attributes:
        slots: in the order in which they choose; a later one shows nothing of an earlier one.
        subject: what the page is about; None for a page about nothing, which has no `related`.
        at: the time of asking, aware.
        seen: ids that the reader knows already.
        fallbacks: what fills a slot that would stay empty, in this order.
        at_once: rather not at all than with a search.
    """

    slots: tuple[SlotQuery, ...]
    subject: Subject | None
    at: datetime
    seen: tuple[str, ...] = ()
    fallbacks: tuple[SlotName, ...] = FALLBACKS
    at_once: bool = False


def fill_page(
    corpus: Corpus,
    query: PageQuery,
    pipeline: Pipeline,
    readership: Readership,
    rules: Rules | None = None,
) -> tuple[FilledSlot, ...]:
    """One filled slot for each that was asked for, in their order, as editors' `rules` say.

    Raises:
        TakesTime: it was to be `at_once`, and a slot needs a search.
    """
    seen = {one for one in map(corpus.position, query.seen) if one is not None}
    if query.subject is not None and query.subject.position is not None:
        seen.add(query.subject.position)
    # copy groups that stand on the page already
    taken = {int(corpus.groups[one]) for one in seen}
    filler = _Filler(corpus, query, pipeline, readership, rules, taken=taken, shown=seen)
    return tuple(filler.fill(slot) for slot in query.slots)


class _Filler:
    """One page in the making: remembers what stands on it."""

    def __init__(
        self,
        corpus: Corpus,
        query: PageQuery,
        pipeline: Pipeline,
        readership: Readership,
        rules: Rules | None,
        *,
        taken: set[int],
        shown: set[int],
    ) -> None:
        self._corpus = corpus
        self._query = query
        self._pipeline = pipeline
        self._readership = readership
        self._rules = rules
        self._ruling: Ruling | None = None  # of the slot that is being filled
        self._taken = taken
        self._shown = shown
        self._sources: dict[SlotName, Callable[[SlotQuery, Eligible], Ranked]] = {
            "related": self._related,
            "popular": self._popular,
            "editors_choice": self._editors_choice,
            "latest": self._latest,
            "story": self._story,
        }

    def fill(self, slot: SlotQuery) -> FilledSlot:
        subject = self._query.subject
        page = None if subject is None else subject.position
        self._ruling = None if self._rules is None else self._rules.on(page, slot.slot)
        if self._ruling is not None and self._ruling.gives_places:
            filled = self._arranged(slot, self._ruling)
        else:
            source, ranked, order = self._ranked(slot)
            fallback = None if source == slot.slot else source
            filled = FilledSlot(slot.slot, fallback, ranked.take(order[slot.offset :]))
        self._shown.update(map(int, filled.ranked.positions))
        self._taken.update(map(int, self._corpus.groups[filled.ranked.positions]))
        return filled

    def _ranked(self, slot: SlotQuery) -> tuple[SlotName, Ranked, Order]:
        """What fills the slot, its articles, and the columns that stand there from place 0 on."""
        # past the end of a list there is nothing, and no other list goes on from there
        fallbacks = () if slot.offset else self._query.fallbacks
        fallbacks = tuple(one for one in fallbacks if one != slot.slot)
        own = self._from(slot.slot, slot)
        if len(own[1]):
            return slot.slot, *own
        for source in fallbacks:
            ranked, order = self._from(source, slot)
            if len(order):
                return source, ranked, order
        return slot.slot, *own

    def _arranged(self, slot: SlotQuery, ruling: Ruling) -> FilledSlot:
        """The slot with pins and promotions."""
        corpus, shown, taken = self._corpus, self._shown, self._taken
        rules = self._eligible_for(slot.slot, slot)
        alone = self._pipeline.collapse_copies
        gate = Gate(
            fits=lambda positions: rules.mask(positions, corpus.columns_at(positions)),
            key=(lambda position: int(corpus.groups[position])) if alone else int,
            taken=taken if alone else shown,
        )
        pins = pins_of(ruling, gate)
        # what is pinned is not ranked as well; where its place is not shown, a later slot may
        pinned = np.array(sorted(pins.positions), dtype=np.int64)
        self._shown = shown | pins.positions
        self._taken = taken | set(corpus.groups[pinned].tolist())
        source, ranked, order = self._ranked(slot)
        self._shown, self._taken = shown, taken
        arrangement = Arrangement(ranked, order.tolist(), pins, ruling.promotions, gate)
        arrangement.fill(slot.offset + slot.limit)
        positions = arrangement.positions[slot.offset :]
        others = np.setdiff1d(np.array(positions, dtype=np.int64), ranked.positions)
        return FilledSlot(
            slot.slot,
            None if source == slot.slot else source,
            standing(ranked, positions, self._measured(source, others)),
            tuple(arrangement.placed[slot.offset :]),
        )

    def _measured(self, source: SlotName, positions: npt.NDArray[np.int64]) -> Ranked:
        """Articles that an editor placed, with the scores that they have for the source."""
        subject = self._query.subject
        if source == "related" and subject is not None and len(positions):
            found = self._likeness(subject, positions)
            return self._scored(found, subject, replace(self._pipeline, min_score=0.0))
        if source == "popular":
            return rank_by(positions, "readers", self._readership.readers[positions])
        return rank_by(positions, source, np.zeros(len(positions), dtype=np.float32))

    def _likeness(self, subject: Subject, positions: npt.NDArray[np.int64]) -> Candidates:
        if self._rules is None or subject.position is None:
            return measured(self._corpus, subject, positions)
        # the same articles are placed on a page again and again, and comparing texts is slow
        known, key = self._rules.measured, (subject.position, *positions.tolist())
        found = known.get(key)
        if found is None:
            found = measured(self._corpus, subject, positions)
            if len(known) < MOST_MEASURED:
                known[key] = found
        return found

    def _from(self, source: SlotName, slot: SlotQuery) -> tuple[Ranked, Order]:
        ranked = self._sources[source](slot, self._eligible_for(source, slot))
        if self._ruling is not None:
            ranked = weighed(ranked, self._ruling)
        wanted = slot.offset + slot.limit
        diversity = self._pipeline.diversity if source == "related" else 0.0
        if self._pipeline.collapse_copies:
            corpus = self._corpus
            order = best_of_each(ranked, corpus.groups, corpus.canonical, self._taken)
        else:
            order = iter(best_first(ranked).tolist())
        if diversity:
            columns = diversified(ranked, order, self._corpus.stories, diversity, wanted)
        else:
            columns = np.fromiter(islice(order, wanted), dtype=np.int64)
        return ranked, columns

    def _eligible_for(self, source: SlotName, slot: SlotQuery) -> Eligible:
        not_after = self._query.at.timestamp() if self._pipeline.as_of_now else np.inf
        subject = self._query.subject
        if source == "related" and self._pipeline.only_older and subject is not None:
            not_after = np.fmin(not_after, subject.published_at)  # fmin passes an unknown date over
        return eligible(
            self._corpus,
            slot.filters,
            not_after=not_after,
            without=self._shown,
            ruling=self._ruling,
        )

    def _related(self, slot: SlotQuery, rules: Eligible) -> Ranked:
        subject = self._query.subject
        if subject is None:
            return _nothing()
        needed = slot.offset + slot.limit
        rescoring = self._pipeline.rescoring
        if rescoring is not None:
            needed = max(needed, rescoring.first)  # the same are read for every part of the list
        at_once = self._query.at_once
        found = related_candidates(self._corpus, subject, rules, needed=needed, at_once=at_once)
        ranked = self._scored(found, subject, self._pipeline)
        if rescoring is None:
            return ranked
        taken = self._taken if self._pipeline.collapse_copies else set()
        return rescored(ranked, self._corpus, subject, rescoring, taken=taken)

    def _scored(self, found: Candidates, subject: Subject, pipeline: Pipeline) -> Ranked:
        popularity = self._readership.relative if pipeline.weights.popularity else None
        at = self._query.at.timestamp()
        sections = self._corpus.vocabularies.sections
        if self._ruling is not None and subject.section in self._ruling.ignored:
            subject = replace(subject, section=NO_CODE)
        together = None
        if pipeline.weights.read_together and subject.position is not None:
            together = self._corpus.read_with(subject.position)
        return rank_related(
            found,
            subject,
            pipeline,
            at=at,
            popularity=popularity,
            sections=sections,
            together=together,
        )

    def _popular(self, _: SlotQuery, rules: Eligible) -> Ranked:
        read = np.flatnonzero(self._readership.readers > 0)
        kept = self._allowed(read, rules)
        return rank_by(kept, "readers", self._readership.readers[kept])

    def _editors_choice(self, slot: SlotQuery, rules: Eligible) -> Ranked:
        return self._by_date("editors_choice", slot, rules)

    def _latest(self, slot: SlotQuery, rules: Eligible) -> Ranked:
        return self._by_date("latest", slot, rules)

    def _by_date(self, source: SlotName, slot: SlotQuery, rules: Eligible) -> Ranked:
        wanted = slot.offset + slot.limit + len(self._taken)
        kept = np.empty(0, dtype=np.int64)
        newest = self._corpus.newest
        for start in range(0, len(newest), _CHUNK):
            chunk = newest[start : start + _CHUNK]
            if source == "editors_choice":
                chunk = chunk[self._corpus.columns_at(chunk).editors_choice]
            kept = np.concatenate([kept, self._allowed(chunk, rules)])
            if len(np.unique(self._corpus.groups[kept])) >= wanted:
                break
        return _newest_first(kept, source)

    def _story(self, _: SlotQuery, rules: Eligible) -> Ranked:
        subject = self._query.subject
        if subject is None or subject.position is None:
            return _nothing()
        kept = self._allowed(self._corpus.story_at(subject.position), rules)
        published = self._corpus.columns_at(kept).published_at
        # undated last, ties by position
        return _newest_first(
            kept[np.lexsort((kept, -np.nan_to_num(published, nan=-np.inf)))], "story"
        )

    def _allowed(self, positions: npt.NDArray[np.int64], rules: Eligible) -> npt.NDArray[np.int64]:
        columns = self._corpus.columns_at(positions)
        return positions[rules.mask(positions, columns)]


_CHUNK = 4096


def _newest_first(positions: npt.NDArray[np.int64], source: SlotName) -> Ranked:
    """Articles in this order; a score from 1 downwards says no more than the order."""
    scores = np.reciprocal(np.arange(1, len(positions) + 1, dtype=np.float32))
    ascending = np.argsort(positions)
    return rank_by(positions[ascending], source, scores[ascending])


def _nothing() -> Ranked:
    return rank_by(np.empty(0, dtype=np.int64), "latest", np.empty(0, dtype=np.float32))
