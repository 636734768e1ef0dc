"""What answers depend on beside their question: articles, readers and rules as of one time."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recommender.readers.popularity import PopularWindow
from recommender.slots.charts import Charts, Readership
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import Chart
from recommender.slots.live import LiveCorpus
from recommender.slots.live_rules import LiveRules
from recommender.slots.readership import LiveReadership
from recommender.slots.rule_matching import Rules


@dataclass(slots=True)
class Moment:
    """All of it, as of `at`, aware. Not to be changed."""

    # frozen in all but name: freezing triples the time it takes to make one
    at: datetime
    corpus: Corpus
    readership: Readership
    rules: Rules
    charts: Charts


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """A while in which no related slot changes."""

    readership: Readership
    rules: Rules
    come: int  # articles whose date has come


class Present:
    """Hands out moments; threads may share it."""

    def __init__(
        self,
        live: LiveCorpus,
        readership: LiveReadership,
        rules: LiveRules,
        clock: Callable[[], datetime],
        *,
        follow: bool,
    ) -> None:
        """Reads nothing yet.

        Args:
            live: the articles.
            readership: who reads them.
            rules: what editors want.
            clock: the time now, aware.
            follow: take up a newly published snapshot at the next call.
        """
        self._live = live
        self._readership = readership
        self._rules = rules
        self._clock = clock
        self._follow = follow
        self._stating = threading.Lock()
        self._state: _State | None = None

    def corpus(self) -> Corpus:
        """The articles of now.

        Raises:
            NotReady: no snapshot was published.
        """
        if self._follow:
            self._live.follow()
        return self._live.current()

    def follow(self) -> bool:
        """Takes up a newly published snapshot; tells whether there was one.

        Then new articles that were too many for those who asked.
        """
        taken = self._live.follow()
        self._live.catch_up()
        return taken

    def check(self, *, after: float) -> None:
        """See `LiveCorpus.check`."""
        self._live.check(after=after)

    def moment(
        self, at: datetime, reading: PopularWindow, *, latest: bool, charts: Sequence[Chart] = ()
    ) -> Moment:
        """As of `at`, with what the files say now.

        Args:
            at: aware.
            reading: what counts as read.
            latest: whether readership is the latest, or up to five minutes old.
            charts: those wanted besides; up to five minutes old.

        Raises:
            NotReady: no snapshot was published.
        """
        corpus = self.corpus()
        readership = self._readership.current(corpus, at, reading, latest=latest)
        ranked = self._readership.charts(corpus, at, charts)
        return Moment(at, corpus, readership, self._rules.current(corpus, at), ranked)

    def kept(
        self, reading: PopularWindow, *, latest: bool, charts: Sequence[Chart] = ()
    ) -> Moment | None:
        """As `moment` of now, where that takes no file; None otherwise."""
        corpus = self._live.settled()
        if corpus is None:
            return None
        at = self._clock()
        readership = self._readership.kept(corpus, at, reading, latest=latest)
        rules = self._rules.kept(corpus, at)
        ranked = self._readership.kept_charts(corpus, at, charts)
        if readership is None or rules is None or ranked is None:
            return None
        return Moment(at, corpus, readership, rules, ranked)

    def state(self, reading: PopularWindow) -> tuple[object, Moment] | None:
        """An object that stays the same one while no related slot changes, and `kept` of now.

        That is until the catalog or a rule changes, a rule begins or ceases to hold, an article's
        date comes, one expires, another snapshot is taken up, or five minutes end, by which time
        readers have moved.
        """
        now = self.kept(reading, latest=False)
        if now is None:
            return None
        come = now.corpus.come(now.at.timestamp())
        with self._stating:
            last = self._state
            if (
                last is None
                or last.readership is not now.readership
                or last.rules is not now.rules
                or last.come != come
            ):
                last = self._state = _State(now.readership, now.rules, come)
            return last, now
