"""The related slots of many articles at once, out of the neighbour graph.

What `page.fill_page` does for one article, for a few hundred in the same steps: the time goes into
the steps, not into the articles.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from index.ascending import located
from recommender.articles.columns import NO_CODE
from recommender.slots.candidates import Candidates
from recommender.slots.definitions import DefinedSlot
from recommender.slots.eligible import eligible
from recommender.slots.filled import FilledSlot
from recommender.slots.pipeline import SIGNALS, Pipeline
from recommender.slots.present import Moment
from recommender.slots.ranking import Ranked, scored, signal_values
from recommender.slots.reranking import LEAST, POOL, in_order
from recommender.slots.ruling import Ruling

_Rows = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]
_Scores = npt.NDArray[np.float32]

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Block:
    """The slots of b articles, a row each.

    Attributes:
        answered: shape (b,): False where the slot has to be filled by `page.fill_page`, as there
            are too few neighbours or an editor's rule for this very page.
        related: shape (b, places), int64 positions, best first, padded with -1.
        scores: shape (b, places), float32, -inf where padded.
    """

    answered: _Flags
    related: _Rows
    scores: _Scores


@dataclass(frozen=True, slots=True)
class _Scored:
    """The candidates of b articles, c to a row.

    Attributes:
        answered: see `Block`.
        positions: shape (b, c); any where `fits` is not set.
        values: shape (len(SIGNALS), b * c), what was measured.
        scores: shape (b, c), float32.
        fits: shape (b, c): which may stand there.
    """

    answered: _Flags
    positions: _Rows
    values: _Scores
    scores: _Scores
    fits: _Flags


@dataclass(frozen=True, slots=True)
class Blocks:
    """Fills one slot, which is never one that something else fills where it stays empty.

    Attributes:
        moment: the corpus has no overlay.
        pipeline: without a second look at the best.
        slot: of the source `related`, for all sections alike.
        ruling: what editors say about it on every page; None where nothing.
    """

    moment: Moment
    pipeline: Pipeline
    slot: DefinedSlot
    ruling: Ruling | None

    @classmethod
    def of(cls, moment: Moment, pipeline: Pipeline, slot: DefinedSlot) -> "Blocks | None":
        """None where the articles of this slot have to be filled one by one."""
        supply = slot.supply
        ruling = moment.rules.on(None, slot.name, supply.source)
        if (
            supply.source != "related"
            or len(moment.corpus.overlay)
            or pipeline.rescoring is not None
            or any(one.same_section for one in slot.filters)
            or (ruling is not None and (ruling.gives_places or ruling.ignored))
        ):
            return None
        if supply.min_score is not None:
            pipeline = replace(pipeline, min_score=supply.min_score)
        return cls(moment, pipeline, slot, ruling)

    def fill(self, subjects: _Rows) -> Block:
        """The slots of the articles at these positions; memory grows with their number."""
        corpus, pipeline = self.moment.corpus, self.pipeline
        found = self._scored(subjects)
        positions, scores, fits = found.positions, found.scores, found.fits
        if self.ruling is not None:
            scores = _weighed(scores, fits, self.ruling, positions.ravel())
        if pipeline.collapse_copies:
            fits_here = fits & (corpus.groups[positions] != corpus.groups[subjects][:, None])
            ordered = self._one_of_each(positions, scores, fits_here, fits)
        else:
            ordered = _best_first(scores, fits, self._pool)
        if pipeline.diversity:
            ordered = self._diversified(positions, scores, ordered)
        return self._cut(found.answered, positions, scores, ordered)

    def slots(self, subjects: Sequence[int]) -> list[FilledSlot | None]:
        """The same as slots; None where one is empty, or has to be filled by `page.fill_page`.

        For a few at once: they are scored together and put in order one by one.
        """
        ruling, by_page = self.ruling, self.moment.rules.by_page
        if not subjects or (ruling is not None and ruling.factors is not None):
            return [None] * len(subjects)
        found = self._scored(np.array(subjects, dtype=np.int64))
        values = found.values.reshape(len(found.values), *found.scores.shape)
        best, as_they_stand = self._first(subjects, found)
        lines = np.arange(len(best))[:, None]
        positions, scores = found.positions[lines, best], found.scores[lines, best]
        measured, shown = values[:, lines, best], slice(self.slot.offset, None)
        slots: list[FilledSlot | None] = []
        for row, (subject, answered, stands) in enumerate(
            zip(subjects, found.answered.tolist(), as_they_stand, strict=True)
        ):
            if not answered or subject in by_page:
                slots.append(None)
                continue
            if stands:
                parts = positions[row, shown], scores[row, shown], measured[:, row, shown]
                ranked = Ranked(parts[0], parts[1], SIGNALS, parts[2], self._weights)
            else:
                whole = Ranked(
                    found.positions[row], found.scores[row], SIGNALS, values[:, row], self._weights
                )
                ranked = whole.take(self._order(subject, whole, found.fits[row])[shown])
            slots.append(
                FilledSlot(self.slot.name, self.slot.supply.source, None, ranked)
                if len(ranked.positions)
                else None
            )
        return slots

    def _first(self, subjects: Sequence[int], found: _Scored) -> tuple[_Rows, list[bool]]:
        """The best columns of each row, and whether they stand in the slot just so.

        They do where none is a copy and no two are of one story, which all rows are asked in one
        step; of the others `_order` tells.
        """
        corpus, pipeline = self.moment.corpus, self.pipeline
        best = _best_first(found.scores, found.fits, self.slot.wanted)
        if best.shape[1] < self.slot.wanted:
            return best, [False] * len(best)
        stands = best[:, -1] != _NOWHERE
        placed = found.positions[np.arange(len(best))[:, None], best]
        if pipeline.collapse_copies:
            groups = corpus.groups[placed]
            own = corpus.groups[np.array(subjects)]
            stands &= _all_differ(np.concatenate([groups, own[:, None]], axis=1))
            stands &= (corpus.canonical[placed] == placed).all(axis=1)
        if pipeline.diversity:
            stands &= _all_differ(corpus.stories[placed])
        return best, stands.tolist()

    @property
    def _weights(self) -> npt.NDArray[np.float32]:
        return self.pipeline.weight_row

    def _order(self, subject: int, whole: Ranked, may: _Flags) -> _Rows:
        """Columns of `whole`, of those that may stand there."""
        corpus, fits = self.moment.corpus, may.nonzero()[0]
        order = in_order(
            # by positions and scores alone
            Ranked(whole.positions[fits], whole.scores[fits], (), whole.values, whole.weights),
            corpus,
            collapse_copies=self.pipeline.collapse_copies,
            diversity=self.pipeline.diversity,
            taken={corpus.groups.item(subject)},
            count=self.slot.wanted,
        )
        return fits[order]

    def _scored(self, subjects: _Rows) -> _Scored:
        corpus, pipeline = self.moment.corpus, self.pipeline
        kept = corpus.relations.neighbours
        others, signals = kept.of_each(subjects)
        there = others != _NOWHERE
        positions = np.where(there, others, 0).astype(np.int64)
        texts = signals.swapaxes(0, 1).astype(np.float32)
        flat = positions.ravel()
        marks = corpus.base.columns.marks.take(flat, axis=0)
        found = Candidates(flat, marks, texts.reshape(len(texts), -1))
        fits = there & self._eligible(flat, subjects)
        answered = self._enough(fits, others)
        values = self._values(found, subjects, others)
        read = bool(len(corpus.relations.together.positions))
        scores, related = scored(values, pipeline, kept.background, read=read)
        scores = scores.reshape(positions.shape)
        if related is not None:
            fits &= related.reshape(positions.shape)
        return _Scored(answered, positions, values, scores, fits)

    @property
    def _pool(self) -> int:
        """How far down the order matters."""
        return max(POOL, self.slot.wanted)

    def _eligible(self, flat: _Rows, subjects: _Rows) -> _Flags:
        at, corpus = self.moment.at.timestamp(), self.moment.corpus
        rules = eligible(
            corpus,
            self.slot,
            section=NO_CODE,
            not_after=at if self.pipeline.as_of_now else np.inf,
            at=at,
            without=set(),
            ruling=self.ruling,
        )
        fits = rules.mask(flat).reshape(len(subjects), -1)
        if self.pipeline.only_older:
            published = corpus.base.columns.published_at
            fits &= ~(published[flat].reshape(fits.shape) > published[subjects][:, None])
        return fits

    def _enough(self, fits: _Flags, others: npt.NDArray[np.int32]) -> _Flags:
        """Rows whose neighbours surely fill the slot, however many of them are copies."""
        rest = len(self.moment.corpus.base) - 1
        everyone = np.zeros(len(others), dtype=np.bool_)
        if rest <= others.shape[1]:
            everyone[:] = rest == 0 or others[:, rest - 1] != _NOWHERE
        everyone |= fits.sum(axis=1) >= 2 * self.slot.wanted
        return everyone

    def _values(self, found: Candidates, subjects: _Rows, others: npt.NDArray[np.int32]) -> _Scores:
        corpus, width = self.moment.corpus, others.shape[1]
        columns, weights = corpus.base.columns, self.pipeline.weights
        strengths = None
        if weights.read_together and len(corpus.relations.together.positions):
            strengths = self._strengths(subjects, others)
        return signal_values(
            found,
            self.pipeline,
            published_at=np.nan_to_num(columns.published_at[subjects], nan=-np.inf).repeat(width),
            section=columns.section[subjects].repeat(width),
            at=self.moment.at.timestamp(),
            popularity=self.moment.readership.relative if weights.popularity else None,
            sections=corpus.vocabularies.sections,
            strengths=strengths,
        )

    def _strengths(self, subjects: _Rows, others: npt.NDArray[np.int32]) -> _Scores:
        together = self.moment.corpus.relations.together
        found = np.zeros(others.shape, dtype=np.float32)
        counts = np.count_nonzero(others != _NOWHERE, axis=1)  # padded behind
        for row, (subject, count) in enumerate(zip(subjects.tolist(), counts, strict=True)):
            read, strengths = together.of(subject)
            place, there = located(read, others[row, :count])
            found[row, place[there]] = strengths[there]
        return found.ravel()

    def _one_of_each(
        self, positions: _Rows, scores: _Scores, fits: _Flags, ranked: _Flags
    ) -> _Rows:
        """As `reranking.best_of_each`."""
        corpus = self.moment.corpus
        order = _best_first(scores, fits, scores.shape[1])
        rows, places = np.nonzero(order != _NOWHERE)
        columns = order[rows, places]
        chosen = positions[rows, columns]
        keys = rows * len(corpus) + corpus.groups[chosen]
        first = np.zeros(len(keys), dtype=np.bool_)
        first[np.unique(keys, return_index=True)[1]] = True
        rows, columns, chosen = rows[first], columns[first], chosen[first]
        shown = corpus.canonical[chosen]
        for one in np.flatnonzero(shown != chosen).tolist():
            row = rows[one]
            at = np.flatnonzero((positions[row] == shown[one]) & ranked[row])
            if len(at):
                columns[one] = at[0]
        return _rowwise(rows, columns, len(scores), self._pool)

    def _diversified(self, positions: _Rows, scores: _Scores, ordered: _Rows) -> _Rows:
        """As `reranking.diversified`: of the first of each row, the best that is not yet there."""
        pool, share = ordered[:, :POOL], self.pipeline.diversity
        there = pool != _NOWHERE
        columns = np.where(there, pool, 0)
        gains = (1 - share) * np.take_along_axis(scores, columns, axis=1).astype(np.float64)
        first = np.take_along_axis(scores, columns[:, :1], axis=1).astype(np.float64)
        off = share * np.maximum(first, LEAST)
        stories = self.moment.corpus.stories[np.take_along_axis(positions, columns, axis=1)]
        left, seen = there.copy(), np.zeros_like(there)
        made = np.full_like(ordered, _NOWHERE)
        every = np.arange(len(pool))
        for place in range(min(pool.shape[1], self.slot.wanted)):
            fresh, again = left & ~seen, left & seen
            newest, oldest = fresh.argmax(axis=1), again.argmax(axis=1)
            repeats = again[every, oldest] & (
                ~fresh[every, newest]
                | ((oldest < newest) & (gains[every, oldest] - off[:, 0] > gains[every, newest]))
            )
            chosen = np.where(repeats, oldest, newest)
            some = left[every, chosen]
            made[some, place] = columns[some, chosen[some]]
            left[every, chosen] = False
            seen |= some[:, None] & (stories == stories[every, chosen][:, None])
        made[:, POOL:] = ordered[:, POOL:]
        return made

    def _cut(self, answered: _Flags, positions: _Rows, scores: _Scores, ordered: _Rows) -> Block:
        columns = ordered[:, self.slot.offset : self.slot.wanted]
        there = columns != _NOWHERE
        at = np.where(there, columns, 0)
        return Block(
            answered,
            np.where(there, np.take_along_axis(positions, at, axis=1), _NOWHERE),
            np.where(there, np.take_along_axis(scores, at, axis=1), np.float32(-np.inf)),
        )


def _weighed(scores: _Scores, fits: _Flags, ruling: Ruling, flat: _Rows) -> _Scores:
    """As `rules.weighed`."""
    factors = ruling.factors_of(flat)
    if factors is None:
        return scores
    low = np.minimum(np.where(fits, scores, np.inf).min(axis=1, initial=np.inf), 0)[:, None]
    moved: _Scores = scores + (scores - low) * (factors.reshape(scores.shape) - 1)
    return moved.astype(np.float32)


def _best_first(scores: _Scores, fits: _Flags, most: int) -> _Rows:
    """Columns of each row by score, descending, ties by column; padded with -1."""
    order = np.argsort(np.where(fits, -scores, np.inf), axis=1, kind="stable")[:, :most]
    return np.where(np.take_along_axis(fits, order, axis=1), order, _NOWHERE)


def _all_differ(rows: npt.NDArray[np.integer]) -> _Flags:
    """Whether no number stands twice in a row, (n, c) -> (n,)."""
    ordered = np.sort(rows, axis=1)
    differ: _Flags = (ordered[:, 1:] != ordered[:, :-1]).all(axis=1)
    return differ


def _rowwise(rows: _Rows, columns: _Rows, count: int, most: int) -> _Rows:
    """Lists of columns, row after row, as an array of `count` rows padded with -1."""
    starts = np.searchsorted(rows, np.arange(count))
    places = np.arange(len(rows)) - starts[rows]
    made = np.full((count, most), _NOWHERE, dtype=np.int64)
    within = places < most
    made[rows[within], places[within]] = columns[within]
    return made
