"""Editors' rules as of this moment: matched once, until a rule or the corpus changes."""

import threading
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime

from recommender.editors.rule import RecordedRule
from recommender.editors.rule_book import RuleBook
from recommender.slots.corpus import Corpus
from recommender.slots.remembered import Remembered
from recommender.slots.rule_matching import Rules, bounds_of, resolve

_KEPT = 8
"""Spans of time that stay: pages may ask as of another day."""


class LiveRules:
    """Hands out the rules that hold; threads may share it.

    A change of the rule book by anybody, and the beginning and end of a rule's validity, are in
    the next rules handed out.
    """

    def __init__(self, book: RuleBook) -> None:
        """Reads nothing yet."""
        self._book = book
        self._matching = threading.Lock()
        self._read: _Read | None = None

    def current(self, corpus: Corpus, at: datetime) -> Rules:
        """The rules of the moment `at`, aware, for `corpus`."""
        kept = self.kept(corpus, at)
        if kept is not None:
            return kept
        with self._matching:
            # another thread may have matched while this one waited
            return self.kept(corpus, at) or self._match(corpus, at)

    def kept(self, corpus: Corpus, at: datetime) -> Rules | None:
        """As `current`, where that takes no reading; None otherwise."""
        read = self._read
        if read is None or read.version != self._book.data_version():
            return None
        rules = read.matched.get(read.span(at))
        return rules if rules is not None and rules.corpus is corpus else None

    def _match(self, corpus: Corpus, at: datetime) -> Rules:
        # read before the rules: one that comes in between is read again next time
        seen = self._book.data_version()
        read = self._read
        if read is None or read.version != seen:
            standing = tuple(self._book.standing())
            read = self._read = _Read(seen, standing, bounds_of(standing))
        made = resolve(corpus, read.standing, at)
        read.matched.keep(read.span(at), made)
        return made


@dataclass(frozen=True, slots=True)
class _Read:
    """What the rule book says.

    Attributes:
        version: of the book.
        standing: all rules that were not ended.
        bounds: when one begins to hold, or ceases to, ascending.
        matched: by the span of time between two bounds.
    """

    version: int
    standing: tuple[RecordedRule, ...]
    bounds: tuple[datetime, ...]
    matched: Remembered[int, Rules] = field(default_factory=lambda: Remembered(_KEPT))

    def span(self, at: datetime) -> int:
        return bisect_right(self.bounds, at)
