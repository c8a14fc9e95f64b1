"""The pixel of Google's Retail API: one user event in an address
(https://cloud.google.com/retail/docs/reference/rest/v2/projects.locations.catalogs.userEvents/collect)."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from mercato.api.bodies import parsed_json, read_json
from mercato.api.dialects.errors import google_error
from mercato.api.dialects.google_retail import CATALOG, GoogleProblem
from mercato.api.dialects.sending import Counter, answering
from mercato.api.metrics import Metrics
from mercato.api.openapi import Responses, json_body, json_errors
from mercato.core.errors import BadInput
from mercato.data.importers.event_logs import EventLog
from mercato.data.importers.ga4_bigquery import GA4_BIGQUERY
from mercato.data.importers.google_retail import GOOGLE_RETAIL
from mercato.shop.opened import Shop

RULES: Mapping[str, EventLog] = {"ga4_bq": GA4_BIGQUERY}
"""What ``rawJson`` is written in, by ``prebuiltRule``."""

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel: the tag manager's ``sendPixel`` takes what is no picture for a failure."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PICTURE: Responses = {
    200: {"description": "A picture of one pixel", "content": {"image/gif": {"schema": {}}}}
}

Text = Annotated[str | None, Query()]


class Collect(BaseModel):
    """``userEvent`` is the JSON of one user event; where `rawJson` stands it is not looked at."""

    userEvent: str | None = None
    uri: str | None = None
    ets: str | int | None = None
    rawJson: str | None = None
    prebuiltRule: str | None = None


def add_google_collect(app: FastAPI, shop: Shop, metrics: Metrics) -> None:
    router = APIRouter(route_class=answering(google_error))
    address = f"{CATALOG}/userEvents:collect"
    told = _PICTURE | json_errors(GoogleProblem, 400, 401, 403, 413, 429, 503)

    async def take(request: Request, sent: Mapping[str, Any]) -> Response:
        log, event = _collected(sent)
        found = await Counter(shop, metrics, log).take(request, [event])
        if found.rejected:
            raise BadInput("a user event that fits", found.rejected[0].error, "Mend it.")
        return Response(_GIF, media_type="image/gif", headers={"Cache-Control": "no-store"})

    @router.get(address, response_class=Response, responses=told)
    async def collect_user_event(
        project: str,
        location: str,
        catalog: str,
        request: Request,
        userEvent: Text = None,
        uri: Text = None,
        ets: Text = None,
        rawJson: Text = None,
        prebuiltRule: Text = None,
    ) -> Response:
        """One user event of Google Retail's as its pixel and tag manager send it: `userEvent` is
        its JSON. Or `rawJson`, a row of GA4's export, with `prebuiltRule=ga4_bq`. Where the event
        names no time or page, `ets` (milliseconds) and `uri` do. The key stands in `key`."""
        given = Collect(
            userEvent=userEvent, uri=uri, ets=ets, rawJson=rawJson, prebuiltRule=prebuiltRule
        )
        return await take(request, given.model_dump())

    @router.post(
        address,
        response_class=Response,
        responses=told,
        openapi_extra=json_body(TypeAdapter(Collect)),
    )
    async def post_collected(
        project: str, location: str, catalog: str, request: Request
    ) -> Response:
        """As the GET, for events that are too long for an address: the same fields as JSON."""
        sent = await read_json(request)
        if not isinstance(sent, dict):
            raise BadInput("an object with userEvent", type(sent).__name__, "Send an object.")
        return await take(request, sent)

    app.router.routes.extend(router.routes)


def _collected(sent: Mapping[str, Any]) -> tuple[EventLog, dict[str, Any]]:
    """The event that parameters bring, and what it is written in. Raises BadInput."""
    if sent.get("rawJson"):
        rule = sent.get("prebuiltRule")
        if not isinstance(rule, str) or rule not in RULES:
            remedy = "Name what rawJson is written in, or send userEvent."
            raise BadInput(f"a prebuiltRule out of {', '.join(RULES)}", repr(rule)[:100], remedy)
        return RULES[rule], _object(sent, "rawJson")
    event = _object(sent, "userEvent")
    if sent.get("ets") and not event.get("eventTime"):
        event["eventTime"] = _time(sent["ets"])
    if sent.get("uri") and not event.get("uri"):
        event["uri"] = str(sent["uri"])
    return GOOGLE_RETAIL, event


def _object(sent: Mapping[str, Any], name: str) -> dict[str, Any]:
    text = sent.get(name)
    if not isinstance(text, str):
        found = "none" if text is None else type(text).__name__
        raise BadInput(f"{name} as JSON text", found, "Send the event's JSON, URL-encoded.")
    found = parsed_json(text)
    if not isinstance(found, dict):
        raise BadInput(f"{name} to be an object", type(found).__name__, "Send one event.")
    return found


def _time(ets: object) -> str:
    """Milliseconds since 1970 UTC as RFC 3339."""
    try:
        return (_EPOCH + timedelta(milliseconds=int(str(ets)))).isoformat()
    except (ValueError, OverflowError):
        raise BadInput("ets in milliseconds", repr(ets)[:100], "Send a whole number.") from None
