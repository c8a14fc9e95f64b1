"""``POST /v1/events``: one event or many; answered only once they are on the disk."""

from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import TypeAdapter
from starlette.requests import Request

from mercato.api.answers import JSONAnswer
from mercato.api.bodies import read_json
from mercato.api.dialects.naming import LOGS, Named, dialect_of, pieces
from mercato.api.dialects.sending import Counter
from mercato.api.metrics import Metrics
from mercato.api.openapi import json_body, problems
from mercato.api.shapes import EventsAnswer, SentEvent
from mercato.core.errors import BadInput
from mercato.data.importers.ga4_event import payload_events
from mercato.shop.events import shape_of
from mercato.shop.opened import Shop


def add_events(app: FastAPI, shop: Shop, metrics: Metrics) -> None:
    @app.post(
        "/v1/events",
        status_code=202,
        response_model=EventsAnswer,
        responses=problems(400, 413, 429, 503),
        openapi_extra=json_body(TypeAdapter(SentEvent | list[SentEvent])),
    )
    async def post_events(
        request: Request, dialect: Annotated[Named | None, Query()] = None
    ) -> JSONAnswer:
        """Take one event, or a list of at most 1,000.

        202 means that the accepted events are durable. Events that do not fit are left out and
        listed with their place and the reason, also where none fits. Events whose `event_id` was
        sent before count as duplicates, so a request may be sent again without harm.

        `consent` is GA4's, or a boolean. Where it denies analytics, the event is not kept and
        counts under `withheld`, a field that stands only then; where it denies personalization,
        the event is kept without user, visitor and session.

        Bodies of other tools are taken too, where `dialect` names theirs or every object bears
        its marks (docs/dialects.md). What they say and our events do not hold counts under
        `left_out`, which stands only then.
        """
        sent = await read_json(request)
        if not isinstance(sent, dict | list):
            raise BadInput("an event or a list of events", type(sent).__name__, "Send an object.")
        log = dialect_of(sent) if dialect is None else LOGS[dialect]
        if log is not None:
            objects = pieces(sent, log)
        else:
            objects = sent if isinstance(sent, list) else list(payload_events(sent))
        found = await Counter(shop, metrics, log).take(request, objects)
        return JSONAnswer(shape_of(found), 202)
