"""What is counted out of the event log, once for five minutes, for the articles of a corpus."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from recommender.readers.events import EventLog
from recommender.slots.corpus import Corpus
from recommender.slots.remembered import Remembered

_Question = TypeVar("_Question", bound=Hashable)
_Found = TypeVar("_Found")
_Answer = TypeVar("_Answer")

_KEPT = 16
"""Steps and questions: pages may ask for several, and as of another day."""

_STEP = 5
"""Minutes, of which 60 are a whole number of steps: in less time no order changes for age alone."""

_WITHIN = timedelta(minutes=_STEP) - timedelta.resolution


class Stepped(Generic[_Question, _Found, _Answer]):
    """Counts, and keeps what was counted for those who ask again; threads may share it."""

    def __init__(
        self,
        log: EventLog,
        count: Callable[[_Question, datetime], _Found],
        among: Callable[[Corpus, _Found], _Answer],
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
        self._counted: Remembered[tuple[datetime, _Question, bool], _Counted[_Found]] = Remembered(
            _KEPT
        )
        self._made: _Made[_Question, _Answer] | None = None

    def current(
        self, corpus: Corpus, at: datetime, question: _Question, *, latest: bool
    ) -> _Answer:
        """The answer of the five minutes that `at` lies in.

        Args:
            corpus: whose articles are counted.
            at: aware.
            question: as `count` takes it.
            latest: count again where events came since; else it is what was counted first in
                those five minutes, and stays the same object as long as the corpus.
        """
        made = self.kept(corpus, at, question, latest=latest)
        if made is None:
            with self._counting:
                # another thread may have counted while this one waited
                made = self.kept(corpus, at, question, latest=latest)
                if made is None:
                    made = self._make(corpus, _end_of_step(at), question, latest=latest)
        return made

    def kept(
        self, corpus: Corpus, at: datetime, question: _Question, *, latest: bool
    ) -> _Answer | None:
        """As `current`, where that takes no counting; None otherwise."""
        made = self._made
        if made is None or made.corpus is not corpus:
            return None
        found = made.answer(at, question, latest=latest)
        if found is None or (latest and found.log_version != self._log.data_version()):
            return None
        return found.answer

    def _make(
        self, corpus: Corpus, step: datetime, question: _Question, *, latest: bool
    ) -> _Answer:
        log_version = self._log.data_version()  # before: what comes meanwhile is counted next time
        counted = self._known(step, question, log_version if latest else None)
        if counted is None:
            counted = _Counted(log_version, self._count(question, step))
        key = step, question, latest
        self._counted.keep(key, counted)
        if self._made is None or self._made.corpus is not corpus:
            # of one corpus alone: what was made of an earlier one would keep that in memory
            self._made = _Made(corpus)
        answer = self._among(corpus, counted.found)
        answered = _Answered(counted.log_version, answer)
        self._made.keep(step, question, answered, latest=latest)
        return answer

    def _known(
        self, step: datetime, question: _Question, log_version: int | None
    ) -> "_Counted[_Found] | None":
        """What was counted already: of this state of the log, or of any where that is None."""
        for latest in (False, True):
            kept = self._counted.get((step, question, latest))
            if kept is not None and log_version in (None, kept.log_version):
                return kept
        return None


@dataclass(frozen=True, slots=True)
class _Counted(Generic[_Found]):
    """What was counted by the articles' ids, and the state of the log that it was counted in."""

    log_version: int
    found: _Found


@dataclass(frozen=True, slots=True)
class _Answered(Generic[_Answer]):
    """The same for the articles of a corpus."""

    log_version: int
    answer: _Answer


class _Made(Generic[_Question, _Answer]):
    """All answers of a corpus."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self._answers: Remembered[tuple[datetime, _Question, bool], _Answered[_Answer]] = (
            Remembered(_KEPT)
        )
        self._last: tuple[datetime, datetime, _Question, bool, _Answered[_Answer]] | None = None

    def answer(
        self, at: datetime, question: _Question, *, latest: bool
    ) -> _Answered[_Answer] | None:
        """What was kept of the step that `at` lies in; None where nothing was."""
        last = self._last
        if last is not None:
            # the same question in the same five minutes, as of nearly every page
            begin, end, asked, was_latest, answered = last
            if asked is question and was_latest is latest and begin <= at <= end:
                return answered
        end = _end_of_step(at)
        found = self._answers.get((end, question, latest))
        if found is not None:
            self._last = end - _WITHIN, end, question, latest, found
        return found

    def keep(
        self, end: datetime, question: _Question, answered: _Answered[_Answer], *, latest: bool
    ) -> None:
        """Of the step that ends then."""
        self._answers.keep((end, question, latest), answered)
        self._last = None


def _end_of_step(at: datetime) -> datetime:
    last = at.minute // _STEP * _STEP + _STEP - 1
    return at.replace(minute=last, second=59, microsecond=999_999)
