"""What is counted of a server, in Prometheus' text format.

With several workers, set PROMETHEUS_MULTIPROC_DIR to an empty folder before they start: counts of
all of them are then summed up, whichever is asked (https://prometheus.github.io/client_python).
"""

import os
import time
from collections.abc import Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mercato.data.assets.events import EVENTS
from mercato.data.store import AssetStore
from mercato.operating.drain import drained
from mercato.shop.events import Accepted
from mercato.shop.opened import Shop

MEDIA_TYPE = CONTENT_TYPE_LATEST

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.02, 0.025, 0.05, 0.1, 0.25, 1, 5)
"""Edges of the latency histogram: those of the budgets among them."""


class Metrics:
    """The counts of one application."""

    def __init__(self, shop: Shop) -> None:
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
        self._gauges = _Gauges(shop)

    def count_events(self, found: Accepted) -> None:
        """Count what became of the events of one request."""
        self.events.labels("accepted").inc(found.accepted)
        self.events.labels("duplicate").inc(found.duplicates)
        self.events.labels("rejected").inc(len(found.rejected))
        self.events.labels("withheld").inc(found.withheld)

    def text(self) -> bytes:
        """All metrics now."""
        registry = self.registry
        if os.environ.get(_FOLDER):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + self._gauges.text()


class _Gauges:
    """What is read from the shop when asked for."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._store = AssetStore(shop.paths.assets)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        live, state = self._shop.live, self._shop.state
        undrained = state.events.count_after(drained(self._store, EVENTS))
        age = time.time() - live.clock.made_at / 1e6
        yield _gauge("mercato_events_undrained", "Event lines not in their asset yet.", undrained)
        yield _gauge(
            "mercato_writes_waiting", "Rows waiting to be written.", state.writer.rows_waiting
        )
        yield _gauge(
            "mercato_answers_lost", "Answers that could not be logged.", state.answers.lost
        )
        yield _gauge("mercato_release_number", "The release that answers.", live.number)
        yield _gauge("mercato_release_age_seconds", "Since that release was made.", age)
        overlay = live.catalogue.n_rows - live.catalogue.n_base
        yield _gauge("mercato_overlay_items", "Items changed or added since.", overlay)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


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
            route = _route(scope)
            self.metrics.requests.labels(route, status).inc()
            self.metrics.seconds.labels(route).observe(time.perf_counter() - begun)


def _route(scope: Scope) -> str:
    """The pattern of the address, so that ids make no series of their own."""
    return getattr(scope.get("route"), "path_format", "other")
