"""A short way to the busiest addresses: through the framework's routes it takes twice as long."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import VectorIndexError
from recommender.api.documentation import PATH_ID
from recommender.api.problems import Problem, answer_to
from recommender.api.routing import Endpoint
from recommender.errors import RecommenderError


@dataclass(frozen=True, slots=True)
class Address:
    """An address of one method.

    Attributes:
        method: such as GET.
        pattern: as the framework has it, and the metrics: literal, or with an article's id in it.
        endpoint: what answers.
    """

    method: str
    pattern: str
    endpoint: Endpoint

    def parameters(self, path: str) -> dict[str, str] | None:
        """Of a path; None where it is another address."""
        before, named, after = self.pattern.partition(f"{{{PATH_ID}:path}}")
        if not named:
            return {} if path == before else None
        article_id = path[len(before) : len(path) - len(after)]
        # what has a line break in it the framework takes for no address at all
        same = path.startswith(before) and before + article_id + after == path
        return {PATH_ID: article_id} if same and "\n" not in path else None


class Shortcut:
    """Middleware that answers some addresses itself.

    The application has the same addresses too, for their documentation and other methods.
    """

    def __init__(
        self, app: ASGIApp, addresses: Sequence[Address], answer: ASGIApp | None = None
    ) -> None:
        """Wraps `app`; `answer` wraps `answered`, None for nothing around it."""
        self._app = app
        self._answer = answer or answered
        # the route is what the metrics ask for
        self._addresses = [(one, SimpleNamespace(path=one.pattern)) for one in addresses]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or passes on."""
        if scope["type"] == "http":
            path, method = scope["path"], scope["method"]
            for one, route in self._addresses:
                if one.method == method and (found := one.parameters(path)) is not None:
                    scope["route"], scope["path_params"] = route, found
                    scope["endpoint"] = one.endpoint
                    await self._answer(scope, receive, send)
                    return
        await self._app(scope, receive, send)


async def answered(scope: Scope, receive: Receive, send: Send) -> None:
    """What the endpoint that a `Shortcut` has found answers."""
    response = await _response(Request(scope, receive, send))
    await response(scope, receive, send)


async def answered_in_front(scope: Scope, receive: Receive, send: Send) -> None:
    """The same where the framework is not there to answer what nobody expected."""
    request = Request(scope, receive, send)
    try:
        response = await _response(request)
    except Exception as error:
        await answer_to(request, error)(scope, receive, send)
        raise  # to be logged, as the framework does
    await response(scope, receive, send)


async def _response(request: Request) -> Response:
    try:
        response: Response = await request.scope["endpoint"](request)
    except (Problem, RecommenderError, VectorIndexError, HTTPException) as error:
        response = answer_to(request, error)
    return response
