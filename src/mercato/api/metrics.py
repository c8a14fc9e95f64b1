"""What is counted of a server, in Prometheus' text format.

Of several workers the counts of all are summed up, whichever is asked: they meet in the folder
PROMETHEUS_MULTIPROC_DIR, which `mercato serve` makes (https://prometheus.github.io/client_python).
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mercato.api.gauges import ShopGauges, WorkerGauges, forget_dead
from mercato.api.logs import FIELDS, REQUESTS
from mercato.core.errors import MercatoError
from mercato.operating.background import Background
from mercato.shop.events import Accepted
from mercato.shop.opened import Shop

_log = logging.getLogger(__name__)

MEDIA_TYPE = CONTENT_TYPE_LATEST

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable that names where counts of several workers meet."""

_NOTE_SECONDS = 2.0
_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.02, 0.025, 0.05, 0.1, 0.25, 1, 5)
"""Edges of the latency histogram: those of the budgets among them."""


class Metrics:
    """The counts of one application."""

    def __init__(self, shop: Shop, background: Background) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "mercato_requests",
            "Answered requests.",
            ("route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "mercato_request_seconds",
            "Seconds from a request's head to its answer's end.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.events = Counter(
            "mercato_events",
            "Events sent, by what became of them.",
            ("result",),
            registry=self.registry,
        )
        self.degraded = Counter(
            "mercato_degraded_answers",
            "Requests that were answered without something, by what.",
            ("left_out",),
            registry=self.registry,
        )
        self._worker = WorkerGauges(shop, background, self.registry)
        self._shop = ShopGauges(shop)

    def count_events(self, found: Accepted) -> None:
        """Count what became of the events of one request."""
        self.events.labels("accepted").inc(found.accepted)
        self.events.labels("duplicate").inc(found.duplicates)
        self.events.labels("rejected").inc(len(found.rejected))
        self.events.labels("withheld").inc(found.withheld)
        self.events.labels("left_out").inc(found.left_out)

    def text(self) -> bytes:
        """All metrics now."""
        self._worker.note()
        registry = self.registry
        if folder := os.environ.get(FOLDER):
            forget_dead(Path(folder))
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + self._shop.text()

    @asynccontextmanager
    async def noted(self) -> AsyncIterator[None]:
        """Meanwhile the others of several workers know this one's values, too."""
        noting = asyncio.create_task(self._note()) if os.environ.get(FOLDER) else None
        try:
            yield
        finally:
            if noting is not None:
                noting.cancel()
                with suppress(asyncio.CancelledError):
                    await noting

    async def _note(self) -> None:
        while True:
            await asyncio.sleep(_NOTE_SECONDS)
            try:
                await run_in_threadpool(self._worker.note)
            except MercatoError as error:  # the state does not answer
                _log.warning("metrics are old: %s", error)


class CountRequests:
    """ASGI middleware that counts requests and their seconds by route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = "500"

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        begun = time.perf_counter()
        try:
            await self.app(scope, receive, noting)
        finally:
            route, seconds = _route(scope), time.perf_counter() - begun
            self.metrics.requests.labels(route, status).inc()
            self.metrics.seconds.labels(route).observe(seconds)
            if REQUESTS.isEnabledFor(logging.INFO):
                told = {"route": route, "method": scope["method"], "status": int(status)}
                told["ms"] = round(seconds * 1e3, 2)
                REQUESTS.info("request", extra={FIELDS: told})


def _route(scope: Scope) -> str:
    """The pattern of the address, so that ids make no series of their own."""
    return getattr(scope.get("route"), "path_format", "other")
