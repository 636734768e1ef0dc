"""Slots and pages for those who ask: which articles, by which pipeline, as of which time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial

import numpy as np

from recommender.asking import Subjects, UnpublishedText, check_extent, moment_of
from recommender.errors import SettingsError
from recommender.jobs.scoring import ScoredBatch, score
from recommender.slots.blocks import Blocks
from recommender.slots.candidates import Subject, TakesTime, subject_of
from recommender.slots.corpus import Corpus
from recommender.slots.filled import FilledSlot, render
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline
from recommender.slots.present import Moment, Present
from recommender.slots.slot import (
    NO_FILTERS,
    POPULAR_SLOTS,
    Filters,
    PopularBy,
    Slot,
    SlotName,
    SlotQuery,
)
from recommender.wanted import wanted_of
from recommender.wiring import Parts

DEFAULT_PIPELINE = "default"
PAGE: tuple[SlotName, ...] = ("related", "popular")
"""The slots of an article page."""

_ASKED = 256
"""Combinations of slots that are remembered."""


@dataclass(slots=True)
class FilledPage:
    """Slots as positions of the corpus that filled them, for whoever renders them.

    Not to be changed.

    Attributes:
        corpus: that they are of.
        pipeline: which filled them.
        subject: what the page is about; None where it is about nothing.
        slots: in the order in which they were asked for.
        at: as of this time, aware.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    corpus: Corpus
    pipeline: Pipeline
    subject: Subject | None
    slots: tuple[FilledSlot, ...]
    at: datetime

    def cards(self) -> tuple[list[bytes], ...]:
        """The cards of each slot, best first, as they were made ready: JSON objects."""
        return tuple(self.corpus.cards_at(one.ranked.positions.tolist()) for one in self.slots)

    def rendered(self) -> tuple[Slot, ...]:
        """The slots with cards and reasons."""
        at = self.at.timestamp()
        return tuple(
            render(self.corpus, one, self.pipeline, self.subject, at=at) for one in self.slots
        )


