"""What Prometheus reads at /metrics."""

import os
import time
from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recommender.engine import Recommender
from recommender.errors import RecommenderError

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_UNMATCHED = "unmatched"
_SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""With several workers: an empty folder where they add up their numbers."""


class Metrics:
    """The numbers of one application, apart from those of any other in the process."""

    def __init__(self, recommender: Recommender) -> None:
        """Counts from nothing."""
        registry = CollectorRegistry()
        self._requests = Counter(
            "recommender_http_requests",
            "Answered requests.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "recommender_http_request_seconds",
            "Time from a request to the end of its answer.",
            ("route",),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._fallbacks = Counter(
            "recommender_fallbacks",
            "Slots that something else than their own source filled.",
            ("slot", "fallback"),
            registry=registry,
        )
        # finding a child by its labels costs more than counting
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        if _SHARED in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # ships no annotations
        registry.register(_CorpusCollector(recommender))
        self._registry = registry

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one request."""
        key = (method, route, status)
        counter = self._counters.get(key)
        if counter is None:
            known = method if method in _METHODS else "other"  # methods are the caller's to invent
            counter = self._requests.labels(known, route, str(status))
            if known == method:
                self._counters[key] = counter
        counter.inc()
        histogram = self._histograms.get(route)
        if histogram is None:
            histogram = self._histograms[route] = self._seconds.labels(route)
        histogram.observe(seconds)

    def fell_back(self, slot: str, fallback: str) -> None:
        """Counts one slot that was filled by something else."""
        self._fallbacks.labels(slot, fallback).inc()

    def exposed(self) -> bytes:
        """All numbers, in the text format."""
        return generate_latest(self._registry)


class Measured:
    """Middleware that counts and times every request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wraps `app`."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500  # what goes out where nothing was sent

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            # the route's pattern: addresses themselves are without number
            route = getattr(scope.get("route"), "path", _UNMATCHED)
            seconds = time.perf_counter() - started
            self._metrics.answered(scope["method"], route, status, seconds)


class _CorpusCollector(Collector):
    """What is served at the moment of reading."""

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender

    def describe(self) -> Iterator[Metric]:
        return iter(())  # asked at registration, when there may be no snapshot yet

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            "recommender_snapshot_info",
            "The snapshot that answers.",
            labels=("index_version", "embedder", "version"),
        )
        articles = GaugeMetricFamily(
            "recommender_articles", "Articles that may be shown, by where they lie.", labels=("in",)
        )
        ready = GaugeMetricFamily("recommender_ready", "1 where there is a snapshot to answer from")
        try:
            corpus = self._recommender.corpus()
        except RecommenderError:
            ready.add_metric((), 0)
        else:
            ready.add_metric((), 1)
            base = len(corpus.base)
            hidden = corpus.hidden
            info.add_metric((corpus.version, corpus.embedder, version("related-articles")), 1)
            articles.add_metric(("snapshot",), base - int(hidden[:base].sum()))
            articles.add_metric(("overlay",), len(corpus.overlay) - int(hidden[base:].sum()))
        return iter((ready, info, articles))
