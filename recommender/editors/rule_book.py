"""The store of editors' rules, with the log of who changed what, when and why."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, Self, TypeAlias

from sqlalchemy import Connection, insert, select, update

from recommender.articles.database import Database, Layout
from recommender.closing import Closing
from recommender.editors.rule import RecordedRule, Rule
from recommender.editors.tables import (
    MIGRATIONS,
    audit,
    from_json,
    kept_time,
    recorded,
    row_of,
    rules,
    time_text,
    to_json,
)
from recommender.errors import InputError, UnknownRule

Done: TypeAlias = Literal["added", "ended", "replaced"]

LAYOUT = Layout(
    name="the rule book",
    application_id=0x52417275,
    migrations=MIGRATIONS,
    # what was blocked must stay so after a power cut, and nobody has the order a second time
    synchronous="FULL",
    way_out="Restore it from a backup, or move it away; a new one holds no rules.",
)

_MAX_WHO = 200
_MAX_WHY = 2_000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change of the rule book.

    Attributes:
        number: of the entry, from 1.
        at: when, aware.
        who: did it.
        done: what.
        rule: number of the rule.
        why: in that person's words.
        before: the rule as it was; None where it was not there.
        after: the rule as it has been since.
    """

    number: int
    at: datetime
    who: str
    done: Done
    rule: int
    why: str
    before: RecordedRule | None
    after: RecordedRule | None


class RuleBook(Closing):
    """An open rule book. Threads may share it, and processes may open the same file.

    Rules are never edited: they end, or another takes their place.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens the file, makes it where there is none, and brings an older one up to date.

        Raises:
            CatalogError: not a rule book, damaged, or newer than this program. Every other method
                raises it too where the file cannot be read or written.
        """
        return cls(Database.open(path, LAYOUT))

    def close(self) -> None:
        """Lets go of the file; the book is of no use afterwards."""
        self._database.close()

    def add(
        self, rule: Rule, *, by: str, why: str, at: datetime, replaces: int | None = None
    ) -> RecordedRule:
        """Keeps a rule; it is on disk, and seen by everybody, when this returns.

        Args:
            rule: from now on.
            by: who orders it.
            why: in that person's words.
            at: now, aware.
            replaces: number of a standing rule that ends in the same moment.

        Raises:
            InputError: nobody's name, no reason, or no standing rule of that number.
        """
        _check_words(by, why)
        with self._database.writing() as connection:
            before = None if replaces is None else _standing(connection, replaces)
            row = row_of(rule, by=by, why=why, made_at=at)
            kept = insert(rules).values(row).returning(rules.c.number)
            number = connection.execute(kept).scalar_one()
            made = RecordedRule(number, rule, by, why, at)
            if before is not None:
                ended = replace(before, ended_at=at, replaced_by=made.number)
                _end(connection, ended)
                _log(connection, "replaced", before, ended, at=at, who=by, why=why)
            _log(connection, "added", None, made, at=at, who=by, why=why)
        return made

    def end(self, number: int, *, by: str, why: str, at: datetime) -> RecordedRule:
        """Ends a standing rule, at once and for everybody; returns it as it is now.

        Raises:
            UnknownRule: there is none of that number.
            InputError: nobody's name, no reason, or a rule that ended already.
        """
        _check_words(by, why)
        with self._database.writing() as connection:
            before = _standing(connection, number)
            ended = replace(before, ended_at=at)
            _end(connection, ended)
            _log(connection, "ended", before, ended, at=at, who=by, why=why)
        return ended

    def standing(self) -> list[RecordedRule]:
        """Every rule that was not ended, whatever its validity; the oldest first."""
        query = select(rules).where(rules.c.ended_at.is_(None)).order_by(rules.c.number)
        with self._database.reading() as connection:
            return [recorded(row) for row in connection.execute(query).mappings()]

    def every(self) -> list[RecordedRule]:
        """Standing and ended rules, the oldest first."""
        with self._database.reading() as connection:
            query = select(rules).order_by(rules.c.number)
            return [recorded(row) for row in connection.execute(query).mappings()]

    def audit(self, limit: int = 100) -> list[AuditEntry]:
        """The last changes, the latest first."""
        query = select(audit).order_by(audit.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            AuditEntry(
                number=row["number"],
                at=kept_time(row["at"]),
                who=row["who"],
                done=row["done"],
                rule=row["rule"],
                why=row["why"],
                before=from_json(row["before"]),
                after=from_json(row["after"]),
            )
            for row in rows
        ]

    def data_version(self) -> int:
        """Differs after any commit to the file, by this object or anybody else, from before.

        Costs microseconds. Comparable only with other answers of the same open book.
        """
        return self._database.data_version()


def _check_words(by: str, why: str) -> None:
    for name, words, most in (("who orders it", by, _MAX_WHO), ("the reason", why, _MAX_WHY)):
        if not words.strip() or len(words) > most:
            raise InputError(
                f"Expected {name} in 1 to {most:,} characters, got {words[:60]!r}: "
                "the audit log tells who changed which rule, and why."
            )


def _standing(connection: Connection, number: int) -> RecordedRule:
    row = connection.execute(select(rules).where(rules.c.number == number)).mappings().first()
    if row is not None and row["ended_at"] is None:
        return recorded(row)
    if row is not None:
        raise InputError(f"Rule {number} ended at {row['ended_at']} already.")
    query = select(rules.c.number).where(rules.c.ended_at.is_(None)).order_by(rules.c.number.desc())
    latest = connection.execute(query.limit(_TOLD)).scalars().all()
    known = f"Standing: {', '.join(map(str, latest))}." if latest else "None stands."
    raise UnknownRule(f"There is no rule {number}. {known}")


_TOLD = 5


def _end(connection: Connection, ended: RecordedRule) -> None:
    connection.execute(
        update(rules)
        .where(rules.c.number == ended.number)
        .values(ended_at=time_text(ended.ended_at), replaced_by=ended.replaced_by)
    )


def _log(
    connection: Connection,
    done: Done,
    before: RecordedRule | None,
    after: RecordedRule,
    *,
    at: datetime,
    who: str,
    why: str,
) -> None:
    connection.execute(
        insert(audit).values(
            at=time_text(at),
            who=who,
            done=done,
            rule=after.number,
            why=why,
            before=None if before is None else to_json(before),
            after=to_json(after),
        )
    )
