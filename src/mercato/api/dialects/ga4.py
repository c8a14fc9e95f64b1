"""GA4's Measurement Protocol
(https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference)."""

from typing import Any

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from mercato.api.answers import JSONAnswer
from mercato.api.bodies import read_json
from mercato.api.dialects.addresses import GA4 as COLLECT
from mercato.api.dialects.addresses import GA4_DEBUG
from mercato.api.dialects.sending import Counter
from mercato.api.metrics import Metrics
from mercato.api.openapi import json_body, problems
from mercato.core.errors import BadInput
from mercato.data.importers.ga4 import GA4
from mercato.shop.opened import Shop


class Payload(BaseModel):
    """Further fields, as `user_properties`, are attributes of each event."""

    model_config = ConfigDict(extra="allow")
    client_id: str | None = None
    user_id: str | None = None
    timestamp_micros: int | str | None = None
    consent: dict[str, Any] | None = None
    events: list[dict[str, Any]] = Field(max_length=1_000)


class ValidationMessage(BaseModel):
    fieldPath: str
    description: str
    validationCode: str


class Validated(BaseModel):
    validationMessages: list[ValidationMessage]


def add_ga4(app: FastAPI, shop: Shop, metrics: Metrics) -> None:
    router, counter = APIRouter(), Counter(shop, metrics, GA4)

    @router.post(
        COLLECT,
        status_code=204,
        response_class=Response,
        responses=problems(400, 413, 429, 503),
        openapi_extra=json_body(TypeAdapter(Payload)),
    )
    async def post_collect(request: Request) -> Response:
        """GA4's Measurement Protocol; the key stands in `api_secret`.

        204, as at Google, also where events do not fit: those are left out, counted in
        `mercato_events_total` and told by `/debug/mp/collect`. Unlike there it means that the
        others are durable, and a body that holds no events is answered 400.
        """
        await counter.take(request, _events(await read_json(request)))
        return Response(status_code=204)

    @router.post(
        GA4_DEBUG,
        response_model=Validated,
        responses=problems(400, 413, 503),
        openapi_extra=json_body(TypeAdapter(Payload)),
    )
    async def post_debug(request: Request) -> JSONAnswer:
        """What is wrong with events, one by one; nothing is kept."""
        found = counter.look_at(request, _events(await read_json(request)))
        messages = [
            {
                "fieldPath": f"events[{each.index}]",
                "description": each.error,
                "validationCode": "VALUE_INVALID",
            }
            for each in found.told.rejected
        ]
        return JSONAnswer({"validationMessages": messages})

    app.router.routes.extend(router.routes)


def _events(sent: Any) -> list[object]:
    """Each event with what its payload says of them all. Raises BadInput."""
    if not isinstance(sent, dict) or not isinstance(sent.get("events"), list):
        found = type(sent).__name__ if not isinstance(sent, dict) else "none"
        raise BadInput("an object with a list of events", found, 'Send {"events": […]}.')
    return list(GA4.inside(sent))
