"""``POST /1/events``: what Insights clients send, as events of ours."""

from collections.abc import Iterator
from typing import Any

from mercato.core import columns as c
from mercato.core.errors import BadInput
from mercato.data.importers.algolia_insights import events_of
from mercato.data.importers.event_logs import LeftOut
from mercato.data.importers.ga4_event import content_id
from mercato.data.importers.ga4_fields import Refused

MOST_EVENTS = 1_000

_TELEMETRY = "instantsearch"
"""The ``eventType`` of what InstantSearch tells of itself: its version, the widgets of a page."""


def shop_events(sent: Any) -> Iterator[dict[str, Any]]:
    """Events of ``{"events": […]}``; those that say nothing which ours hold are left out.

    An event with a time that is sent again is the same event: it is named by what it says.
    Raises BadInput for the first that is none.
    """
    events = sent.get("events") if isinstance(sent, dict) else None
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        found = f"{len(events)}" if isinstance(events, list) else type(sent).__name__
        raise BadInput(f"events as a list of at most {MOST_EVENTS}", found, "Send several.")
    for at, event in enumerate(events):
        if not isinstance(event, dict):
            raise BadInput(f"event {at} as an object", type(event).__name__, "Send an object.")
        if event.get("eventType") != _TELEMETRY:
            yield from _told(at, event)


def _told(at: int, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        told = list(events_of(event))
    except Refused as refused:
        found = f"{refused.value!r} in event {at}"
        raise BadInput(refused.check.expected, found, refused.check.remedy) from None
    for line, each in enumerate(told):
        if not isinstance(each, LeftOut):
            # Without a time two equal events may well be two.
            known = each.get(c.TS) is not None
            yield each | ({c.EVENT_ID: f"{content_id(event)}-{line}"} if known else {})
