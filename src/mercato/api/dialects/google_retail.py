"""User events of Google's Retail API, also called Vertex AI Search for commerce
(https://cloud.google.com/retail/docs/reference/rest/v2/projects.locations.catalogs.userEvents)."""

import time
from typing import Any

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request

from mercato.api.answers import JSONAnswer
from mercato.api.bodies import read_json
from mercato.api.dialects.addresses import RETAIL
from mercato.api.dialects.errors import google_error
from mercato.api.dialects.sending import Counter, answering
from mercato.api.metrics import Metrics
from mercato.api.openapi import json_body, json_errors
from mercato.core.errors import BadInput
from mercato.data.importers.google_retail import GOOGLE_RETAIL
from mercato.shop.events import Accepted
from mercato.shop.opened import Shop

CATALOG = f"{RETAIL}/{{project}}/locations/{{location}}/catalogs/{{catalog}}"

MOST_SAMPLES = 100
"""Errors that an import lists; more are counted."""

_TYPE = "type.googleapis.com/google.cloud.retail.v2."
_INVALID_ARGUMENT = 3


class UserEvent(BaseModel):
    model_config = ConfigDict(extra="allow")
    eventType: str
    visitorId: str
    eventTime: str | None = None
    productDetails: list[dict[str, Any]] | None = None
    userInfo: dict[str, Any] | None = None


class InlineSource(BaseModel):
    userEvents: list[UserEvent] = Field(max_length=1_000)


class InputConfig(BaseModel):
    userEventInlineSource: InlineSource


class Import(BaseModel):
    inputConfig: InputConfig


class Operation(BaseModel):
    """An import is over when it is answered. Counts are texts, as all of Google's 64-bit numbers;
    `errorSamples` name the events that were left out by their place."""

    name: str
    done: bool
    metadata: dict[str, Any]
    response: dict[str, Any]


class GoogleProblem(BaseModel):
    error: dict[str, Any]


def add_google_retail(app: FastAPI, shop: Shop, metrics: Metrics) -> None:
    router = APIRouter(route_class=answering(google_error))
    counter = Counter(shop, metrics, GOOGLE_RETAIL)
    wrong = json_errors(GoogleProblem, 400, 401, 403, 413, 429, 503)

    @router.post(
        f"{CATALOG}/userEvents:write",
        response_model=UserEvent,
        responses=wrong,
        openapi_extra=json_body(TypeAdapter(UserEvent)),
    )
    async def write_user_event(
        project: str, location: str, catalog: str, request: Request
    ) -> JSONAnswer:
        """One user event of Google Retail's; the key stands in `key`, `X-Goog-Api-Key` or the
        Authorization header. It is answered as it was sent."""
        sent = await read_json(request)
        found = await counter.take(request, [sent])
        if found.rejected:
            raise BadInput("a user event that fits", found.rejected[0].error, "Mend it.")
        return JSONAnswer(sent)

    @router.post(
        f"{CATALOG}/userEvents:import",
        response_model=Operation,
        responses=wrong,
        openapi_extra=json_body(TypeAdapter(Import)),
    )
    async def import_user_events(
        project: str, location: str, catalog: str, request: Request
    ) -> JSONAnswer:
        """At most 1,000 user events inline; other sources come by `mercato import`."""
        events = _inline(await read_json(request))
        found = await counter.take(request, events)
        name = f"projects/{project}/locations/{location}/catalogs/{catalog}"
        return JSONAnswer(_operation(name, len(events), found))

    app.router.routes.extend(router.routes)


def _inline(sent: Any) -> list[object]:
    config = sent.get("inputConfig") if isinstance(sent, dict) else None
    inline = config.get("userEventInlineSource") if isinstance(config, dict) else None
    events = inline.get("userEvents") if isinstance(inline, dict) else None
    if not isinstance(events, list):
        raise BadInput(
            "inputConfig.userEventInlineSource.userEvents",
            "none",
            "Send the events inline, or import files: mercato import DIR --events FILE.",
        )
    return events


def _operation(catalog: str, sent: int, found: Accepted) -> dict[str, Any]:
    now = time.time_ns()
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now // 1_000_000_000))
    failed = len(found.rejected)
    samples = [
        {"code": _INVALID_ARGUMENT, "message": f"userEvents[{each.index}]: {each.error}"}
        for each in found.rejected[:MOST_SAMPLES]
    ]
    joined = str(sent - failed)
    return {
        "name": f"{catalog}/operations/import-user-events-{now}",
        "done": True,
        "metadata": {
            "@type": f"{_TYPE}ImportMetadata",
            "createTime": at,
            "updateTime": at,
            "successCount": joined,
            "failureCount": str(failed),
        },
        "response": {
            "@type": f"{_TYPE}ImportUserEventsResponse",
            "errorSamples": samples,
            "importSummary": {"joinedEventsCount": joined, "unjoinedEventsCount": "0"},
        },
    }
