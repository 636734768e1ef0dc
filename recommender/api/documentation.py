"""The OpenAPI description of an endpoint, out of the tables that requests are read by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from recommender.api.examples import PROBLEMS
from recommender.api.parameters import Parameter
from recommender.api.problems import MEDIA_TYPE
from recommender.api.query_strings import NONE, QueryString

Json: TypeAlias = Mapping[str, object]
JSON: Final = "application/json"

PATH_ID = "article_id"
RULE_NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: an example, out of which the schema is read, and its kind.

    Attributes:
        example: None where there is no body.
        media_type: of the body.
        schema: where the example does not show all that may come; None where it does.
        headers: by name, as OpenAPI describes them.
    """

    about: str
    example: object = None
    media_type: str = JSON
    schema: Json | None = None
    headers: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What is sent.

    Attributes:
        schema: JSON Schema.
        example: a body that is taken.
        media_types: the kinds it may be sent as.
    """

    schema: Json
    example: object
    media_types: Sequence[str] = (JSON,)


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint.

    Attributes:
        name: unique.
        kept: whether caches may keep the answer, and ask whether it still holds.
        problems: statuses that it may answer with beside its own; 500 goes without saying.
    """

    name: str
    tag: str
    summary: str
    answer: Answer
    description: str = ""
    status: int = 200
    kept: bool = False
    query: QueryString = NONE
    of_article: bool = False
    of_rule: bool = False
    body: RequestBody | None = None
    problems: Sequence[int] = field(default=(422,))

    def responses(self) -> dict[int | str, dict[str, Any]]:
        """As FastAPI takes them."""
        answer: dict[str, Any] = {"description": self.answer.about}
        if self.answer.example is not None:
            answer["content"] = {
                self.answer.media_type: {
                    "schema": self.answer.schema or _schema_of(self.answer.example),
                    "example": self.answer.example,
                }
            }
        found: dict[int | str, dict[str, Any]] = {self.status: answer}
        headers = {**self.answer.headers, **(_KEPT if self.kept else {})}
        if headers:
            answer["headers"] = headers
        if self.kept:
            found[304] = {"description": _HOLDS, "headers": _KEPT}
        for status in (*self.problems, 500):
            example = PROBLEMS[status]
            found[status] = {
                "description": str(example["title"]),
                "content": {MEDIA_TYPE: {"schema": _PROBLEM, "example": example}},
            }
        return found

    def extra(self) -> dict[str, Any]:
        """Parameters and body, which FastAPI does not see."""
        parameters = [_query_parameter(one) for one in self.query.parameters]
        if self.of_article:
            parameters.insert(0, _PATH_PARAMETER)
        if self.of_rule:
            parameters.insert(0, _RULE_PARAMETER)
        if self.kept:
            parameters.append(_IF_NONE_MATCH)
        extra: dict[str, Any] = {"parameters": parameters} if parameters else {}
        if self.body is not None:
            content = {"schema": self.body.schema, "example": self.body.example}
            extra["requestBody"] = {
                "required": True,
                "content": dict.fromkeys(self.body.media_types, content),
            }
        return extra


def body_of(model: type[BaseModel]) -> RequestBody:
    """The body that `model` takes, with its own example."""
    schema = dict(inlined_schema(model))
    return RequestBody(schema, schema.pop("example"))


def inlined_schema(model: type[BaseModel]) -> Json:
    """The JSON Schema of `model` without references."""
    schema = _inlined(model.model_json_schema())
    assert isinstance(schema, dict)  # noqa: S101 - tells mypy what a model's schema is
    return schema


_PATH_PARAMETER: Json = {
    "name": PATH_ID,
    "in": "path",
    "required": True,
    "description": "The publisher's id of the article; it may hold slashes.",
    "schema": {"type": "string"},
    "example": "hp-0042",
}

_RULE_PARAMETER: Json = {
    "name": RULE_NUMBER,
    "in": "path",
    "required": True,
    "description": "The number of a standing rule.",
    "schema": {"type": "integer", "minimum": 1},
    "example": 7,
}

_TAG = '"7a1c0f63d5b24e0c9b6f1d2e8a4c3b50"'
_IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "ETags of answers that were kept.",
    "schema": {"type": "string"},
    "example": _TAG,
}
_HOLDS = "What If-None-Match names still holds; no body."
_KEPT: Json = {
    "ETag": {
        "description": "Of the body, a strong one.",
        "schema": {"type": "string"},
        "example": _TAG,
    },
    "Cache-Control": {
        "description": "As the settings `cache` have it; private where readers are named.",
        "schema": {"type": "string"},
        "example": "no-cache",
    },
}

_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was expected, what came, the way out."},
        "instance": {"type": "string", "format": "uri-reference"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["place", "detail"],
                "properties": {
                    "place": {
                        "type": "string",
                        "description": "Query parameter, or JSON pointer into the body.",
                    },
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def _query_parameter(parameter: Parameter[Any]) -> Json:
    schema = dict(parameter.schema)
    if parameter.default is not None:
        schema["default"] = parameter.default
    if parameter.repeated:
        schema = {"type": "array", "items": schema}
    return {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": parameter.about,
        "schema": schema,
        "example": [parameter.example] if parameter.repeated else parameter.example,
    }


_MAY_BE_NULL = frozenset({"fallback", "published_at"})
"""Fields that examples show with a value: FastAPI leaves null out of them."""


def _schema_of(example: object, *, nullable: bool = False) -> Json:
    """The shape of an example."""
    match example:
        case dict():
            properties = {
                name: _schema_of(value, nullable=nullable or name in _MAY_BE_NULL)
                for name, value in example.items()
            }
            return {"type": "object", "properties": properties, "required": list(example)}
        case list():
            return {"type": "array", "items": _schema_of(example[0])}
    kind = next(kind for types, kind in _KINDS if isinstance(example, types))
    return {"type": [kind, "null"] if nullable else kind}


# bool before int, which it is as well
_KINDS = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))


def _inlined(schema: object, known: Mapping[str, object] | None = None) -> object:
    """`schema` with every reference replaced by what it refers to."""
    if isinstance(schema, dict):
        known = {**(known or {}), **schema.get("$defs", {})}
        if "$ref" in schema:
            return _inlined(known[schema["$ref"].rpartition("/")[2]], known)
        return {key: _inlined(one, known) for key, one in schema.items() if key != "$defs"}
    if isinstance(schema, list):
        return [_inlined(one, known) for one in schema]
    return schema
