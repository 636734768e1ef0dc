"""The product as a Python object: what the CLI and the HTTP server call, and anybody else may."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self

from recommender.articles.article import Article
from recommender.articles.catalog import Upserted
from recommender.articles.complete import complete
from recommender.articles.field_names import NO_MAP, FieldMap
from recommender.articles.sources.reject import Record, Reject
from recommender.asking import Subjects
from recommender.closing import Closing
from recommender.editors.desk import RuleDesk
from recommender.editors.rule import Rule
from recommender.errors import InputError, NotReady, RecommenderError
from recommender.jobs.backlog import Backlog
from recommender.jobs.embedding import embed_texts, texts_ahead, texts_lacking
from recommender.jobs.ingest import Ingested, ingest
from recommender.jobs.rebuild import RebuildReport
from recommender.jobs.steps import Watch
from recommender.pages import Pages
from recommender.readers.events import Event
from recommender.settings import find_home
from recommender.similarity.embedder import Embedder
from recommender.similarity.gathered_embedder import GatheredEmbedder
from recommender.similarity.giving_way import GivingWay
from recommender.slots.live import LiveCorpus
from recommender.slots.live_rules import LiveRules
from recommender.slots.present import Present
from recommender.slots.reach import Reach, are_copies, reach_of
from recommender.slots.readership import LiveReadership
from recommender.wiring import Parts, assemble, fetch_limits, rebuilder

_log = logging.getLogger("recommender")


class Recommender(Pages, Closing):
    """Fills slots from the home folder's snapshot, and what changed since.

    Threads may share one. A new snapshot is taken up at the next call, unless `follow` is off, for
    a server: then `follow()` says when, and texts are embedded aside from what else is asked.

    Attributes:
        clock: the time now, aware.
        rules: where editors' orders are given; they hold from the next call on.
        backlog: embeds what `load` kept.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        follow: bool = True,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Over opened parts; `clock` tells the time now, aware, in place of the machine's."""
        clock = clock or partial(datetime.now, UTC)
        present = Present(
            LiveCorpus(
                parts.store,
                parts.catalog,
                parts.learned,
                _log.error,
                clock,
                patient=not follow,
            ),
            LiveReadership(parts.events, parts.popular.half_life),
            LiveRules(parts.rules),
            clock,
            follow=follow,
        )
        self._embedding = threading.Lock()
        self._aside = None if follow else GivingWay(parts.embedder)
        self._embedder: Embedder = self._aside or parts.embedder
        gathered = GatheredEmbedder(self._embedder, self._embedding)
        subjects = Subjects(parts.catalog, gathered, clock)
        super().__init__(parts, present, subjects, clock)
        self.rules = RuleDesk(
            parts.rules, parts.catalog, tuple(parts.slots), self._are_copies, clock
        )
        self.backlog = Backlog(
            parts.catalog, self._embedder, self._embedding, parts.home / "embedding.lock"
        )

    @classmethod
    def open(cls, home: str | Path | None = None, *, follow: bool = True) -> Self:
        """Opens `home`, else RECOMMENDER_HOME, else ./recommender-data; made where absent.

        Raises:
            SettingsError: a setting is unknown or wrong.
            CatalogError: a file of the home is damaged, or newer than this program.
        """
        folder = find_home(None if home is None else Path(home))
        return cls(assemble(folder), follow=follow)

    def reach_of(self, rule: Rule) -> Reach | None:
        """What a rule is about; None where that is not known, as nothing was published."""
        try:
            return reach_of(self.corpus(), rule)
        except NotReady:
            return None
        except RecommenderError as error:
            # the rule holds by then: whoever gave it shall not give it again
            _log.warning("%s", error)
            return None

    def _are_copies(self, one: str, other: str) -> bool:
        try:
            return are_copies(self.corpus(), one, other)
        except NotReady:
            return False

    def close(self) -> None:
        """Lets go of the files."""
        self.backlog.close()
        if self._aside is not None:
            self._aside.close()
        self.parts.close()

    def put(self, articles: Sequence[Article]) -> Upserted:
        """Adds or changes articles; they are in the next answer. A withdrawn one comes back.

        Raises:
            InputError: an article without an id.
        """
        if not all(article.id for article in articles):
            raise InputError("Expected an id for every article, got one without. Give it an id.")
        catalog, embedder = self.parts.catalog, self._embedder
        whole = {id(article): complete(article) for article in articles}
        now = self.clock()
        self._embed(texts_ahead(catalog, list(whole.values()), now))
        done = catalog.upsert(articles, complete=lambda one: whole[id(one)], reinstate=True)
        self._embed(texts_lacking(catalog, embedder, [article.id for article in articles], now))
        return done

    def _embed(self, texts: Mapping[str, str]) -> None:
        if texts:  # what is taken away waits for no model
            with self._embedding:
                embed_texts(self.parts.catalog, self._embedder, texts)

    def load(
        self,
        records: Iterable[Record],
        *,
        keep_reject: Callable[[Reject], None],
        reinstate: bool = False,
        patient: bool = True,
    ) -> Ingested:
        """Keeps any number of articles, a batch at a time, each durable; embeds none itself.

        The backlog begins with the first batch: an article is shown once it has its vector.

        Args:
            records: read as they come, once.
            keep_reject: called with each record that is no article.
            reinstate: bring withdrawn ones back.
            patient: they are many; else they are embedded first, and shown at once then.
        """
        return ingest(
            records,
            self.parts.catalog,
            keep_reject=keep_reject,
            progress=lambda _: self.backlog.start(),
            reinstate=reinstate,
            pause=_breathe,
            patient=patient,
        )

    def withdraw(self, ids: Sequence[str]) -> list[str]:
        """Takes articles from every slot, at once; returns those of the ids that were known."""
        return self.parts.catalog.withdraw(ids, at=self.clock())

    def record(self, events: Sequence[Event]) -> int:
        """Keeps what readers did, durably; returns how many events were kept and count.

        What has a time to come counts as of now.
        """
        now = self.clock()
        return self.parts.events.append([replace(one, at=min(one.at, now)) for one in events]).kept

    def rebuild(
        self,
        sources: Iterable[str | Record] = (),
        *,
        mapping: FieldMap = NO_MAP,
        watch: Watch | None = None,
        whole: bool = False,
    ) -> RebuildReport:
        """Brings the catalog up to date with `sources` and publishes a snapshot of it.

        Args:
            sources: files, addresses, "-" for standard input; or articles as they are.
            mapping: the sources' names for fields, such as title -> headline.
            watch: told how it goes.
            whole: make all anew, also where few articles changed or none.

        Raises:
            RebuildBusy: another one is running.
            SourceError: no source gave a record.
            NotReady: there is no article to make a snapshot of.
        """
        # imported here, with the clients of feeds: a server starts without them
        from recommender.jobs.reading import Reading  # noqa: PLC0415

        self.parts.events.prune()
        limits = fetch_limits(self.parts.settings)
        reading = Reading(
            sources, self.parts.catalog, mapping=mapping, limits=limits, at=self.clock()
        )
        report = rebuilder(self.parts, self.clock).run(reading.records(), watch, whole=whole)
        reading.keep_states()
        return replace(report, noticed=reading.noticed())


def _breathe() -> None:
    """Lets other threads compute: they would get their turn every 5 ms only."""
    time.sleep(1e-5)
