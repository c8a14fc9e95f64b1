"""What the routes of all dialects do: read a body, hand its events over, answer in the dialect."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from mercato.api.metrics import Metrics
from mercato.core.errors import MercatoError
from mercato.core.tracing import span
from mercato.data.importers.event_logs import EventLog
from mercato.shop.events import Accepted, Door, LookedAt, accept, look_at
from mercato.shop.marking import marking_of
from mercato.shop.opened import Shop

Refusal = Callable[[MercatoError, Mapping[str, str]], Response]
"""An error as a dialect's clients know it, with further headers."""


Route = Callable[[Request], Coroutine[Any, Any, Response]]
"""What answers requests at an address."""


def told_by(refusal: Refusal, route: Route) -> Route:
    """The route, its errors told by ``refusal``."""

    async def asked(request: Request) -> Response:
        try:
            return await route(request)
        except MercatoError as error:
            return refusal(error, {})

    return asked


def answering(refusal: Refusal) -> type[APIRoute]:
    """As `told_by`, of all routes of a router."""

    class Told(APIRoute):
        def get_route_handler(self) -> Route:
            return told_by(refusal, super().get_route_handler())

    return Told


@dataclass(frozen=True)
class Counter:
    """Where the events of one dialect are handed over. dialect : None: in our own shape"""

    shop: Shop
    metrics: Metrics
    dialect: EventLog | None = None

    async def take(self, request: Request, objects: Sequence[object]) -> Accepted:
        """Store the events that fit, and count; durable once it is answered. As `accept`."""
        door = door_of(self.shop, request, self.dialect)
        with span("state"):
            found = await asyncio.wrap_future(accept(self.shop, objects, door))
        self.metrics.count_events(found)
        return found

    def look_at(self, request: Request, objects: Sequence[object]) -> LookedAt:
        """What would be said of events, without keeping any."""
        return look_at(self.shop, objects, door_of(self.shop, request, self.dialect))


def door_of(shop: Shop, request: Request, dialect: EventLog | None = None) -> Door:
    """How a request brings events."""
    agent = request.headers.get("user-agent", "")
    address = request.client.host if request.client else None
    return Door(dialect, marking_of(shop.settings, agent, address))
