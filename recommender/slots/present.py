"""What answers depend on beside their question: articles, readers and rules as of one time."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from recommender.slots.corpus import Corpus
from recommender.slots.live import LiveCorpus
from recommender.slots.live_rules import LiveRules
from recommender.slots.page import Readership
from recommender.slots.readership import LiveReadership
from recommender.slots.rule_matching import Rules


@dataclass(frozen=True, slots=True)
class Moment:
    """All of it, as of `at`, aware."""

    at: datetime
    corpus: Corpus
    readership: Readership
    rules: Rules


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """A while in which no related slot changes."""

    readership: Readership
    rules: Rules
    come: int  # articles whose date has come


class Present:
    """Hands out moments; threads may share it."""

    def __init__(
        self, live: LiveCorpus, readership: LiveReadership, rules: LiveRules, *, follow: bool
    ) -> None:
        """Reads nothing yet.

        Args:
            live: the articles.
            readership: who reads them.
            rules: what editors want.
            follow: take up a newly published snapshot at the next call.
        """
        self._live = live
        self._readership = readership
        self._rules = rules
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
        """Takes up a newly published snapshot; tells whether there was one."""
        return self._live.follow()

    def moment(self, at: datetime, window: timedelta, *, latest: bool) -> Moment:
        """As of `at`, with what the files say now.

        Args:
            at: aware.
            window: in which reading counts.
            latest: whether readership is the latest, or up to five minutes old.

        Raises:
            NotReady: no snapshot was published.
        """
        corpus = self.corpus()
        readership = self._readership.current(corpus, at, window, latest=latest)
        return Moment(at, corpus, readership, self._rules.current(corpus, at))

    def kept(self, window: timedelta, *, latest: bool) -> Moment | None:
        """As `moment` of now, where that takes no file; None otherwise."""
        corpus = self._live.settled()
        if corpus is None:
            return None
        at = datetime.now(UTC)
        readership = self._readership.kept(corpus, at, window, latest=latest)
        rules = self._rules.kept(corpus, at)
        if readership is None or rules is None:
            return None
        return Moment(at, corpus, readership, rules)

    def state(self, window: timedelta) -> object | None:
        """An object that stays the same one while no related slot changes; see `kept`.

        That is until the catalog or a rule changes, a rule begins or ceases to hold, an article's
        date comes, another snapshot is taken up, or five minutes end, by which time readers have
        moved.
        """
        now = self.kept(window, latest=False)
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
            return last
