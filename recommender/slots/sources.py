"""What each source has for a slot, ranked."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from index.ascending import among, located
from recommender.articles.columns import NO_CODE
from recommender.slots.candidates import Candidates, Subject, measured, related_candidates
from recommender.slots.charts import Charted, Charts, Readership
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import Supply
from recommender.slots.eligible import Eligible
from recommender.slots.pipeline import Pipeline
from recommender.slots.ranking import Ranked, rank_by, rank_related
from recommender.slots.rescoring import rescored
from recommender.slots.rule_matching import Rules
from recommender.slots.ruling import Ruling
from recommender.slots.slot import CHART_SOURCES, Source

Positions = npt.NDArray[np.int64]

_CHUNK = 4096
_LEAST_CHUNK = 64


@dataclass(slots=True)
class Demand:
    """What is asked of a source; not to be changed.

    Attributes:
        rules: who may stand there.
        wanted: so many of the best are shown.
        taken: copy groups that stand on the page already.
        ruling: what editors say; None where nothing.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    rules: Eligible
    wanted: int
    taken: AbstractSet[int]
    ruling: Ruling | None


@dataclass(slots=True)
class Sources:
    """All sources of one page; not to be changed.

    Attributes:
        corpus: where articles come from.
        subject: what the page is about; None for a page about nothing.
        at: the time of asking, seconds since 1970.
        at_once: rather not at all than with a search.
        pipeline: how `related` is ranked.
        readership: who reads what.
        charts: those that slots may need.
        rules: of editors.
    """

    corpus: Corpus
    subject: Subject | None
    at: float
    at_once: bool
    pipeline: Pipeline
    readership: Readership
    charts: Charts
    rules: Rules

    def ranked(self, supply: Supply, demand: Demand) -> Ranked:
        """What may stand there, scored; positions ascend.

        Raises:
            TakesTime: it was to be at once, and there is no way but to search.
        """
        if supply.source in CHART_SOURCES:
            return self._charted(supply, demand)
        match supply.source:
            case "related":
                return self._related(supply, demand)
            case "story":
                return self._story(demand)
        return self._by_date(supply.source, demand)

    def measured(self, supply: Supply, positions: Positions, ruling: Ruling | None) -> Ranked:
        """Articles that an editor placed, ascending, with the scores that they have there."""
        if supply.source == "related" and self.subject is not None and len(positions):
            found = self._likeness(self.subject, positions)
            pipeline = replace(self.pipeline, min_score=0.0)
            return self._scored(found, self.subject, pipeline, ruling)
        if supply.source in CHART_SOURCES:
            return _looked_up(self._chart(supply).ranked, positions)
        return rank_by(positions, supply.source, np.zeros(len(positions), dtype=np.float32))

    def _likeness(self, subject: Subject, positions: Positions) -> Candidates:
        if subject.position is None:
            return measured(self.corpus, subject, positions)
        # the same articles are placed on a page again and again, and comparing texts is slow
        key = (subject.position, *positions.tolist())
        found = self.rules.measured.get(key)
        if found is None:
            found = measured(self.corpus, subject, positions)
            self.rules.measured.keep(key, found)
        return found

    def _related(self, supply: Supply, demand: Demand) -> Ranked:
        subject, pipeline = self.subject, self.pipeline
        if subject is None:
            return _nothing()
        if supply.min_score is not None:
            pipeline = replace(pipeline, min_score=supply.min_score)
        needed = demand.wanted
        rescoring = pipeline.rescoring
        if rescoring is not None:
            needed = max(needed, rescoring.first)  # the same are read for every part of the list
        found = related_candidates(
            self.corpus, subject, demand.rules, needed=needed, at_once=self.at_once
        )
        ranked = self._scored(found, subject, pipeline, demand.ruling)
        if rescoring is None:
            return ranked
        taken = set(demand.taken) if pipeline.collapse_copies else set()
        return rescored(ranked, self.corpus, subject, rescoring, taken=taken)

    def _scored(
        self, found: Candidates, subject: Subject, pipeline: Pipeline, ruling: Ruling | None
    ) -> Ranked:
        popularity = self.readership.relative if pipeline.weights.popularity else None
        if ruling is not None and subject.section in ruling.ignored:
            subject = replace(subject, section=NO_CODE)
        together = None
        if pipeline.weights.read_together and subject.position is not None:
            together = self.corpus.read_with(subject.position)
        return rank_related(
            found,
            subject,
            pipeline,
            at=self.at,
            background=self.corpus.relations.neighbours.background,
            popularity=popularity,
            sections=self.corpus.vocabularies.sections,
            together=together,
        )

    def _chart(self, supply: Supply) -> Charted:
        wanted = supply.chart
        return self.readership.chart if wanted is None else self.charts[wanted]

    def _charted(self, supply: Supply, demand: Demand) -> Ranked:
        chart = self._chart(supply)
        found, order = chart.ranked, chart.order
        if demand.ruling is not None and demand.ruling.moves:
            # an editor may bring up what stands far down
            kept = self._allowed(found.positions, demand.rules)
        else:
            kept = self._first_of(found.positions[order], demand)
            # shown is the canonical copy, wherever it stands itself
            canonical = self._allowed(self.corpus.canonical[kept].astype(np.int64), demand.rules)
            kept = np.union1d(kept, canonical[among(canonical, found.positions)])
        columns = np.searchsorted(found.positions, np.sort(kept))
        if supply.min_score:
            columns = columns[found.scores[columns] >= supply.min_score]
        return found.take(columns)

    def _by_date(self, source: Source, demand: Demand) -> Ranked:
        newest = self.corpus.chosen if source == "editors_choice" else self.corpus.newest
        return _newest_first(self._first_of(newest, demand), source)

    def _first_of(self, positions: Positions, demand: Demand) -> Positions:
        """Those of the best that may be shown, best first: enough of them, whatever is copied."""
        wanted = demand.wanted + len(demand.taken)
        kept = [np.empty(0, dtype=np.int64)]
        met: set[int] = set()
        start, size = 0, max(_LEAST_CHUNK, 2 * wanted)
        while start < len(positions) and len(met) < wanted:
            kept.append(self._allowed(positions[start : start + size], demand.rules))
            met.update(self.corpus.groups[kept[-1]].tolist())
            start, size = start + size, min(2 * size, _CHUNK)
        return np.concatenate(kept)

    def _story(self, demand: Demand) -> Ranked:
        subject = self.subject
        if subject is None or subject.position is None:
            return _nothing()
        kept = self._allowed(self.corpus.story_at(subject.position), demand.rules)
        published = self.corpus.columns_at(kept).published_at
        # undated last, ties by position
        return _newest_first(
            kept[np.lexsort((kept, -np.nan_to_num(published, nan=-np.inf)))], "story"
        )

    def _allowed(self, positions: Positions, rules: Eligible) -> Positions:
        return positions[rules.mask(positions)]


def _looked_up(chart: Ranked, positions: Positions) -> Ranked:
    """The articles at `positions` as they stand in `chart`; 0 of what does not stand there."""
    place, there = located(positions, chart.positions)
    values = np.zeros((len(chart.signals), len(positions)), dtype=np.float32)
    values[:, there] = chart.values[:, place[there]]
    return Ranked(positions, chart.weights @ values, chart.signals, values, chart.weights)


def _newest_first(positions: Positions, source: Source) -> Ranked:
    """Articles in this order; a score from 1 downwards says no more than the order."""
    scores = np.reciprocal(np.arange(1, len(positions) + 1, dtype=np.float32))
    ascending = np.argsort(positions)
    return rank_by(positions[ascending], source, scores[ascending])


def _nothing() -> Ranked:
    return rank_by(np.empty(0, dtype=np.int64), "latest", np.empty(0, dtype=np.float32))
