"""The rule book's tables, how its layout came to be, and the way between rules and rows."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Float, Integer, MetaData, RowMapping, Table, Text

from recommender.editors.rule import RecordedRule, Rule, Target

metadata = MetaData()

rules = Table(
    "rules",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("action", Text),
    Column("kind", Text),
    Column("names", Text),  # a JSON array of strings
    Column("position", Integer),
    Column("factor", Float),
    Column("share", Float),
    Column("page", Text),
    Column("slot", Text),
    Column("valid_from", Text),  # times are ISO 8601 in UTC with microseconds, so text sorts
    Column("valid_to", Text),
    Column("made_by", Text),
    Column("why", Text),
    Column("made_at", Text),
    Column("ended_at", Text),
    Column("replaced_by", Integer),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Text),
    Column("who", Text),
    Column("done", Text),
    Column("rule", Integer),
    Column("why", Text),
    Column("before", Text),  # JSON of the rule, or NULL
    Column("after", Text),
)


def first(connection: Connection) -> None:
    """Rules and the audit log, neither of which is ever rewritten."""
    for statement in (
        # AUTOINCREMENT: the latest rule wins, so no number may come back
        """
        CREATE TABLE rules (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            action TEXT NOT NULL,
            kind TEXT NOT NULL,
            names TEXT NOT NULL,
            position INTEGER,
            factor REAL,
            share REAL,
            page TEXT,
            slot TEXT,
            valid_from TEXT,
            valid_to TEXT,
            made_by TEXT NOT NULL,
            why TEXT NOT NULL,
            made_at TEXT NOT NULL,
            ended_at TEXT,
            replaced_by INTEGER REFERENCES rules (number)
        )
        """,
        "CREATE INDEX rules_standing ON rules (number) WHERE ended_at IS NULL",
        """
        CREATE TABLE audit (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            who TEXT NOT NULL,
            done TEXT NOT NULL CHECK (done IN ('added', 'ended', 'replaced')),
            rule INTEGER NOT NULL REFERENCES rules (number),
            why TEXT NOT NULL,
            before TEXT,
            after TEXT
        )
        """,
        *(
            f"CREATE TRIGGER audit_no_{order.lower()} BEFORE {order} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
            for order in ("UPDATE", "DELETE")
        ),
        """
        CREATE TRIGGER rules_no_delete BEFORE DELETE ON rules
        BEGIN SELECT RAISE(ABORT, 'a rule is ended, never deleted'); END
        """,
    ):
        connection.exec_driver_sql(statement)


MIGRATIONS = (first,)


def row_of(rule: Rule, *, by: str, why: str, made_at: datetime) -> dict[str, object]:
    """A rule as a row of `rules`, without its number."""
    return {
        "action": rule.action,
        "kind": rule.target.kind,
        "names": orjson.dumps(rule.target.names).decode(),
        "position": rule.position,
        "factor": rule.factor,
        "share": rule.share,
        "page": rule.page,
        "slot": rule.slot,
        "valid_from": time_text(rule.valid_from),
        "valid_to": time_text(rule.valid_to),
        "made_by": by,
        "why": why,
        "made_at": time_text(made_at),
    }


def recorded(row: RowMapping | Mapping[str, Any]) -> RecordedRule:
    """Out of a row of `rules`."""
    return RecordedRule(
        number=row["number"],
        rule=Rule(
            action=row["action"],
            target=Target(row["kind"], tuple(orjson.loads(row["names"]))),
            position=row["position"],
            factor=row["factor"],
            share=row["share"],
            page=row["page"],
            slot=row["slot"],
            valid_from=_maybe_time(row["valid_from"]),
            valid_to=_maybe_time(row["valid_to"]),
        ),
        by=row["made_by"],
        why=row["why"],
        made_at=kept_time(row["made_at"]),
        ended_at=_maybe_time(row["ended_at"]),
        replaced_by=row["replaced_by"],
    )


def to_json(found: RecordedRule) -> str:
    """For the audit log: a row of `rules` as a JSON object."""
    row = row_of(found.rule, by=found.by, why=found.why, made_at=found.made_at)
    whole = {
        "number": found.number,
        **row,
        "ended_at": time_text(found.ended_at),
        "replaced_by": found.replaced_by,
    }
    return orjson.dumps(whole).decode()


def from_json(text: str | None) -> RecordedRule | None:
    """What `to_json` wrote."""
    return None if text is None else recorded(orjson.loads(text))


def time_text(time: datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds."""
    return None if time is None else time.astimezone(UTC).isoformat(timespec="microseconds")


def kept_time(text: str) -> datetime:
    """The aware time that `time_text` wrote."""
    return datetime.fromisoformat(text)


def _maybe_time(text: str | None) -> datetime | None:
    return None if text is None else kept_time(text)
