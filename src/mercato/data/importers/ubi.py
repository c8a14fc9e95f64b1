"""User Behavior Insights 1.3, of OpenSearch and others: ``ubi_queries`` and ``ubi_events``
(https://github.com/o19s/ubi/tree/main/schema/1.3.0), as objects or as an index was dumped.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mercato.core import columns as c
from mercato.core.columns import Event
from mercato.data.importers.event_logs import EventLog, LeftOut, Told, others, record
from mercato.data.importers.ga4_fields import Refused

NAMES: dict[str, Event] = {
    "impression": Event.VIEW_ITEM_LIST,
    "click": Event.SELECT_ITEM,
    "item_click": Event.SELECT_ITEM,
    "product_click": Event.SELECT_ITEM,
    "click_through": Event.SELECT_ITEM,
    "view": Event.VIEW_ITEM,
    "item_view": Event.VIEW_ITEM,
    "product_view": Event.VIEW_ITEM,
    "buy": Event.PURCHASE,
    "product_purchase": Event.PURCHASE,
    "on_search": Event.SEARCH,
    **{str(event): event for event in Event},
}
"""The actions that UBI proposes, those of its examples, and GA4's. Others are left out under
their names: an action may be called anything."""

_ABOUT_AN_OBJECT = frozenset(
    {Event.VIEW_ITEM_LIST, Event.SELECT_ITEM, Event.VIEW_ITEM, Event.ADD_TO_CART, Event.PURCHASE}
)
"""Without an object such an action is a click on a button, a view of a page."""

_OF_ANY = (
    "query_id",
    "client_id",
    "user_id",
    "session_id",
    "timestamp",
    "application",
    "user_query",
)
_OF_A_QUERY = frozenset(
    (*_OF_ANY, "query", "query_response_hit_ids", "query_attributes", c.EVENT_ID)
)
_OF_AN_EVENT = frozenset((*_OF_ANY, "action_name", "event_attributes", c.EVENT_ID))
_OF_DETAILS = frozenset(("object", "position", "user_id"))
_OF_AN_OBJECT = frozenset(("object_id", "price", "quantity", "currency"))
_OF_A_POSITION = frozenset(("ordinal",))


def events_of(document: dict[str, Any]) -> Told:
    """A query is a view of its results, and an impression of each of its hits."""
    return _of_event(document) if "action_name" in document else _of_query(document)


def _of_any(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        c.EVENT_ID: document.get(c.EVENT_ID),
        c.TS: document.get("timestamp"),
        c.USER_ID: document.get("user_id"),
        c.VISITOR_ID: document.get("client_id"),
        c.SESSION_ID: document.get("session_id"),
        c.SEARCH_TERM: document.get("user_query"),
        c.QUERY_ID: document.get("query_id"),
        c.CHANNEL: document.get("application"),
    }


def _of_query(query: dict[str, Any]) -> Iterator[dict[str, Any] | LeftOut]:
    hits = query.get("query_response_hit_ids")
    if hits is not None and not isinstance(hits, list):
        raise Refused("items-list", hits)
    if not hits and not query.get("user_query"):
        yield LeftOut("query without words or hits")
        return
    shared = _of_any(query)
    asked = others(query, _OF_A_QUERY) | record(query.get("query_attributes"))
    if query.get("user_query"):
        counted = {"hits": len(hits)} if hits is not None else {}
        yield {**shared, c.EVENT: Event.VIEW_SEARCH_RESULTS, c.ATTRIBUTES: asked | counted}
    if hits:
        items = [
            {c.ITEM_ID: item_id, c.POSITION: place} for place, item_id in enumerate(hits, start=1)
        ]
        name = shared[c.EVENT_ID]
        yield {
            **shared,
            c.EVENT_ID: f"{name}-hits" if name else None,
            c.EVENT: Event.VIEW_ITEM_LIST,
            c.ATTRIBUTES: asked,
            "items": items,
        }


def _of_event(event: dict[str, Any]) -> Told:
    action = str(event.get("action_name") or "").strip()
    name = NAMES.get(action.lower())
    if action and name is None:
        return (LeftOut(action),)
    details = record(event.get("event_attributes"))
    thing, position = record(details.get("object")), record(details.get("position"))
    if name in _ABOUT_AN_OBJECT and thing.get("object_id") is None:
        return (LeftOut(f"{action} without an object"),)
    further = others(event, _OF_AN_EVENT) | others(details, _OF_DETAILS)
    further |= others(thing, _OF_AN_OBJECT) | others(position, _OF_A_POSITION)
    return (
        {
            **_of_any(event),
            c.USER_ID: event.get("user_id") or details.get("user_id"),
            c.EVENT: name,
            c.ATTRIBUTES: further,
            "items": [_item(thing, position)] if thing or position else [],
        },
    )


def _item(thing: Mapping[str, Any], position: Mapping[str, Any]) -> dict[str, Any]:
    return {
        c.ITEM_ID: thing.get("object_id"),
        c.POSITION: position.get("ordinal"),
        c.PRICE: thing.get("price"),
        c.QUANTITY: thing.get("quantity"),
        c.CURRENCY: thing.get("currency"),
    }


def _is_one(document: Mapping[str, Any]) -> bool:
    if "action_name" in document:
        return "timestamp" in document
    return "query_response_hit_ids" in document or (
        "user_query" in document and ("query_id" in document or "client_id" in document)
    )


def _inside(value: object) -> Iterator[object]:
    """The document of a line that a dump of an index wrote: its ``_id`` names the event."""
    if isinstance(value, dict) and isinstance(value.get("_source"), dict):
        name = value.get("_id")
        yield value["_source"] | ({c.EVENT_ID: name} if name else {})
    else:
        yield value


UBI = EventLog(name="ubi", is_one=_is_one, events_of=events_of, names=NAMES, inside=_inside)
"""Queries and events, in one file or in two."""
