"""Every refusal and failure as RFC 9457 problem details."""

import http
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from index.errors import VectorIndexError
from recommender.errors import (
    CatalogError,
    InputError,
    NotReady,
    RebuildBusy,
    RecommenderError,
    UnknownArticle,
    UnknownRule,
)
from recommender.meant import suggestion

_log = logging.getLogger("recommender.api")

MEDIA_TYPE = "application/problem+json"
_RETRY = {"Retry-After": "5"}
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request.

    Attributes:
        place: name of a query parameter, or JSON pointer into the body.
        detail: what was expected, what came, and the way out.
    """

    place: str
    detail: str


class Problem(Exception):  # noqa: N818 - named as RFC 9457 names it
    """Raised where a request is refused."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        faults: Sequence[Fault] = (),
    ) -> None:
        """See RFC 9457; `kind` ends the type, "" where the status says it all."""
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers
        self.faults = tuple(faults)

    @classmethod
    def of_faults(cls, faults: Sequence[Fault]) -> "Problem":
        """A request that was understood and cannot be answered."""
        return cls(422, "invalid-request", faults[0].detail, faults=faults)


def install(app: FastAPI) -> None:
    """Makes `app` answer every error with a problem."""
    app.add_exception_handler(Problem, _answer)
    app.add_exception_handler(RecommenderError, _answer)
    app.add_exception_handler(VectorIndexError, _answer)
    app.add_exception_handler(HTTPException, _answer)
    app.add_exception_handler(Exception, _answer)


async def _answer(request: Request, error: Exception) -> Response:
    return answer_to(request, error)


def answer_to(request: Request, error: Exception) -> Response:
    """The response that tells of `error`."""
    return answered(request, _problem_of(request, error))


def answered(request: Request, problem: Problem) -> Response:
    """The response that tells `problem`."""
    content: dict[str, object] = {
        "type": f"urn:recommender:{problem.kind}" if problem.kind else "about:blank",
        "title": _TITLES.get(problem.kind) or http.HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": quote(request.scope["path"], safe="/:@!$&'()*+,;=~-._"),
    }
    if problem.faults:
        content["errors"] = [
            {"place": fault.place, "detail": fault.detail} for fault in problem.faults
        ]
    return Response(
        orjson.dumps(content),
        status_code=problem.status,
        # what is unknown now may be published in the next moment
        headers={"Cache-Control": "no-store", **problem.headers},
        media_type=MEDIA_TYPE,
    )


def unknown_name(name: str, valid: Sequence[str]) -> str:
    """Refuses a name, with the nearest valid ones."""
    return f"There is no {name[:60]!r} here.{suggestion(name, valid)}"


_TITLES = {
    "unknown-article": "Unknown article",
    "unknown-rule": "Unknown rule",
    "invalid-request": "The request cannot be used",
    "invalid-json": "The body is not valid JSON",
    "not-ready": "Not ready",
    "store-unavailable": "The store cannot be reached",
    "outdated-article": "A newer version is stored",
}


def _problem_of(request: Request, error: Exception) -> Problem:  # noqa: PLR0911 - a table
    match error:
        case Problem():
            return error
        case UnknownArticle():
            return Problem(404, "unknown-article", str(error))
        case UnknownRule():
            return Problem(404, "unknown-rule", str(error))
        case InputError():
            return Problem(422, "invalid-request", str(error))
        case NotReady():
            return Problem(503, "not-ready", str(error), headers=_RETRY)
        case RebuildBusy():
            return Problem(409, "", str(error), headers=_RETRY)
        case CatalogError():
            # its message names files of this machine, which are no business of a caller
            _log.error("%s %s: %s", request.method, request.url.path, error)
            return Problem(
                503,
                "store-unavailable",
                "The articles or the event log cannot be read or written at the moment. "
                "Try again; the server's log says why.",
                headers=_RETRY,
            )
        case HTTPException():
            return _http_problem(request, error)
        case RecommenderError() | VectorIndexError():
            _log.error("%s %s: %s", request.method, request.url.path, error)
    return Problem(500, "", "The server failed to answer; its log says why.")


def _http_problem(request: Request, error: HTTPException) -> Problem:
    if error.status_code == http.HTTPStatus.NOT_FOUND:
        return Problem(
            404,
            "",
            "Nothing is at this address. /docs shows what there is; for programs, /openapi.json.",
        )
    if error.status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(_methods(request))
        return Problem(
            405,
            "",
            f"{request.method} does nothing at this address; it takes {allowed}.",
            headers={"Allow": allowed},
        )
    return Problem(error.status_code, "", error.detail, headers=error.headers or _NO_HEADERS)


def _methods(request: Request) -> list[str]:
    """What the address takes, by all routes of its pattern: the framework tells those of one only.

    A later pattern that it also fits is another address: an article's id may end in "/related".
    """
    fitting = [one for one in request.app.routes if one.matches(request.scope)[0] is not Match.NONE]
    pattern = getattr(fitting[0], "path", None)
    found: set[str] = set()
    for route in fitting:
        if getattr(route, "path", None) == pattern:
            found.update(getattr(route, "methods", None) or ())
    return sorted(found)
