"""For those who run it: what is served, and how it is doing."""

import orjson
from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from index.snapshot import Manifest
from recommender.api import examples
from recommender.api.documentation import Answer, Operation
from recommender.api.rendering import json_response
from recommender.api.routing import add
from recommender.api.service import Service

_TAG = "operations"


class _Operations:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._told: Manifest | None = None

    async def snapshot(self, _: Request) -> Response:
        manifest = await self._service.waited(self._manifest)
        return json_response(
            orjson.dumps(
                {
                    "data": {
                        "version": manifest.version,
                        "embedder": manifest.embedder,
                        "dim": manifest.dim,
                        "count": manifest.count,
                        "revision": manifest.revision,
                        "created_at": manifest.created_at,
                        "facts": dict(manifest.facts),
                        "pipelines": sorted(self._service.recommender.parts.pipelines),
                    }
                }
            )
        )

    async def live(self, _: Request) -> Response:
        return json_response(b'{"status":"live"}')

    async def ready(self, _: Request) -> Response:
        await self._service.waited(self._service.recommender.corpus)
        return json_response(b'{"status":"ready"}')

    async def metrics(self, _: Request) -> Response:
        text = await self._service.waited(self._service.metrics.exposed)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _manifest(self) -> Manifest:
        recommender = self._service.recommender
        version = recommender.corpus().version
        if self._told is None or self._told.version != version:
            self._told = recommender.parts.store.open(version).manifest
        return self._told


def install(app: FastAPI, service: Service) -> None:
    """Adds the endpoints to `app`."""
    endpoints = _Operations(service)
    add(
        app,
        "GET",
        "/v1/index",
        endpoints.snapshot,
        Operation(
            "snapshot",
            _TAG,
            "The snapshot that answers",
            Answer("As its manifest has it.", examples.SNAPSHOT),
            problems=(503,),
        ),
    )
    add(
        app,
        "GET",
        "/health/live",
        endpoints.live,
        Operation(
            "live",
            _TAG,
            "Whether the process answers",
            Answer("It does.", {"status": "live"}),
            problems=(),
        ),
    )
    add(
        app,
        "GET",
        "/health/ready",
        endpoints.ready,
        Operation(
            "ready",
            _TAG,
            "Whether there is a snapshot to answer from",
            Answer("There is.", examples.HEALTH),
            problems=(503,),
        ),
    )
    add(
        app,
        "GET",
        "/metrics",
        endpoints.metrics,
        Operation(
            "metrics",
            _TAG,
            "Numbers for Prometheus",
            Answer("In its text format.", examples.METRICS, "text/plain"),
            problems=(),
        ),
    )
