"""What is counted out of the event log, once for five minutes, for the articles of a corpus."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from recommender.readers.events import EventLog
from recommender.slots.corpus import Corpus
from recommender.slots.remembered import Remembered

_Question = TypeVar("_Question", bound=Hashable)
_Found = TypeVar("_Found")
_Made = TypeVar("_Made")

_KEPT = 16
"""Steps and questions: pages may ask for several, and as of another day."""

_STEP = 5
"""Minutes, of which 60 are a whole number of steps: in less time no order changes for age alone."""


class Stepped(Generic[_Question, _Found, _Made]):
    """Counts, and keeps what was counted for those who ask again; threads may share it."""

    def __init__(
        self,
        log: EventLog,
        count: Callable[[_Question, datetime], _Found],
        among: Callable[[Corpus, _Found], _Made],
    ) -> None:
        """Counts nothing yet.

        Args:
            log: where events come from.
            count: the answer to a question out of the log, as of a time, by the articles' ids.
            among: the same for the articles of a corpus.
        """
        self._log = log
        self._count = count
        self._among = among
        self._counting = threading.Lock()
        self._kept: Remembered[tuple[datetime, _Question, bool], _Kept[_Found, _Made]] = Remembered(
            _KEPT
        )

    def current(self, corpus: Corpus, at: datetime, question: _Question, *, latest: bool) -> _Made:
        """The answer of the five minutes that `at` lies in.

        Args:
            corpus: whose articles are counted.
            at: aware.
            question: as `count` takes it.
            latest: count again where events came since; else it is what was counted first in
                those five minutes, and stays the same object as long as the corpus.
        """
        kept = self._find(corpus, at, question, latest=latest)
        if kept is None:
            with self._counting:
                # another thread may have counted while this one waited
                kept = self._find(corpus, at, question, latest=latest)
                kept = kept or self._make(corpus, _end_of_step(at), question, latest=latest)
        return kept.made

    def kept(
        self, corpus: Corpus, at: datetime, question: _Question, *, latest: bool
    ) -> _Made | None:
        """As `current`, where that takes no counting; None otherwise."""
        kept = self._find(corpus, at, question, latest=latest)
        return None if kept is None else kept.made

    def _find(
        self, corpus: Corpus, at: datetime, question: _Question, *, latest: bool
    ) -> "_Kept[_Found, _Made] | None":
        kept = self._kept.get((_end_of_step(at), question, latest))
        if kept is None or kept.corpus is not corpus:
            return None
        if latest and kept.log_version != self._log.data_version():
            return None
        return kept

    def _make(
        self, corpus: Corpus, step: datetime, question: _Question, *, latest: bool
    ) -> "_Kept[_Found, _Made]":
        log_version = self._log.data_version()  # before: what comes meanwhile is counted next time
        known = self._counted(step, question, log_version if latest else None)
        if known is None:
            found = self._count(question, step)
        else:
            log_version, found = known.log_version, known.found
        made = _Kept(corpus, log_version, found, self._among(corpus, found))
        self._kept.keep((step, question, latest), made)
        return made

    def _counted(
        self, step: datetime, question: _Question, log_version: int | None
    ) -> "_Kept[_Found, _Made] | None":
        """What was counted already: of this state of the log, or of any where that is None."""
        for latest in (False, True):
            kept = self._kept.get((step, question, latest))
            if kept is not None and log_version in (None, kept.log_version):
                return kept
        return None


@dataclass(frozen=True, slots=True)
class _Kept(Generic[_Found, _Made]):
    """An answer by ids, the state of the log that it was counted in, and among a corpus."""

    corpus: Corpus
    log_version: int
    found: _Found
    made: _Made


def _end_of_step(at: datetime) -> datetime:
    last = at.minute // _STEP * _STEP + _STEP - 1
    return at.replace(minute=last, second=59, microsecond=999_999)
