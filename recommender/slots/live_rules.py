"""Editors' rules as of this moment: matched once, until a rule or the corpus changes."""

import threading
from datetime import datetime

from recommender.editors.rule_book import RuleBook
from recommender.slots.corpus import Corpus
from recommender.slots.rule_matching import Rules, resolve

_KEPT = 3
"""Other spans of time that stay: pages may ask as of another day."""


class LiveRules:
    """Hands out the rules that hold; threads may share it.

    A change of the rule book by anybody, and the beginning and end of a rule's validity, are in
    the next rules handed out.
    """

    def __init__(self, book: RuleBook) -> None:
        """Reads nothing yet."""
        self._book = book
        self._matching = threading.Lock()
        self._matched: tuple[int, tuple[Rules, ...]] = (-1, ())

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
        version, matched = self._matched
        if not matched or version != self._book.data_version():
            return None
        for rules in matched:
            if rules.corpus is corpus and rules.since <= at < rules.until:
                return rules
        return None

    def _match(self, corpus: Corpus, at: datetime) -> Rules:
        # read before the rules: one that comes in between is read again next time
        seen = self._book.data_version()
        version, others = self._matched
        made = resolve(corpus, self._book.standing(), at)
        kept = [one for one in others if version == seen and one.corpus is corpus]
        self._matched = seen, (made, *kept[:_KEPT])
        return made
