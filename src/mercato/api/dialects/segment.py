"""Segment's HTTP Tracking API
(https://segment.com/docs/connections/sources/catalog/libraries/server/http-api)."""

from typing import Any, Literal

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request

from mercato.api.answers import JSONAnswer
from mercato.api.bodies import read_json
from mercato.api.dialects.addresses import SEGMENT as ADDRESSES
from mercato.api.dialects.errors import segment_error
from mercato.api.dialects.opening import open_with
from mercato.api.dialects.sending import Counter, Route, answering, told_by
from mercato.api.metrics import Metrics
from mercato.api.openapi import json_body, json_errors
from mercato.api.shapes import RejectedEvent
from mercato.core.errors import BadInput
from mercato.data.importers.segment import SEGMENT
from mercato.shop.opened import Shop

SHOWN = ("/v1/track", "/v1/batch")
"""In /openapi.json; the others are as these."""


class Call(BaseModel):
    model_config = ConfigDict(extra="allow")
    messageId: str | None = None
    userId: str | None = None
    anonymousId: str | None = None
    event: str | None = None
    timestamp: str | None = None
    properties: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    writeKey: str | None = None


class Batch(BaseModel):
    model_config = ConfigDict(extra="allow")
    batch: list[dict[str, Any]] = Field(max_length=1_000)
    context: dict[str, Any] | None = None
    writeKey: str | None = None


class Taken(BaseModel):
    """`rejected`, where there are any, is Mercato's own: the calls that were left out."""

    success: Literal[True]
    rejected: list[RejectedEvent] | None = None


class NotTaken(BaseModel):
    success: Literal[False]
    code: str
    message: str


def add_segment(app: FastAPI, shop: Shop, metrics: Metrics) -> None:
    router = APIRouter(route_class=answering(segment_error))
    counter = Counter(shop, metrics, SEGMENT)
    for address, kind in ADDRESSES.items():
        taking = _batch(counter) if kind is None else _one(counter, kind)
        if address not in SHOWN:
            app.add_route(address, told_by(segment_error, taking), ["POST"])
            continue
        router.add_api_route(
            address,
            taking,
            methods=["POST"],
            name=f"segment {address}",
            response_model=Taken,
            responses=json_errors(NotTaken, 400, 401, 403, 413, 429, 503),
            openapi_extra=json_body(TypeAdapter(Batch if kind is None else Call)),
        )
    app.router.routes.extend(router.routes)


def _one(counter: Counter, kind: str) -> Route:
    async def post_call(request: Request) -> JSONAnswer:
        """One call of Segment's; the key is its user of basic authentication, or `writeKey`.

        Calls that say nothing which our events hold are answered alike. `identify` of a visitor
        and a user is an event of ours, `login`, and joins the two.
        """
        sent = _opened(request, await read_json(request))
        found = await counter.take(request, [sent | {"type": kind}])
        if found.rejected:
            raise BadInput("a call that fits", found.rejected[0].error, "Mend it.")
        return JSONAnswer({"success": True})

    return post_call


def _batch(counter: Counter) -> Route:
    async def post_batch(request: Request) -> JSONAnswer:
        """Many calls of Segment's, each with its `type`; the key as with one.

        Those that fit are durable; the others are listed.
        """
        sent = _opened(request, await read_json(request))
        if not isinstance(sent.get("batch"), list):
            raise BadInput("an object with a list of calls", "none", 'Send {"batch": […]}.')
        found = await counter.take(request, list(SEGMENT.inside(sent)))
        wrong = [{"index": each.index, "error": each.error} for each in found.rejected]
        return JSONAnswer({"success": True} | ({"rejected": wrong} if wrong else {}))

    return post_batch


def _opened(request: Request, sent: Any) -> dict[str, Any]:
    """The body without its key, which has opened where one is asked for. Raises BadInput, and
    what a key raises that does not open."""
    if not isinstance(sent, dict):
        raise BadInput("an object", type(sent).__name__, "Send an object.")
    key = sent.pop("writeKey", None)
    open_with(request, key if isinstance(key, str) else None)
    return sent
