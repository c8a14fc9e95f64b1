"""Events of Algolia's Insights API (https://www.algolia.com/doc/rest-api/insights)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mercato.core import columns as c
from mercato.core.columns import Event
from mercato.data.importers.event_logs import EventLog, LeftOut, Told, listed, records
from mercato.data.importers.ga4_fields import Refused

NAMES = {
    "click": Event.SELECT_ITEM,
    "view": Event.VIEW_ITEM_LIST,
    "view (one product)": Event.VIEW_ITEM,
    "conversion addToCart": Event.ADD_TO_CART,
    "conversion purchase": Event.PURCHASE,
}

_CONVERSIONS = (
    (re.compile(r"\bwish ?list", re.IGNORECASE), Event.ADD_TO_WISHLIST),
    (re.compile(r"\b(cart|bag|basket)\b", re.IGNORECASE), Event.ADD_TO_CART),
    (re.compile(r"\b(purchased?|bought|order(ed)?)\b", re.IGNORECASE), Event.PURCHASE),
)
"""What a conversion without a subtype is by its ``eventName``; subtypes came in 2023 only."""

_LISTS = re.compile(
    r"\b(hits|results?|list(ing)?|impressions?|products|items|plp)\b", re.IGNORECASE
)
"""Names of views of lists; InstantSearch calls its own ``Hits Viewed``."""

_TYPES = frozenset({"click", "conversion", "view"})

_TELEMETRY = "instantsearch"
"""The ``eventType`` of what InstantSearch tells of itself: its version, the widgets of a page."""


def events_of(event: dict[str, Any]) -> Told:
    """Clicks on filters, and conversions that tell neither by subtype nor by name what they are,
    are left out."""
    kind, objects = event.get("eventType"), event.get("objectIDs")
    if kind == _TELEMETRY:
        return (LeftOut(_TELEMETRY),)
    if objects is None and event.get("filters") is not None:
        return (LeftOut(f"{kind} of filters"),)
    if not isinstance(objects, list):
        raise Refused("items-list", objects)
    name = _name(event, len(objects))
    if name is None:
        return (LeftOut(f"conversion: {event.get('eventName')}"),)
    return (
        {
            c.EVENT: name,
            c.TS: event.get("timestamp"),
            c.USER_ID: event.get("authenticatedUserToken"),
            c.VISITOR_ID: event.get("userToken"),
            c.QUERY_ID: event.get("queryID"),
            c.VALUE: event.get("value"),
            c.CURRENCY: event.get("currency"),
            c.ATTRIBUTES: {
                "algolia_event": event.get("eventName"),
                "algolia_index": event.get("index"),
            },
            "items": list(_items(event, objects)),
        },
    )


def _name(event: Mapping[str, Any], products: int) -> object:
    kind, said = event.get("eventType"), str(event.get("eventName") or "")
    if kind == "conversion":
        if subtype := event.get("eventSubtype"):
            return NAMES.get(f"conversion {subtype}", subtype)
        return next((name for known, name in _CONVERSIONS if known.search(said)), None)
    if kind == "view" and products == 1 and not _LISTS.search(said):
        return Event.VIEW_ITEM
    return NAMES.get(kind, kind) if isinstance(kind, str) else kind


def _items(event: Mapping[str, Any], objects: list[Any]) -> Iterator[dict[str, Any]]:
    positions, details = event.get("positions"), records(event.get("objectData"))
    if positions is not None and (
        not isinstance(positions, list) or len(positions) != len(objects)
    ):
        raise Refused("lists-match", positions)
    if details and len(details) != len(objects):
        raise Refused("lists-match", details)
    for place, item_id in enumerate(objects):
        data = details[place] if details else {}
        item = {
            c.ITEM_ID: item_id,
            c.POSITION: positions[place] if positions else None,
            c.PRICE: data.get("price"),
            c.QUANTITY: data.get("quantity"),
            c.QUERY_ID: data.get("queryID"),
        }
        if (discount := data.get("discount")) is not None:
            item["discount"] = discount
        yield item


def _is_one(event: Mapping[str, Any]) -> bool:
    return (
        str(event.get("eventType")) in _TYPES
        and "index" in event
        and any(name in event for name in ("userToken", "objectIDs", "filters"))
    )


ALGOLIA_INSIGHTS = EventLog(
    name="algolia-insights",
    is_one=_is_one,
    events_of=events_of,
    names=NAMES,
    inside=listed("events"),
)
"""Insights events, one a line or as the API's ``{"events": […]}``."""
