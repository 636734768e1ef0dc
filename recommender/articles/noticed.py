"""What is odd about records that were taken all the same."""

from dataclasses import dataclass
from datetime import datetime

from recommender.articles.article import Article
from recommender.articles.record import ReadRecord

_MOST_NAMES = 1_000
"""Of fields, that are told apart: a record may have names that no other one has."""


@dataclass(frozen=True, slots=True)
class UnusedFields:
    """A field of records that says nothing about their articles.

    Attributes:
        field: its name in the records.
        meant: see `UnusedField`.
        records: how many have it.
    """

    field: str
    meant: str
    records: int


@dataclass(frozen=True, slots=True)
class Noticed:
    """What is worth telling of records that are articles.

    Attributes:
        unused: fields that are not read: first those that look like one that is, then the rest,
            by the number of records.
        expired: published articles whose `expires_at` had passed.
        ends_early: published articles whose `expires_at` lies before their `published_at`.
    """

    unused: tuple[UnusedFields, ...] = ()
    expired: int = 0
    ends_early: int = 0

    def warnings(self) -> tuple[str, ...]:
        """Whole sentences, of what is probably a mistake; a publisher's own fields are none."""
        told = [
            f"The field {one.field!r}{'' if one.records == 1 else f' of {one.records:,} records'} "
            f"is not used: did you mean {one.meant!r}?"
            for one in self.unused
            if one.meant
        ]
        if self.expired:
            told.append(
                f"{_articles(self.expired, 'has', 'have')} expired: expires_at is past, so no "
                f"slot shows {'it' if self.expired == 1 else 'them'}."
            )
        if self.ends_early:
            told.append(
                f"{_articles(self.ends_early, 'expires', 'expire')} before being published: "
                "expires_at is earlier than published_at."
            )
        return tuple(told)


class Noticing:
    """Gathers it, record by record."""

    def __init__(self, at: datetime) -> None:
        """As of this time, aware."""
        self._at = at
        self._records: dict[str, int] = {}
        self._meant: dict[str, str] = {}
        self._expired = self._ends_early = 0

    def record(self, _position: int, found: ReadRecord) -> None:
        """Takes a record's fields into account; an `OnRead`."""
        for one in found.unused:
            known = self._records.get(one.name)
            if known is None and len(self._records) == _MOST_NAMES:
                continue
            self._records[one.name] = (known or 0) + 1
            if one.meant:
                self._meant[one.name] = one.meant

    def article(self, article: Article) -> None:
        """Takes an article's times into account, whatever it was made of."""
        ends = article.expires_at
        if ends is None or article.status != "published":
            return
        self._expired += ends <= self._at
        self._ends_early += article.published_at is not None and ends < article.published_at

    def noticed(self) -> Noticed:
        """What there was so far."""
        unused = [
            UnusedFields(name, self._meant.get(name, ""), records)
            for name, records in self._records.items()
        ]
        unused.sort(key=lambda one: (not one.meant, -one.records))
        return Noticed(tuple(unused), self._expired, self._ends_early)


def _articles(count: int, one: str, many: str) -> str:
    return f"1 article {one}" if count == 1 else f"{count:,} articles {many}"
