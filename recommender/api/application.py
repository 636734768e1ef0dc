"""The framework's application, with a way past it for the busiest addresses."""

import sys
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.api.metrics import Measured, Metrics
from recommender.api.shortcut import Address, Shortcut, answered_in_front

_TELEMETRY = "opentelemetry.sdk"
"""Is imported by whoever sets up telemetry, which the framework then tells of every request."""


class Application(FastAPI):
    """Measures every request, and answers the busiest addresses before all of its middleware.

    Within the middleware where there is more of it than its own, as that may refuse a request, or
    where the framework's own telemetry is set up. To go through what does nothing takes one
    twentieth of an answer's time.
    """

    def __init__(self, metrics: Metrics, **told: Any) -> None:
        """Takes what `FastAPI` takes besides."""
        super().__init__(**told)
        self._metrics = metrics
        self._busiest: Sequence[Address] = ()
        self._in_front: ASGIApp | None = None

    def shorten(self, busiest: Sequence[Address]) -> None:
        """The addresses that shall be answered the short way; once, before the first request."""
        self._busiest = busiest
        # within the measuring: the last that is added is the first that is asked
        self.add_middleware(Shortcut, addresses=busiest)
        self.add_middleware(Measured, metrics=self._metrics)

    def build_middleware_stack(self) -> ASGIApp:
        """See `Starlette`: with the first request, after which no middleware can be added."""
        alone = {Shortcut, Measured}.issuperset(one.cls for one in self.user_middleware)
        self._in_front = None
        if alone and not self.debug and _TELEMETRY not in sys.modules:
            answer = Measured(answered_in_front, self._metrics)
            self._in_front = Shortcut(super().__call__, self._busiest, answer)
        return super().build_middleware_stack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `FastAPI`."""
        in_front = None if self.middleware_stack is None else self._in_front
        await (in_front or super().__call__)(scope, receive, send)
