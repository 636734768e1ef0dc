"""Who reads what at this moment: counted once, kept for those who ask again."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from recommender.readers.events import EventLog
from recommender.readers.popularity import popularity
from recommender.slots.corpus import Corpus
from recommender.slots.page import Readership

_KEPT = 7
"""Other steps and windows that stay: pages may ask for several windows."""

_STEP = 5
"""Minutes, of which 60 are a whole number of steps: in less time no order changes for age alone."""


class LiveReadership:
    """Counts readers out of the event log; threads may share it."""

    def __init__(self, log: EventLog, half_life: timedelta) -> None:
        """Counts nothing yet; a reader `half_life` ago counts half."""
        self._log = log
        self._half_life = half_life
        self._counting = threading.Lock()
        self._counted: dict[tuple[datetime, timedelta], _Counted] = {}

    def current(
        self, corpus: Corpus, at: datetime, window: timedelta, *, latest: bool
    ) -> Readership:
        """The readership of the five minutes that `at` lies in.

        Args:
            corpus: whose articles are counted.
            at: aware.
            window: events older than this do not count.
            latest: count again where events came since; else those of five minutes may be missing.
        """
        kept = self.kept(corpus, at, window, latest=latest)
        if kept is not None:
            return kept
        with self._counting:
            # another thread may have counted while this one waited
            kept = self.kept(corpus, at, window, latest=latest)
            return kept or self._count(corpus, _end_of_step(at), window)

    def kept(
        self, corpus: Corpus, at: datetime, window: timedelta, *, latest: bool
    ) -> Readership | None:
        """As `current`, where that takes no counting; None otherwise."""
        counted = self._counted.get((_end_of_step(at), window))
        if counted is None or counted.corpus is not corpus:
            return None
        if latest and counted.log_version != self._log.data_version():
            return None
        return counted.readership

    def _count(self, corpus: Corpus, step: datetime, window: timedelta) -> Readership:
        log_version = self._log.data_version()  # before: what comes meanwhile is counted next time
        found = popularity(self._log, at=step, window=window, half_life=self._half_life)
        readers = np.zeros(len(corpus), dtype=np.float32)
        for article_id, value in zip(found.article_ids, found.scores, strict=True):
            position = corpus.position(article_id)
            if position is not None:
                readers[position] = value
        made = Readership(readers)
        # a new dictionary: others read the old one without the lock
        others = [one for one in self._counted.items() if one[1].corpus is corpus]
        self._counted = {
            **dict(others[-_KEPT:]),
            (step, window): _Counted(corpus, log_version, made),
        }
        return made


@dataclass(frozen=True, slots=True)
class _Counted:
    """A readership, with the corpus and the state of the log that it was counted in."""

    corpus: Corpus
    log_version: int
    readership: Readership


def _end_of_step(at: datetime) -> datetime:
    last = at.minute // _STEP * _STEP + _STEP - 1
    return at.replace(minute=last, second=59, microsecond=999_999)
