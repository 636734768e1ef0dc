"""Several slots of one page, nothing twice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt

from recommender.articles.cards import card_of
from recommender.slots.candidates import Eligible, Subject, eligible, related_candidates
from recommender.slots.corpus import Corpus
from recommender.slots.pipeline import Pipeline
from recommender.slots.ranking import Ranked, rank_by, rank_related, text_scores
from recommender.slots.reranking import best_first, best_of_each, diversified
from recommender.slots.rescoring import rescored
from recommender.slots.slot import Reason, Recommendation, Slot, SlotName, SlotQuery
from recommender.slots.words import because

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
    """

    slots: tuple[SlotQuery, ...]
    subject: Subject | None
    at: datetime
    seen: tuple[str, ...] = ()
    fallbacks: tuple[SlotName, ...] = FALLBACKS


@dataclass(frozen=True, slots=True)
class FilledSlot:
    """What stands in a slot, best first, as positions of a corpus.

    Attributes:
        name: the slot that was asked for.
        fallback: what filled it instead; None where its own source did.
        ranked: rows in the order of the slot.
    """

    name: SlotName
    fallback: SlotName | None
    ranked: Ranked

    def reasons(self, place: int, *, every: bool = False) -> tuple[Reason, ...]:
        """Why the article at `place` (from 0) stands there, the greatest contribution first.

        Signals that added nothing are left out unless `every` is set.
        """
        ranked = self.ranked
        values = ranked.values[:, place]
        counted = zip(ranked.signals, values, values * ranked.weights, strict=True)
        found = [
            Reason(signal, float(value), float(contribution))
            for signal, value, contribution in counted
            if contribution != 0 or every
        ]
        return tuple(sorted(found, key=lambda reason: -reason.contribution))


def fill_page(
    corpus: Corpus, query: PageQuery, pipeline: Pipeline, readership: Readership
) -> tuple[FilledSlot, ...]:
    """One filled slot for each that was asked for, in their order."""
    seen = {one for one in map(corpus.position, query.seen) if one is not None}
    taken = set()  # copy groups that stand on the page already
    if query.subject is not None and query.subject.position is not None:
        seen.add(query.subject.position)
        taken.add(query.subject.group)
    taken.update(int(corpus.groups[one]) for one in seen)
    filler = _Filler(corpus, query, pipeline, readership, taken=taken, shown=seen)
    return tuple(filler.fill(slot) for slot in query.slots)


def relevance(filled: FilledSlot, pipeline: Pipeline) -> npt.NDArray[np.float32] | None:
    """The probability of each place that an editor would accept the link, shape (n,).

    None where the slot shows what has nothing to do with a subject.
    """
    if (filled.fallback or filled.name) != "related":
        return None
    return pipeline.related.probability(text_scores(filled.ranked))


def render(corpus: Corpus, filled: FilledSlot, pipeline: Pipeline, subject: Subject | None) -> Slot:
    """The slot with its cards and reasons."""
    ranked = filled.ranked
    likely = relevance(filled, pipeline)
    shown = []
    for place, position in enumerate(ranked.positions.tolist()):
        reasons = filled.reasons(place)
        added = {one.signal: one.contribution for one in reasons}
        shown.append(
            Recommendation(
                card=card_of(corpus.card_at(position)),
                score=float(ranked.scores[place]),
                position=place + 1,
                reasons=reasons,
                because=because(corpus, subject, position, added),
                relevance=None if likely is None else float(likely[place]),
            )
        )
    return Slot(
        name=filled.name,
        recommendations=tuple(shown),
        fallback=filled.fallback,
        pipeline=pipeline.name,
        index_version=corpus.version,
    )


