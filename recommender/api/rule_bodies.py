"""Editors' rules as JSON: what is sent, and what is told."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from recommender.api.documentation import Json
from recommender.api.schemas import Id, Time
from recommender.editors.rule import ACTIONS, TARGET_KINDS, Action, RecordedRule, Rule, Target
from recommender.editors.rule_book import AuditEntry
from recommender.editors.told import told
from recommender.slots.reach import Reach

Number = Annotated[int, Field(ge=1, lt=2**63)]


class RuleBody(BaseModel):
    """An order of an editor."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "action": "pin",
                "article": "hp-0017",
                "position": 1,
                "page": "hp-0042",
                "valid_to": "2030-02-01T00:00:00Z",
                "by": "anna",
                "why": "the background to the closing",
            }
        },
    )

    action: Action
    article: Id | None = None
    pair: Annotated[list[Id], Field(min_length=2, max_length=2)] | None = Field(
        None, description="two articles: the rule holds for each on the other's page"
    )
    section: Id | None = None
    tag: Id | None = None
    author: Id | None = None
    position: int | None = Field(None, description="of a pin, from 1")
    factor: float | None = Field(None, description="of a boost 1 to 10, of a bury 0 to 0.9")
    share: float | None = Field(None, description="of a promotion: the part of the slot")
    page: Id | None = Field(None, description="only on the page of this article")
    slot: Id | None = Field(None, description="only in this slot")
    valid_from: Time | None = None
    valid_to: Time | None = Field(None, description="no longer included")
    replaces: Number | None = Field(None, description="number of the rule that ends for it")
    by: str = Field(description="who orders it")
    why: str = Field(description="the reason, for the audit log")

    def rule(self) -> Rule:
        """As the desk takes it.

        Raises:
            InputError: it is none.
        """
        return Rule(
            action=self.action,
            target=Target.of({kind: getattr(self, kind) for kind in TARGET_KINDS}),
            position=self.position,
            factor=self.factor,
            share=self.share,
            page=self.page,
            slot=self.slot,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


def rule_json(found: RecordedRule) -> dict[str, object]:
    """With the fields of `RuleBody`, those left out that say nothing, and what became of it."""
    rule = found.rule
    names = rule.target.names
    whole: dict[str, object] = {
        "number": found.number,
        "action": rule.action,
        rule.target.kind: list(names) if rule.target.kind == "pair" else names[0],
        "position": rule.position,
        "factor": rule.factor,
        "share": rule.share,
        "page": rule.page,
        "slot": rule.slot,
        "valid_from": _time(rule.valid_from),
        "valid_to": _time(rule.valid_to),
        "by": found.by,
        "why": found.why,
        "made_at": _time(found.made_at),
        "ended_at": _time(found.ended_at),
        "replaced_by": found.replaced_by,
        "in_words": told(rule),
    }
    return {name: value for name, value in whole.items() if value is not None}


def reach_json(reach: Reach | None) -> dict[str, object]:
    """What a rule is about; `articles` is null where nothing was published yet."""
    if reach is None:
        return {"articles": None, "near": []}
    return {"articles": reach.articles, "near": list(reach.near)}


def audit_json(entry: AuditEntry) -> dict[str, object]:
    """One change; `before` is null for a rule that is new."""
    return {
        "number": entry.number,
        "at": _time(entry.at),
        "who": entry.who,
        "done": entry.done,
        "rule": entry.rule,
        "why": entry.why,
        "before": None if entry.before is None else rule_json(entry.before),
        "after": None if entry.after is None else rule_json(entry.after),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


_TEXT: Json = {"type": "string"}
_MOMENT: Json = {"type": "string", "format": "date-time"}

RULE_SCHEMA: Json = {
    "type": "object",
    "description": "What a rule does not say is left out.",
    "required": ["number", "action", "by", "why", "made_at", "in_words"],
    "properties": {
        "number": {"type": "integer", "description": "A later rule has a greater one."},
        "action": {"type": "string", "enum": list(ACTIONS)},
        **dict.fromkeys(("article", "section", "tag", "author"), _TEXT),
        "pair": {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2},
        "position": {"type": "integer"},
        "factor": {"type": "number"},
        "share": {"type": "number"},
        "page": _TEXT,
        "slot": _TEXT,
        "valid_from": _MOMENT,
        "valid_to": _MOMENT,
        "by": _TEXT,
        "why": _TEXT,
        "made_at": _MOMENT,
        "ended_at": _MOMENT,
        "replaced_by": {"type": "integer"},
        "in_words": _TEXT,
    },
}

REACH_SCHEMA: Json = {
    "type": "object",
    "required": ["articles", "near"],
    "properties": {
        "articles": {
            "type": ["integer", "null"],
            "description": "Published ones that it is about; null where nothing was rebuilt yet.",
        },
        "near": {
            "type": "array",
            "items": _TEXT,
            "description": "Names that look like the one it gives, where no article has that.",
        },
    },
}

_MAYBE_RULE: Json = {"anyOf": [RULE_SCHEMA, {"type": "null"}]}

AUDIT_SCHEMA: Json = {
    "type": "object",
    "required": ["number", "at", "who", "done", "rule", "why", "before", "after"],
    "properties": {
        "number": {"type": "integer"},
        "at": _MOMENT,
        "who": _TEXT,
        "done": {"type": "string", "enum": ["added", "ended", "replaced"]},
        "rule": {"type": "integer", "description": "Its number."},
        "why": _TEXT,
        "before": _MAYBE_RULE,
        "after": _MAYBE_RULE,
    },
}

RULE_EXAMPLE = {
    "number": 7,
    "action": "pin",
    "article": "hp-0017",
    "position": 1,
    "page": "hp-0042",
    "valid_to": "2030-02-01T00:00:00+00:00",
    "by": "anna",
    "why": "the background to the closing",
    "made_at": "2026-01-31T11:58:03.000125+00:00",
    "in_words": "pin article hp-0017 to position 1 on the page of hp-0042 to 2030-02-01 00:00",
}

REACH_EXAMPLE = {"articles": 1, "near": []}

AUDIT_EXAMPLE = {
    "number": 12,
    "at": "2026-01-31T11:58:03.000125+00:00",
    "who": "anna",
    "done": "added",
    "rule": 7,
    "why": "the background to the closing",
    "before": None,
    "after": RULE_EXAMPLE,
}
