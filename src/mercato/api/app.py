"""The API of a shop as one ASGI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

import mercato
from mercato.api.access import CheckKeys
from mercato.api.algolia import ALGOLIA, create_algolia
from mercato.api.connections import TimeBodies
from mercato.api.degrading import HEADER as DEGRADED
from mercato.api.degrading import TellDegraded
from mercato.api.dialects.ga4 import add_ga4
from mercato.api.dialects.google_collect import add_google_collect
from mercato.api.dialects.google_retail import add_google_retail
from mercato.api.dialects.segment import add_segment
from mercato.api.dialects.ubi import add_ubi
from mercato.api.dialects.ubi_bulk import add_ubi_bulk
from mercato.api.holding import HoldBodies
from mercato.api.leaving import CloseConnections, Leaving
from mercato.api.metrics import CountRequests, Metrics
from mercato.api.openapi import complete_openapi
from mercato.api.problems import answer_errors
from mercato.api.refusing import RefuseEarly
from mercato.api.routes.events import add_events
from mercato.api.routes.experiments import add_experiments
from mercato.api.routes.explain import add_explain
from mercato.api.routes.health import add_health
from mercato.api.routes.holdout import add_holdout
from mercato.api.routes.items import add_items
from mercato.api.routes.recommend import add_recommend
from mercato.api.routes.rules import add_rules
from mercato.api.routes.search import add_search
from mercato.api.routes.suggest import add_suggest
from mercato.api.routes.synonyms import add_synonyms
from mercato.api.routes.users import add_users
from mercato.api.tracing import TraceRequests, Tracing, start_tracing
from mercato.api.unknown import refuse_unknown
from mercato.operating.background import Background
from mercato.shop.exposure import Exposure
from mercato.shop.opened import Shop

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

EXPOSED = ("ETag", "Retry-After", DEGRADED)
"""What scripts on pages of other origins may read of an answer, beside what the Fetch Standard
lets them read anyway (its CORS-safelisted response-header names)."""


def create_api(
    shop: Shop, exposure: Exposure | None = None, ahead: Callable[[], None] | None = None
) -> FastAPI:
    """Serve ``shop``. Its background work runs while the application does; then it is closed.

    Further applications may be mounted behind it, also at the root: what lies under ``/v1`` is
    answered here. ``exposure``: on loopback, by one process, if not said. ``ahead``: looks again
    and again for what they can work out beside the requests.
    """
    exposure = exposure or Exposure()
    background, tracing = Background(shop, ahead), start_tracing()
    metrics = Metrics(shop, background)
    leaving = Leaving(exposure.leave_seconds)
    app = FastAPI(
        title="Mercato",
        version=mercato.__version__,
        summary="Search and recommendations of a shop",
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(shop, background, metrics, tracing, leaving),
    )
    add_events(app, shop, metrics)
    add_search(app, shop)
    add_explain(app, shop)
    add_suggest(app, shop)
    add_recommend(app, shop)
    add_items(app, shop)
    add_rules(app, shop)
    add_synonyms(app, shop)
    add_experiments(app, shop)
    add_holdout(app, shop)
    add_users(app, shop)
    add_health(app, shop, metrics, background, leaving)
    google = (add_google_retail, add_google_collect)
    for add_dialect in (add_ga4, add_segment, *google, add_ubi, add_ubi_bulk):
        add_dialect(app, shop, metrics)
    answer_errors(app)
    app.mount(ALGOLIA, create_algolia(shop, metrics))
    refuse_unknown(app)
    complete_openapi(app)
    app.add_middleware(TellDegraded, metrics=metrics)
    app.add_middleware(HoldBodies)
    app.add_middleware(CheckKeys, shop=shop, exposure=exposure)
    app.add_middleware(RefuseEarly, shop=shop)
    app.add_middleware(TimeBodies)
    app.add_middleware(CloseConnections, leaving=leaving)
    origins = shop.settings.serve.cors_origins
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
    app.add_middleware(CountRequests, metrics=metrics)
    if tracing is not None:
        app.add_middleware(TraceRequests, tracing=tracing)
    return app


def _lifespan(
    shop: Shop,
    background: Background,
    metrics: Metrics,
    tracing: Tracing | None,
    leaving: Leaving,
) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            with background:
                async with shop.overload.turns.watched(), metrics.noted(), leaving.heeded():
                    yield
        finally:
            shop.close()
            if tracing is not None:
                tracing.close()

    return lifespan