class Pages:
    """The asking half of the product; see `Recommender`. Threads may share it."""

    def __init__(
        self,
        parts: Parts,
        present: Present,
        subjects: Subjects,
        clock: Callable[[], datetime],
    ) -> None:
        """Reads nothing yet.

        Args:
            parts: of a home.
            present: what answers depend on.
            subjects: finds what a page is about.
            clock: the time now, aware.
        """
        self.parts = parts
        self.clock = clock
        self._present = present
        self._subjects = subjects
        # sites ask for the same few slots on all of their pages
        self._wanted = lru_cache(_ASKED)(partial(wanted_of, parts.slots, parts.popular))

    def related(
        self,
        subject: str | UnpublishedText,
        *,
        limit: int | None = None,
        offset: int = 0,
        at: datetime | None = None,
        seen: Sequence[str] = (),
        shown: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
        pipeline: str = DEFAULT_PIPELINE,
    ) -> Slot:
        """What stands beside an article, or would stand beside a text.

        Args:
            subject: an article's id; a string that is no id and has a space in it is a text.
            limit: 1 to 1,000; None: as the slot is defined, which is 5 places.
            offset: how many of the best are passed over.
            at: as of this time, aware; None for now.
            seen: ids that the reader knows already; they and their copies are left out.
            shown: ids that stand elsewhere on the page already, whoever reads it; left out
                likewise. Ids that are unknown, here and there, are passed over.
            filters: what may stand there.
            pipeline: a name in the settings.

        Raises:
            UnknownArticle: no published article has this id; says the nearest.
            InputError: a limit, offset, time or text that cannot be used.
            NotReady: no snapshot was published.
        """
        slots = (SlotQuery("related", limit, offset, filters),)
        page = self.fill(slots, subject, at=at, seen=seen, shown=shown, pipeline=pipeline)
        return page.rendered()[0]

    def popular(
        self,
        *,
        by: PopularBy = "most_read",
        limit: int | None = None,
        offset: int = 0,
        at: datetime | None = None,
        window: timedelta | None = None,
        half_life: timedelta | None = None,
        seen: Sequence[str] = (),
        shown: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
        pipeline: str = DEFAULT_PIPELINE,
    ) -> Slot:
        """What is read most, or more than usual, or clicked most often of the times it is shown.

        Args:
            by: which of these.
            limit: 1 to 1,000; None: as the slot is defined.
            offset: how many of the best are passed over.
            at: as of this time, aware; None for now.
            window: in which readers and clicks count; None: as in the settings.
            half_life: after which a reader counts half, of what is read most; None: as in the
                settings.
            seen: see `related`, as the rest.
            shown: likewise.
            filters: what may stand there.
            pipeline: a name in the settings.
        """
        slots = (SlotQuery(POPULAR_SLOTS[by], limit, offset, filters),)
        page = self.fill(
            slots,
            None,
            at=at,
            window=window,
            half_life=half_life,
            seen=seen,
            shown=shown,
            pipeline=pipeline,
        )
        return page.rendered()[0]

    def slots(
        self,
        subject: str | UnpublishedText | None,
        *,
        slots: Sequence[SlotName | SlotQuery] = PAGE,
        limit: int | None = None,
        at: datetime | None = None,
        seen: Sequence[str] = (),
        shown: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
        pipeline: str = DEFAULT_PIPELINE,
    ) -> tuple[Slot, ...]:
        """Several slots of one page, no article and no copy of one twice. See `related`.

        Args:
            subject: an article's id, or a text; None for a page about nothing.
            slots: in the order in which they choose; a name takes `limit` and `filters`, and may
                be one that the settings define.
            limit: for the slots that are given by name; None: as each is defined.
            at: as of this time, aware; None for now.
            seen: ids that the reader knows already.
            shown: ids that stand elsewhere on the page already.
            filters: for the slots that are given by name.
            pipeline: a name in the settings.
        """
        queries = tuple(
            one if isinstance(one, SlotQuery) else SlotQuery(one, limit, 0, filters)
            for one in slots
        )
        page = self.fill(queries, subject, at=at, seen=seen, shown=shown, pipeline=pipeline)
        return page.rendered()

    def score(
        self,
        ids: Iterable[str] | None = None,
        *,
        limit: int = 10,
        at: datetime | None = None,
        filters: Filters = NO_FILTERS,
        pipeline: str = DEFAULT_PIPELINE,
        after: int = 0,
    ) -> Iterator[ScoredBatch]:
        """The related slots of many articles (None: of all), without fallbacks. See `related`.

        In memory that does not grow with their number: out of what the snapshot knows of
        neighbours, many at once. One by one of a corpus with articles that are newer than the
        snapshot, of a pipeline with a second model, with the filter `same_section`, and while an
        editor pins, promotes or ignores a section on every page.

        Args:
            ids: whose slots.
            limit: 1 to 1,000.
            at: as of this time, aware; None for now.
            filters: what may stand there.
            pipeline: a name in the settings.
            after: so many of the first articles are passed over.

        Raises:
            UnknownArticle: no published article has one of the ids.
        """
        check_extent(limit, 0)
        chosen = self.pipeline(pipeline)
        moment = self._present.moment(moment_of(at, self.clock), self.parts.popular, latest=True)
        corpus = moment.corpus
        if ids is None:
            positions = np.flatnonzero(~corpus.hidden)
        else:
            positions = np.array([self._subjects.position(corpus, one) for one in ids], np.int64)
        (slot,) = self._wanted((SlotQuery("related", limit, 0, filters),), None, None).slots
        return score(moment, positions[after:], chosen, slot=slot)

    def fill(
        self,
        slots: Sequence[SlotQuery],
        subject: str | UnpublishedText | None,
        *,
        at: datetime | None = None,
        window: timedelta | None = None,
        half_life: timedelta | None = None,
        seen: Sequence[str] = (),
        shown: Sequence[str] = (),
        pipeline: str = DEFAULT_PIPELINE,
    ) -> FilledPage:
        """As `slots`, before cards and reasons are written out; for those who render themselves."""
        chosen = self.pipeline(pipeline)
        wanted = self._wanted(tuple(slots), window, half_life)
        moment = self._present.moment(
            moment_of(at, self.clock), wanted.reading, latest=wanted.latest, charts=wanted.charts
        )
        about = None
        if subject is not None:
            published = moment.at if chosen.as_of_now else None  # as a text that is no article yet
            about = self._subjects.find(moment.corpus, subject, published)
        query = PageQuery(wanted.slots, about, moment.at, tuple(seen), shown=tuple(shown))
        return _filled(moment, query, chosen)

    def fill_at_once(
        self,
        slots: Sequence[SlotQuery],
        subject: str | None,
        *,
        window: timedelta | None = None,
        half_life: timedelta | None = None,
        seen: Sequence[str] = (),
        shown: Sequence[str] = (),
        pipeline: str = DEFAULT_PIPELINE,
        now: Moment | None = None,
    ) -> FilledPage | None:
        """As `fill` as of now, where that takes no file: for callers that must not wait.

        Of the moment `now`, which `state` has given, where the slots need no more than it has.
        None after a change of the catalog or of a rule, for a popular slot of the event log as
        well, after five minutes, and where the subject is no article of the corpus: then `fill` has
        to read first. None too where candidates have to be searched for, or filters be applied to
        the whole corpus.
        """
        chosen = self.pipeline(pipeline)
        wanted = self._wanted(tuple(slots), window, half_life)
        if not wanted.light:
            return None
        latest, charts = wanted.latest, wanted.charts
        moment = now
        if now is None or latest or charts or window is not None or half_life is not None:
            moment = self._present.kept(wanted.reading, latest=latest, charts=charts)
        if moment is None:
            return None
        about = None
        if subject is not None:
            position = moment.corpus.position(subject)
            if position is None:
                return None
            about = subject_of(moment.corpus, position)
        query = PageQuery(
            wanted.slots, about, moment.at, tuple(seen), shown=tuple(shown), at_once=True
        )
        try:
            return _filled(moment, query, chosen)
        except TakesTime:
            return None

    def fill_many(
        self, slot: SlotQuery, subjects: Sequence[str], *, pipeline: str, now: Moment
    ) -> list[FilledPage | None]:
        """As `fill_at_once` a page of one related slot, for several articles in the same steps.

        None for an article whose slot has to be filled by itself; for all of them where the slot
        is another one, or needs more than `now` has.
        """
        chosen = self.pipeline(pipeline)
        wanted = self._wanted((slot,), None, None)
        corpus, blocks = now.corpus, None
        if wanted.light and not wanted.latest and not wanted.charts:
            blocks = Blocks.of(now, chosen, wanted.slots[0])
        if blocks is None:
            return [None] * len(subjects)
        positions = [corpus.position(one) for one in subjects]
        known = [one for one in positions if one is not None]
        slots = dict(zip(known, blocks.slots(known), strict=True))
        return [
            FilledPage(corpus, chosen, subject_of(corpus, one), (found,), now.at)
            if one is not None and (found := slots[one]) is not None
            else None
            for one in positions
        ]

    def state(self) -> tuple[object, Moment] | None:
        """An object that stays the same one while no related slot changes; see `Present.state`."""
        return self._present.state(self.parts.popular)

    def follow(self) -> bool:
        """Takes up a newly published snapshot; tells whether there was one."""
        return self._present.follow()

    def check(self, *, after: timedelta) -> None:
        """Compares the checksums of what is served again, where nobody did for so long.

        Takes as long as its files take to read. Where one has changed, the last sound snapshot is
        served from then on, or this one for want of another; it is logged.
        """
        self._present.check(after=after.total_seconds())

    def pipeline(self, name: str) -> Pipeline:
        """The pipeline of this name in the settings.

        Raises:
            SettingsError: there is none; says which there are.
        """
        try:
            return self.parts.pipelines[name]
        except KeyError:
            known = ", ".join(sorted(self.parts.pipelines))
            raise SettingsError(
                f"There is no pipeline {name!r}; the settings have: {known}."
            ) from None

    def corpus(self) -> Corpus:
        """The articles of this moment.

        Raises:
            NotReady: no snapshot was published.
        """
        return self._present.corpus()


def _filled(moment: Moment, query: PageQuery, pipeline: Pipeline) -> FilledPage:
    filled = fill_page(
        moment.corpus,
        query,
        pipeline,
        moment.readership,
        moment.rules,
        charts=moment.charts,
    )
    return FilledPage(moment.corpus, pipeline, query.subject, filled, query.at)
