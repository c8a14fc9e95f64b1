"""``GET /healthz``, ``/readyz`` and ``/metrics``, for whoever watches over the server."""

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response

from mercato.api.answers import JSONAnswer
from mercato.api.leaving import Leaving
from mercato.api.metrics import MEDIA_TYPE, Metrics
from mercato.api.openapi import problems
from mercato.api.shapes import Readiness
from mercato.core.errors import NotReady
from mercato.operating.background import Background
from mercato.shop.opened import Shop


def add_health(
    app: FastAPI, shop: Shop, metrics: Metrics, background: Background, leaving: Leaving
) -> None:
    @app.get("/healthz", response_class=PlainTextResponse)
    async def healthz() -> PlainTextResponse:
        """The process is alive."""
        return PlainTextResponse("ok\n")

    @app.get("/readyz", response_model=Readiness, responses=problems(503))
    async def readyz() -> JSONAnswer:
        """A release is open, events can be written, changes are taken up, and the server is not
        about to stop."""
        if leaving.begun:
            raise NotReady("a server that stays", "one that was told to stop", "Ask another one.")
        if not shop.state.writer.alive:
            raise NotReady("a state that takes writes", "its writer has ended", "Start again.")
        if background.broken:
            raise NotReady("work beside the requests", "it has ended", "See the log; start again.")
        return JSONAnswer({"status": "ready", "release": shop.live.number})

    @app.get("/metrics", response_class=PlainTextResponse)
    def get_metrics() -> Response:
        """Counts and gauges in Prometheus' text format."""
        return Response(metrics.text(), media_type=MEDIA_TYPE)
