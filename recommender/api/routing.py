"""Endpoints that read their request themselves."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from recommender.api.documentation import Operation

Endpoint: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]


class _Direct(APIRoute):
    """Calls its endpoint without FastAPI's parsing, which costs as much as the whole answer."""

    def get_route_handler(self) -> Endpoint:
        endpoint: Endpoint = self.endpoint
        return endpoint


def add(app: FastAPI, method: str, path: str, endpoint: Endpoint, operation: Operation) -> None:
    """Serves `endpoint` at `path`, documented as `operation` says.

    What caches may keep they may also ask for without its body.
    """
    app.router.add_api_route(
        path,
        endpoint,
        methods=[method],
        route_class_override=_Direct,
        response_model=None,
        response_class=Response,
        status_code=operation.status,
        summary=operation.summary,
        description=operation.description,
        tags=[operation.tag],
        operation_id=operation.name,
        responses=operation.responses(),
        openapi_extra=operation.extra(),
    )
    if operation.kept:
        app.router.add_api_route(
            path,
            endpoint,
            methods=["HEAD"],
            route_class_override=_Direct,
            response_model=None,
            response_class=Response,
            include_in_schema=False,
        )
