"""User events of Google's Retail API, also called Vertex AI Search for commerce
(https://cloud.google.com/retail/docs/reference/rest/v2/projects.locations.catalogs.userEvents).

Their ``search`` is a page of results that was shown, and Google itself fills it from GA4's
``view_item_list`` (https://cloud.google.com/retail/docs/user-events): here it becomes that again.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mercato.core import columns as c
from mercato.core.columns import Event
from mercato.data.importers.event_logs import EventLog, LeftOut, Told, others, record, records
from mercato.data.importers.ga4_fields import READERS, Refused
from mercato.data.importers.parquet_objects import Nested

NAMES = {
    "search": Event.VIEW_ITEM_LIST,
    "category-page-view": Event.VIEW_ITEM_LIST,
    "detail-page-view": Event.VIEW_ITEM,
    "add-to-cart": Event.ADD_TO_CART,
    "remove-from-cart": Event.REMOVE_FROM_CART,
    "purchase-complete": Event.PURCHASE,
}

LEFT_OUT = frozenset(
    {"home-page-view", "shopping-cart-page-view", "promotion-offered", "promotion-not-offered"}
)
"""Kinds of events that ours have no counterpart of. Kinds that Google does not know are refused."""

_KNOWN = (
    "eventType",
    "eventTime",
    "visitorId",
    "sessionId",
    "searchQuery",
    "attributionToken",
    "productDetails",
    "purchaseTransaction",
    "userInfo",
    "attributes",
)


def events_of(event: dict[str, Any]) -> Told:
    """A list that names no products is left out, unless it was searched for: then it is
    ``view_search_results``."""
    kind = str(event.get("eventType"))
    if kind in LEFT_OUT:
        return (LeftOut(kind),)
    products = records(event.get("productDetails"))
    name: object = NAMES.get(kind, event.get("eventType"))
    if name is Event.VIEW_ITEM_LIST and not products:
        if not event.get("searchQuery"):
            return (LeftOut(f"{kind} without products"),)
        name = Event.VIEW_SEARCH_RESULTS
    order = record(event.get("purchaseTransaction"))
    user = record(event.get("userInfo"))
    return (
        {
            c.EVENT: name,
            c.TS: event.get("eventTime"),
            c.USER_ID: user.get("userId"),
            c.VISITOR_ID: event.get("visitorId"),
            c.SESSION_ID: event.get("sessionId"),
            c.SEARCH_TERM: event.get("searchQuery"),
            c.QUERY_ID: event.get("attributionToken"),
            c.TRANSACTION_ID: order.get("id"),
            c.VALUE: order.get("revenue"),
            c.CURRENCY: order.get("currencyCode"),
            c.ATTRIBUTES: _attributes(event, order, user),
            "items": list(_items(products, _first_position(event, name))),
        },
    )


def _first_position(event: Mapping[str, Any], name: object) -> int | None:
    """Products of a list stand in the order in which they were shown, from ``offset`` on."""
    if name is not Event.VIEW_ITEM_LIST:
        return None
    return 1 + (READERS[c.POSITION](c.POSITION, event.get("offset") or 0) or 0)


def _items(products: list[dict[str, Any]], first: int | None) -> Iterator[dict[str, Any]]:
    for place, detail in enumerate(products):
        product = record(detail.get("product"))
        price = record(product.get("priceInfo"))
        name = product.get("name")
        yield {
            c.ITEM_ID: product.get("id") or (name and str(name).rpartition("/")[2]),
            c.QUANTITY: detail.get("quantity"),
            c.PRICE: price.get("price"),
            c.CURRENCY: price.get("currencyCode"),
            c.POSITION: None if first is None else first + place,
        }


def _attributes(
    event: Mapping[str, Any], order: Mapping[str, Any], user: Mapping[str, Any]
) -> dict[str, Any]:
    """What has no column; addresses of the internet are not kept."""
    found = {
        **others(event, _KNOWN),
        **{name: order[name] for name in ("tax", "cost") if name in order},
        **dict(_custom(event.get("attributes"))),
    }
    if agent := user.get("userAgent"):
        found["user_agent"] = agent
    return found


def _custom(given: object) -> Iterator[tuple[str, Any]]:
    """Of ``{name: {"text": […], "numbers": […]}}``, or of BigQuery's list of the same by ``key``,
    each name with its values: one as it is, several as a list."""
    if isinstance(given, list):
        given = {str(each.get("key")): each.get("value") for each in records(given)}
    for name, values in record(given).items():
        held = record(values)
        for kind in ("text", "numbers"):
            found = held.get(kind) or []
            if not isinstance(found, list):
                raise Refused("record-object", values)
            if found:
                yield name, found[0] if len(found) == 1 else found


def _is_one(event: Mapping[str, Any]) -> bool:
    return "eventType" in event and "visitorId" in event


def _inside(value: object) -> Iterator[object]:
    """The events of an import request's inline source, or of a line of its own."""
    inline = value.get("inputConfig", value) if isinstance(value, dict) else None
    inline = inline.get("userEventInlineSource", inline) if isinstance(inline, dict) else None
    events = inline.get("userEvents") if isinstance(inline, dict) else None
    if isinstance(events, list):
        yield from events
    else:
        yield value


GOOGLE_RETAIL = EventLog(
    name="google-retail",
    is_one=_is_one,
    events_of=events_of,
    names=NAMES,
    inside=_inside,
    nested=Nested((*_KNOWN, "cartId", "pageCategories", "filter", "orderBy", "offset", "entity")),
)
"""User events of the Retail API: JSON lines, import requests, tables of BigQuery as Parquet."""
