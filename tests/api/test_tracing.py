"""Spans as a real collector gets them: OTLP over HTTP, taken apart by the published protobuf."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.core import tracing
from mercato.core.errors import NotReady
from mercato.shop.opened import Shop

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
"""Of the example in https://www.w3.org/TR/trace-context/#examples-of-http-traceparent-headers"""

SECRET = "zebra-4711"


class Collector:
    """spans : all that were sent so far; bodies : the bytes they came in"""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.bodies = b""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.bodies += body
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *said: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    address = f"http://127.0.0.1:{made.server.server_port}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def attributes(span: Span) -> dict[str, object]:
    return {
        each.key: getattr(each.value, str(each.value.WhichOneof("value")))
        for each in span.attributes
    }


def test_a_request_and_its_parts_are_one_trace(shop: Shop, collector: Collector) -> None:
    with TestClient(create_api(shop)) as client:
        sent = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        client.get(f"/v1/search?q=tent&user_id={SECRET}", headers=sent)
        client.get(f"/v1/recommend/home?user_id={SECRET}")
        client.get(f"/v1/search?q={SECRET}&page=0")
    assert tracing._start is None, "whoever closes the shop ends it"
    (search, refused) = collector.named("GET /v1/search")
    assert search.trace_id.hex() == TRACE
    assert search.parent_span_id.hex() == PARENT
    assert search.kind == Span.SPAN_KIND_SERVER
    told = attributes(search)
    assert told["http.route"] == "/v1/search"
    assert (told["http.request.method"], told["http.response.status_code"]) == ("GET", 200)
    assert attributes(refused)["http.response.status_code"] == 400
    own = {span.span_id: span for span in collector.spans}
    names = {span.name for span in collector.spans if span.trace_id == search.trace_id}
    assert names >= {"GET /v1/search", "answer", "match", "rank"}
    for span in collector.spans:
        if span.span_id not in (search.span_id, refused.span_id) and span.parent_span_id:
            around = own[span.parent_span_id]
            assert around.start_time_unix_nano <= span.start_time_unix_nano
            assert span.end_time_unix_nano <= around.end_time_unix_nano
    (shelf,) = collector.named("GET /v1/recommend/{placement}")
    of_shelf = [span for span in collector.spans if span.trace_id == shelf.trace_id]
    assert {"state", "source"} <= {span.name for span in of_shelf}
    sources = {attributes(span).get("retriever") for span in of_shelf if span.name == "source"}
    assert "popularity" in sources
    assert SECRET.encode() not in collector.bodies


def test_without_a_collector_there_are_no_spans(shop: Shop) -> None:
    with TestClient(create_api(shop)) as client:
        client.get("/v1/search?q=tent")
        assert tracing._start is None
        assert tracing.span("a") is tracing.span("b"), "nothing is made for nobody"


def test_the_missing_extra_is_said(
    shop: Shop, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(NotReady, match=r"pip install 'mercato\[trace\]'"):
        create_api(shop)
