"""Who reads what at this moment: counted once, kept for those who ask again."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from recommender.readers.events import EventLog
from recommender.readers.popularity import Popularity, popularity
from recommender.slots.corpus import Corpus
from recommender.slots.page import Readership
from recommender.slots.remembered import Remembered

_KEPT = 16
"""Steps and windows: pages may ask for several windows, and as of another day."""

_STEP = 5
"""Minutes, of which 60 are a whole number of steps: in less time no order changes for age alone."""


class LiveReadership:
    """Counts readers out of the event log; threads may share it."""

    def __init__(self, log: EventLog, half_life: timedelta) -> None:
        """Counts nothing yet; a reader `half_life` ago counts half."""
        self._log = log
        self._half_life = half_life
        self._counting = threading.Lock()
        self._kept: Remembered[tuple[datetime, timedelta, bool], _Kept] = Remembered(_KEPT)

    def current(
        self, corpus: Corpus, at: datetime, window: timedelta, *, latest: bool
    ) -> Readership:
        """The readership of the five minutes that `at` lies in.

        Args:
            corpus: whose articles are counted.
            at: aware.
            window: events older than this do not count.
            latest: count again where events came since; else it is what was counted first in
                those five minutes, and stays the same object as long as the corpus.
        """
        kept = self.kept(corpus, at, window, latest=latest)
        if kept is not None:
            return kept
        with self._counting:
            # another thread may have counted while this one waited
            kept = self.kept(corpus, at, window, latest=latest)
            return kept or self._make(corpus, _end_of_step(at), window, latest=latest)

    def kept(
        self, corpus: Corpus, at: datetime, window: timedelta, *, latest: bool
    ) -> Readership | None:
        """As `current`, where that takes no counting; None otherwise."""
        kept = self._kept.get((_end_of_step(at), window, latest))
        if kept is None or kept.corpus is not corpus:
            return None
        if latest and kept.counted.log_version != self._log.data_version():
            return None
        return kept.readership

    def _make(
        self, corpus: Corpus, step: datetime, window: timedelta, *, latest: bool
    ) -> Readership:
        log_version = self._log.data_version()  # before: what comes meanwhile is counted next time
        counted = self._counted(step, window, log_version if latest else None)
        if counted is None:
            found = popularity(self._log, at=step, window=window, half_life=self._half_life)
            counted = _Counted(log_version, found)
        made = _among(corpus, counted.popularity)
        self._kept.keep((step, window, latest), _Kept(corpus, counted, made))
        return made

    def _counted(
        self, step: datetime, window: timedelta, log_version: int | None
    ) -> "_Counted | None":
        """What was counted already: of this state of the log, or of any where that is None."""
        for latest in (False, True):
            kept = self._kept.get((step, window, latest))
            if kept is not None and log_version in (None, kept.counted.log_version):
                return kept.counted
        return None


@dataclass(frozen=True, slots=True)
class _Counted:
    """Readers by the articles' ids, and the state of the log that they were counted in."""

    log_version: int
    popularity: Popularity


@dataclass(frozen=True, slots=True)
class _Kept:
    """The same for the articles of a corpus."""

    corpus: Corpus
    counted: _Counted
    readership: Readership


def _among(corpus: Corpus, found: Popularity) -> Readership:
    readers = np.zeros(len(corpus), dtype=np.float32)
    positions = corpus.positions(found.article_ids)
    there = positions >= 0
    readers[positions[there]] = found.scores[there]
    return Readership(readers)


def _end_of_step(at: datetime) -> datetime:
    last = at.minute // _STEP * _STEP + _STEP - 1
    return at.replace(minute=last, second=59, microsecond=999_999)
