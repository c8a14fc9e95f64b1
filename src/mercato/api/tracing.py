"""OpenTelemetry: a span for each request, with its parts, sent to a collector by OTLP over HTTP.

On where the environment names a collector, as every OpenTelemetry program reads it; needs the extra
``trace``. Names follow the semantic conventions of HTTP spans
(https://opentelemetry.io/docs/specs/semconv/http/http-spans), but for the address: it holds what a
shopper typed, so the route's pattern stands there alone.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import mercato
from mercato.core.errors import NotReady
from mercato.core.tracing import trace_with
from mercato.shop.overload.levels import current_turn

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NAME = "OTEL_SERVICE_NAME"


@dataclass(frozen=True)
class Tracing:
    """close : send what waits, and end"""

    tracer: "Tracer"
    close: Callable[[], None]


def start_tracing() -> Tracing | None:
    """None where the environment names no collector. Raises NotReady where the extra is missing."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise NotReady(
            "OpenTelemetry, which the environment asks for",
            str(error),
            f"Run pip install 'mercato[trace]', or unset {ENDPOINTS[0]}.",
        ) from None
    name = os.environ.get(_NAME, "mercato")
    about = Resource.create({"service.name": name, "service.version": mercato.__version__})
    provider = TracerProvider(resource=about)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("mercato", mercato.__version__)
    trace_with(
        lambda name, attributes: tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False
        )
    )

    def close() -> None:
        trace_with(None)
        provider.shutdown()

    return Tracing(tracer, close)


class TraceRequests:
    """ASGI middleware that makes a span of each request, within the trace of whoever sent it."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        from opentelemetry.trace import SpanKind, Status, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self.app = app
        self.tracer = tracing.tracer
        self._kind = SpanKind.SERVER
        self._failed = Status(StatusCode.ERROR)
        self._sent = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        carried = {n: headers[n] for n in ("traceparent", "tracestate") if n in headers}
        with self.tracer.start_as_current_span(
            scope["method"],
            context=self._sent.extract(carried),
            kind=self._kind,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            await self._answer(span, scope, receive, send)

    async def _answer(self, span: "Span", scope: Scope, receive: Receive, send: Send) -> None:
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path_format", None)
            span.set_attribute("http.request.method", scope["method"])
            span.set_attribute("http.response.status_code", status)
            if route is not None:
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
            if told := current_turn().told():
                span.set_attribute("mercato.degraded", told)
            if status >= 500:
                span.set_status(self._failed)
