"""The product as a Python object: what the CLI and the HTTP server call, and anybody else may."""

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self, get_args

import numpy as np

from recommender.articles.article import Article
from recommender.articles.catalog import Upserted
from recommender.articles.complete import complete
from recommender.articles.field_names import NO_MAP, FieldMap
from recommender.articles.sources.reject import Record
from recommender.asking import Subjects, UnpublishedText, check_extent, moment_of
from recommender.closing import Closing
from recommender.editors.desk import RuleDesk
from recommender.editors.rule import Target
from recommender.errors import InputError, NotReady, SettingsError
from recommender.jobs.embedding import embed_articles
from recommender.jobs.reading import Reading
from recommender.jobs.rebuild import RebuildReport
from recommender.jobs.scoring import ScoredBatch, score
from recommender.jobs.steps import Watch
from recommender.readers.events import Event
from recommender.settings import find_home
from recommender.slots.candidates import Subject, TakesTime, subject_of
from recommender.slots.corpus import Corpus
from recommender.slots.filled import FilledSlot, render
from recommender.slots.live import LiveCorpus
from recommender.slots.live_rules import LiveRules
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline
from recommender.slots.present import Moment, Present
from recommender.slots.readership import LiveReadership
from recommender.slots.rule_matching import positions_of
from recommender.slots.slot import Filters, Slot, SlotName, SlotQuery
from recommender.wiring import Parts, assemble, fetch_limits, rebuilder

_log = logging.getLogger("recommender")

DEFAULT_PIPELINE = "default"
PAGE: tuple[SlotName, ...] = ("related", "popular")
"""The slots of an article page."""

_EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class FilledPage:
    """Slots as positions of the corpus that filled them, for whoever renders them."""

    corpus: Corpus
    pipeline: Pipeline
    subject: Subject | None
    slots: tuple[FilledSlot, ...]

    def rendered(self) -> tuple[Slot, ...]:
        """The slots with cards and reasons."""
        return tuple(render(self.corpus, one, self.pipeline, self.subject) for one in self.slots)


