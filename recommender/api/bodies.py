"""Request bodies: read up to a limit, parsed, checked."""

from collections.abc import Sequence
from typing import Literal, TypeVar, get_args

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from recommender.api.problems import Fault, Problem, unknown_name

MAX_BYTES = 8 * 1024 * 1024

_FAULTS_TOLD = 20

Model = TypeVar("Model", bound=BaseModel)
Kind = Literal["application/json", "text/plain"]


async def json_body(request: Request, *, kinds: Sequence[Kind] = ("application/json",)) -> object:
    """The body as JSON.

    Raises:
        Problem: too long (413), of another kind (415), broken off (400), or no JSON (400).
    """
    # not request.headers, which is made anew for each request
    sent = dict(request.scope["headers"]).get(b"content-type")
    kind = kinds[0] if sent is None else sent.decode("latin-1").partition(";")[0].strip().lower()
    if kind not in kinds and not kind.endswith("+json"):
        raise Problem(
            415,
            "",
            f"Expected a body of the kind {' or '.join(kinds)}, got {kind[:60]!r}. "
            f"Send the header Content-Type: {kinds[0]}",
            headers={"Accept": ", ".join(kinds)},
        )
    try:
        # stricter than the standard library: no NaN, no half of a surrogate pair
        parsed: object = orjson.loads(await body_bytes(request))
    except orjson.JSONDecodeError as error:
        raise Problem(400, "invalid-json", f"The body is not valid JSON: {error}.") from None
    return parsed


async def body_bytes(request: Request) -> bytes:
    """The body as it came.

    Raises:
        Problem: too long (413), or broken off (400).
    """
    # not request.stream(): most bodies come in one piece, and it takes as long as all the rest
    parts: list[bytes] = []
    length = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            # nobody reads it, but it is no failure of the server either
            raise Problem(400, "", "The connection ended before the body did. Send it again.")
        part: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        length += len(part)
        if length > MAX_BYTES:
            raise Problem(
                413,
                "",
                f"Expected a body of at most {MAX_BYTES:,} bytes, got more. Send it in parts.",
                headers={"Connection": "close"},
            )
        parts.append(part)
    return b"".join(parts)


async def model_body(request: Request, model: type[Model]) -> Model:
    """The body as `model`.

    Raises:
        Problem: see `json_body`; or a field is wrong (422).
    """
    raw = await json_body(request)
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise problem_of(error, model) from None


def problem_of(error: ValidationError, model: type[BaseModel]) -> Problem:
    """The problem that tells which fields of `model`, or of a list of it, are wrong."""
    return Problem.of_faults([_fault(one, model) for one in error.errors()[:_FAULTS_TOLD]])


def _fault(error: ErrorDetails, model: type[BaseModel]) -> Fault:
    pointer = "".join(f"/{_escaped(str(part))}" for part in error["loc"])
    where = pointer or "The body"
    if error["type"] == "extra_forbidden":
        return Fault(
            pointer,
            f"{where}: {unknown_name(str(error['loc'][-1]), _names_at(model, error['loc']))}",
        )
    message = _in_words(error)
    came = "" if error["type"] in {"missing", "value_error"} else f", got {_came(error)}"
    return Fault(pointer, f"{where}: {message[:1].lower()}{message[1:]}{came}.")


def _in_words(error: ErrorDetails) -> str:
    """What was expected; the library's own words where they know nothing of its insides."""
    bounds = error.get("ctx", {})
    match error["type"]:
        case "model_type" | "model_attributes_type":
            return "expected an object"
        case "too_short" if bounds["field_type"] == "List":
            return f"expected a list with at least {bounds['min_length']} in it"
        case "too_long" if bounds["field_type"] == "List":
            return f"expected a list with at most {bounds['max_length']} in it"
    return error["msg"].removeprefix("Value error, ")


def _came(error: ErrorDetails) -> str:
    came = error["input"]
    if error["type"] in {"too_short", "too_long"} and isinstance(came, list):
        return f"{len(came):,}" if came else "an empty one"
    return _shown(came)


def _names_at(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The fields beside the one at `place`; fields on the way there are lists of models."""
    for part in place[:-1]:
        if isinstance(part, str):
            (model,) = get_args(model.model_fields[part].annotation)
    return list(model.model_fields)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else repr(value)[:60]


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")  # RFC 6901
