"""Where editors give their orders: the rule book, and a look at what the orders are about."""

from collections.abc import Callable, Sequence
from datetime import datetime

from recommender.articles.catalog import Catalog
from recommender.editors.rule import RecordedRule, Rule
from recommender.editors.rule_book import AuditEntry, RuleBook
from recommender.errors import InputError, UnknownArticle
from recommender.meant import did_you_mean

_NEAREST = 3


class RuleDesk:
    """Takes, ends and lists rules. What it takes holds from the next request on, everywhere.

    Threads may share one.
    """

    def __init__(
        self,
        book: RuleBook,
        catalog: Catalog,
        slots: Sequence[str],
        are_copies: Callable[[str, str], bool],
        clock: Callable[[], datetime],
    ) -> None:
        """Opens nothing.

        Args:
            book: which keeps them.
            catalog: whose articles they are about.
            slots: names that there are.
            are_copies: whether two ids are of copies of one article.
            clock: the time now, aware.
        """
        self._book = book
        self._catalog = catalog
        self._slots = tuple(slots)
        self._are_copies = are_copies
        self._clock = clock

    def add(
        self,
        rule: Rule,
        *,
        by: str,
        why: str,
        replaces: int | None = None,
        at: datetime | None = None,
    ) -> RecordedRule:
        """Takes a rule, in place of a standing one where `replaces` names it.

        Args:
            rule: from now on.
            by: who orders it.
            why: in that person's words.
            replaces: number of the rule that ends in the same moment.
            at: when it was ordered, aware; None for now.

        Raises:
            UnknownArticle: it names an article that is not there; says the nearest ids.
            InputError: no such slot, no such rule, no name or no reason; or it can do nothing, as
                it is over already, or shows what never stands on its page.
        """
        if rule.slot is not None and rule.slot not in self._slots:
            raise InputError(
                f"There is no slot {rule.slot!r}; a rule holds in one of "
                f"{', '.join(self._slots)}, or in all where it names none."
            )
        ids = rule.target.names if rule.target.kind in ("article", "pair") else ()
        for article_id in ids:
            # a block outlives a withdrawal: the article may come back
            self._check(article_id, withdrawn=rule.action == "block")
        if rule.page is not None:
            self._check(rule.page, withdrawn=True)
        self._refuse_copies(rule, ids)
        moment = at or self._clock()
        if rule.valid_to is not None and rule.valid_to <= moment:
            raise InputError(
                f"Expected a rule that ends later than now, got {rule.valid_to.isoformat()}: it "
                "would hold at no time. Leave its end out, or name a later one."
            )
        return self._book.add(rule, by=by, why=why, at=moment, replaces=replaces)

    def end(self, number: int, *, by: str, why: str, at: datetime | None = None) -> RecordedRule:
        """Ends a rule; returns it as it is now.

        Raises:
            UnknownRule: there is none of that number.
            InputError: it ended already, no name or no reason.
        """
        return self._book.end(number, by=by, why=why, at=at or self._clock())

    def standing(self) -> list[RecordedRule]:
        """The rules that were not ended, whatever their validity; the oldest first."""
        return self._book.standing()

    def every(self) -> list[RecordedRule]:
        """Standing and ended rules, the oldest first."""
        return self._book.every()

    def audit(self, limit: int = 100) -> list[AuditEntry]:
        """Who changed what, when, why, and what was there before; the latest first."""
        return self._book.audit(limit)

    def _refuse_copies(self, rule: Rule, ids: Sequence[str]) -> None:
        """A block of one may be meant for the day on which it is no copy any more."""
        page = ids[1] if rule.target.kind == "pair" else rule.page
        if rule.action == "block" or page is None or not ids:
            return
        if self._are_copies(ids[0], page):
            raise InputError(
                f"The article {ids[0]!r} is a copy of {page!r}, so neither ever stands on the "
                "other's page; name another article."
            )

    def _check(self, article_id: str, *, withdrawn: bool) -> None:
        stored = self._catalog.get(article_id)
        if stored is None:
            near = self._catalog.nearest_ids(article_id, _NEAREST)
            raise UnknownArticle(f"No article has the id {article_id!r}.{did_you_mean(near)}")
        if stored.article.status == "withdrawn" and not withdrawn:
            raise UnknownArticle(
                f"The article {article_id!r} was withdrawn, so no rule can show it."
            )