class _Filler:
    """One page in the making: remembers what stands on it."""

    def __init__(
        self,
        corpus: Corpus,
        query: PageQuery,
        pipeline: Pipeline,
        readership: Readership,
        *,
        taken: set[int],
        shown: set[int],
    ) -> None:
        self._corpus = corpus
        self._query = query
        self._pipeline = pipeline
        self._readership = readership
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
        # past the end of a list there is nothing, and no other list goes on from there
        fallbacks = () if slot.offset else self._query.fallbacks
        for source in (slot.slot, *(one for one in fallbacks if one != slot.slot)):
            ranked = self._from(source, slot)
            if len(ranked.positions):
                self._shown.update(map(int, ranked.positions))
                self._taken.update(map(int, self._corpus.groups[ranked.positions]))
                return FilledSlot(slot.slot, None if source == slot.slot else source, ranked)
        return FilledSlot(slot.slot, None, ranked)

    def _from(self, source: SlotName, slot: SlotQuery) -> Ranked:
        not_after = self._query.at.timestamp() if self._pipeline.as_of_now else np.inf
        subject = self._query.subject
        if source == "related" and self._pipeline.only_older and subject is not None:
            not_after = np.fmin(not_after, subject.published_at)  # fmin passes an unknown date over
        rules = eligible(self._corpus, slot.filters, not_after=not_after, without=self._shown)
        ranked = self._sources[source](slot, rules)
        wanted = slot.offset + slot.limit
        diversity = self._pipeline.diversity if source == "related" else 0.0
        if self._pipeline.collapse_copies:
            corpus = self._corpus
            order = best_of_each(ranked, corpus.groups, corpus.canonical, self._taken)
        else:
            order = iter(best_first(ranked, len(ranked.positions)).tolist())
        if diversity:
            columns = diversified(ranked, order, self._corpus.stories, diversity, wanted)
        else:
            columns = np.fromiter(islice(order, wanted), dtype=np.int64)
        return ranked.take(columns[slot.offset :])

    def _related(self, slot: SlotQuery, rules: Eligible) -> Ranked:
        subject = self._query.subject
        if subject is None:
            return _nothing()
        needed = slot.offset + slot.limit + len(self._shown)
        rescoring = self._pipeline.rescoring
        if rescoring is not None:
            needed = max(needed, rescoring.first)  # the same are read for every part of the list
        found = related_candidates(self._corpus, subject, rules, needed=needed)
        popularity = self._readership.relative if self._pipeline.weights.popularity else None
        at = self._query.at.timestamp()
        sections = self._corpus.vocabularies.sections
        ranked = rank_related(
            found, subject, self._pipeline, at=at, popularity=popularity, sections=sections
        )
        if rescoring is None:
            return ranked
        taken = self._taken if self._pipeline.collapse_copies else set()
        return rescored(ranked, self._corpus, subject, rescoring, taken=taken)

    def _popular(self, _: SlotQuery, rules: Eligible) -> Ranked:
        read = np.flatnonzero(self._readership.readers > 0)
        kept = self._eligible(read, rules)
        return rank_by(kept, "popularity", self._readership.readers[kept])

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
            kept = np.concatenate([kept, self._eligible(chunk, rules)])
            if len(np.unique(self._corpus.groups[kept])) >= wanted:
                break
        return _newest_first(kept, source)

    def _story(self, _: SlotQuery, rules: Eligible) -> Ranked:
        subject = self._query.subject
        if subject is None or subject.position is None:
            return _nothing()
        kept = self._eligible(self._corpus.story_at(subject.position), rules)
        published = self._corpus.columns_at(kept).published_at
        # undated last, ties by position
        return _newest_first(
            kept[np.lexsort((kept, -np.nan_to_num(published, nan=-np.inf)))], "story"
        )

    def _eligible(self, positions: npt.NDArray[np.int64], rules: Eligible) -> npt.NDArray[np.int64]:
        columns = self._corpus.columns_at(positions)
        return positions[rules.mask(self._corpus, positions, columns)]


_CHUNK = 4096


def _newest_first(positions: npt.NDArray[np.int64], source: SlotName) -> Ranked:
    """Articles in this order; a score from 1 downwards says no more than the order."""
    scores = np.reciprocal(np.arange(1, len(positions) + 1, dtype=np.float32))
    ascending = np.argsort(positions)
    return rank_by(positions[ascending], source, scores[ascending])


def _nothing() -> Ranked:
    return rank_by(np.empty(0, dtype=np.int64), "latest", np.empty(0, dtype=np.float32))