class Recommender(Closing):
    """Fills slots from the home folder's snapshot, and what changed since.

    Threads may share one. A new snapshot is taken up at the next call, unless `follow` is off:
    then `follow()` says when.

    Attributes:
        rules: where editors' orders are given; they hold from the next call on.
    """

    def __init__(self, parts: Parts, *, follow: bool = True) -> None:
        self.parts = parts
        self.rules = RuleDesk(parts.rules, parts.catalog, get_args(SlotName))
        self._present = Present(
            LiveCorpus(parts.store, parts.catalog, parts.learned, _log.error),
            LiveReadership(parts.events, parts.popular.half_life),
            LiveRules(parts.rules),
            follow=follow,
        )
        self._embedding = threading.Lock()
        self._subjects = Subjects(parts.catalog, parts.embedder, self._embedding)

    @classmethod
    def open(cls, home: str | Path | None = None, *, follow: bool = True) -> Self:
        """Opens `home`, else RECOMMENDER_HOME, else ./recommender-data; made where absent.

        Raises:
            SettingsError: a setting is unknown or wrong.
            CatalogError: a file of the home is damaged, or newer than this program.
        """
        folder = find_home(None if home is None else Path(home))
        return cls(assemble(folder), follow=follow)

    def close(self) -> None:
        """Lets go of the files."""
        self.parts.close()

    def related(
        self,
        subject: str | UnpublishedText,
        *,
        limit: int = 5,
        offset: int = 0,
        at: datetime | None = None,
        seen: Sequence[str] = (),
        filters: Filters = _EVERYTHING,
        pipeline: str = DEFAULT_PIPELINE,
    ) -> Slot:
        """What stands beside an article, or would stand beside a text.

        Args:
            subject: an article's id; a string that is no id and has a space in it is a text.
            limit: 1 to 1,000.
            offset: how many of the best are passed over.
            at: as of this time, aware; None for now.
            seen: ids that the reader knows already; they and their copies are left out.
            filters: what may stand there.
            pipeline: a name in the settings.

        Raises:
            UnknownArticle: no published article has this id; says the nearest.
            InputError: a limit, offset, time or text that cannot be used.
            NotReady: no snapshot was published.
        """
        slots = (SlotQuery("related", limit, offset, filters),)
        return self.fill(slots, subject, at=at, seen=seen, pipeline=pipeline).rendered()[0]

    def popular(
        self,
        *,
        limit: int = 5,
        offset: int = 0,
        at: datetime | None = None,
        window: timedelta | None = None,
        seen: Sequence[str] = (),
        filters: Filters = _EVERYTHING,
        pipeline: str = DEFAULT_PIPELINE,
    ) -> Slot:
        """What is read most, within `window` (None: as in the settings). See `related`."""
        slots = (SlotQuery("popular", limit, offset, filters),)
        page = self.fill(slots, None, at=at, window=window, seen=seen, pipeline=pipeline)
        return page.rendered()[0]

    def slots(
        self,
        subject: str | UnpublishedText,
        *,
        slots: Sequence[SlotName | SlotQuery] = PAGE,
        limit: int = 5,
        at: datetime | None = None,
        seen: Sequence[str] = (),
        filters: Filters = _EVERYTHING,
        pipeline: str = DEFAULT_PIPELINE,
    ) -> tuple[Slot, ...]:
        """Several slots of one page, no article and no copy of one twice. See `related`.

        Args:
            subject: an article's id, or a text.
            slots: in the order in which they choose; a name takes `limit` and `filters`.
            limit: for the slots that are given by name.
            at: as of this time, aware; None for now.
            seen: ids that the reader knows already.
            filters: for the slots that are given by name.
            pipeline: a name in the settings.
        """
        queries = tuple(
            one if isinstance(one, SlotQuery) else SlotQuery(one, limit, 0, filters)
            for one in slots
        )
        return self.fill(queries, subject, at=at, seen=seen, pipeline=pipeline).rendered()

    def score(
        self,
        ids: Iterable[str] | None = None,
        *,
        limit: int = 10,
        at: datetime | None = None,
        filters: Filters = _EVERYTHING,
        pipeline: str = DEFAULT_PIPELINE,
    ) -> Iterator[ScoredBatch]:
        """The related slots of many articles (None: of all), without fallbacks. See `related`."""
        check_extent(limit, 0)
        chosen = self.pipeline(pipeline)
        moment = self._present.moment(moment_of(at), self.parts.popular.window, latest=True)
        corpus = moment.corpus
        if ids is None:
            positions = [int(one) for one in np.flatnonzero(~corpus.hidden)]
        else:
            positions = [self._subjects.position(corpus, one) for one in ids]
        return score(moment, positions, chosen, limit=limit, filters=filters)

    def fill(
        self,
        slots: Sequence[SlotQuery],
        subject: str | UnpublishedText | None,
        *,
        at: datetime | None = None,
        window: timedelta | None = None,
        seen: Sequence[str] = (),
        pipeline: str = DEFAULT_PIPELINE,
    ) -> FilledPage:
        """As `slots`, before cards and reasons are written out; for those who render themselves."""
        chosen = self._checked(slots, pipeline)
        moment = self._present.moment(
            moment_of(at), window or self.parts.popular.window, latest=_shows_readers(slots)
        )
        about = None
        if subject is not None:
            published = moment.at if chosen.as_of_now else None  # as a text that is no article yet
            about = self._subjects.find(moment.corpus, subject, published)
        return _filled(moment, slots, about, chosen, seen)

    def fill_at_once(
        self,
        slots: Sequence[SlotQuery],
        subject: str | None,
        *,
        seen: Sequence[str] = (),
        pipeline: str = DEFAULT_PIPELINE,
    ) -> FilledPage | None:
        """As `fill` as of now, where that takes no file: for callers that must not wait.

        None after a change of the catalog or of a rule, for a popular slot of the event log as
        well, after five minutes, and where the subject is no article of the corpus: then `fill` has
        to read first. None too where candidates have to be searched for.
        """
        chosen = self._checked(slots, pipeline)
        moment = self._present.kept(self.parts.popular.window, latest=_shows_readers(slots))
        if moment is None:
            return None
        about = None
        if subject is not None:
            position = moment.corpus.position(subject)
            if position is None:
                return None
            about = subject_of(moment.corpus, position)
        try:
            return _filled(moment, slots, about, chosen, seen, at_once=True)
        except TakesTime:
            return None

    def state(self) -> object | None:
        """An object that stays the same one while no related slot changes; see `Present.state`."""
        return self._present.state(self.parts.popular.window)

    def put(self, articles: Sequence[Article]) -> Upserted:
        """Adds or changes articles; they are in the next answer. A withdrawn one comes back.

        Raises:
            InputError: an article without an id.
        """
        if not all(article.id for article in articles):
            raise InputError("Expected an id for every article, got one without. Give it an id.")
        done = self.parts.catalog.upsert(articles, complete=complete, reinstate=True)
        with self._embedding:
            ids = [article.id for article in articles]
            embed_articles(self.parts.catalog, self.parts.embedder, ids)
        return done

    def withdraw(self, ids: Sequence[str]) -> list[str]:
        """Takes articles from every slot, at once; returns those of the ids that were known."""
        return self.parts.catalog.withdraw(ids, at=datetime.now(UTC))

    def record(self, events: Sequence[Event]) -> int:
        """Keeps what readers did, durably; returns how many events were kept and count.

        What has a time to come counts as of now.
        """
        now = datetime.now(UTC)
        return self.parts.events.append([replace(one, at=min(one.at, now)) for one in events]).kept

    def rebuild(
        self,
        sources: Iterable[str | Record] = (),
        *,
        mapping: FieldMap = NO_MAP,
        watch: Watch | None = None,
    ) -> RebuildReport:
        """Brings the catalog up to date with `sources` and publishes a snapshot of it.

        Args:
            sources: files, addresses, "-" for standard input; or articles as they are.
            mapping: the sources' names for fields, such as title -> headline.
            watch: told how it goes.

        Raises:
            RebuildBusy: another one is running.
            SourceError: no source gave a record.
            NotReady: there is no article to make a snapshot of.
        """
        self.parts.events.prune()
        limits = fetch_limits(self.parts.settings)
        reading = Reading(sources, self.parts.catalog, mapping=mapping, limits=limits)
        report = rebuilder(self.parts).run(reading.records(), watch)
        reading.keep_states()
        return report

    def follow(self) -> bool:
        """Takes up a newly published snapshot; tells whether there was one."""
        return self._present.follow()

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

    def articles_of(self, target: Target) -> int | None:
        """How many articles a rule about `target` is about; None where nothing was published."""
        try:
            corpus = self.corpus()
        except NotReady:
            return None
        return int(np.sum(~corpus.hidden[positions_of(corpus, target)]))

    def _checked(self, slots: Sequence[SlotQuery], pipeline: str) -> Pipeline:
        for one in slots:
            check_extent(one.limit, one.offset)
        return self.pipeline(pipeline)


def _filled(
    moment: Moment,
    slots: Sequence[SlotQuery],
    about: Subject | None,
    pipeline: Pipeline,
    seen: Sequence[str],
    *,
    at_once: bool = False,
) -> FilledPage:
    query = PageQuery(tuple(slots), about, moment.at, tuple(seen), at_once=at_once)
    filled = fill_page(moment.corpus, query, pipeline, moment.readership, moment.rules)
    return FilledPage(moment.corpus, pipeline, about, filled)


def _shows_readers(slots: Sequence[SlotQuery]) -> bool:
    """Whether readership alone makes the order of a slot; elsewhere it may be minutes old."""
    return any(one.slot == "popular" for one in slots)
