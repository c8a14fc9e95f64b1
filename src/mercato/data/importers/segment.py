"""Calls of Segment's e-commerce spec, version 2, with the older names that it lists as aliases
(https://segment.com/docs/connections/spec/ecommerce/v2/). RudderStack and others send the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mercato.core import columns as c
from mercato.core.columns import Event
from mercato.data.importers.event_logs import EventLog, LeftOut, Told, others, record, records

NAMES = {
    "Products Searched": Event.SEARCH,
    "Product List Viewed": Event.VIEW_ITEM_LIST,
    "Viewed Product Category": Event.VIEW_ITEM_LIST,
    "Product List Filtered": Event.VIEW_ITEM_LIST,
    "Product Clicked": Event.SELECT_ITEM,
    "Clicked Product": Event.SELECT_ITEM,
    "Product Viewed": Event.VIEW_ITEM,
    "Viewed Product": Event.VIEW_ITEM,
    "Product Added": Event.ADD_TO_CART,
    "Added Product": Event.ADD_TO_CART,
    "Wishlist Product Added to Cart": Event.ADD_TO_CART,
    "Product Removed": Event.REMOVE_FROM_CART,
    "Removed Product": Event.REMOVE_FROM_CART,
    "Product Added to Wishlist": Event.ADD_TO_WISHLIST,
    "Order Completed": Event.PURCHASE,
    "Completed Order": Event.PURCHASE,
    "Order Refunded": Event.REFUND,
    "Order Cancelled": Event.REFUND,
    "Product Reviewed": Event.REVIEW,
    "Promotion Viewed": Event.VIEW_PROMOTION,
    "Viewed Promotion": Event.VIEW_PROMOTION,
    "Promotion Clicked": Event.SELECT_PROMOTION,
    "Clicked Promotion": Event.SELECT_PROMOTION,
}
"""Every other event is left out under its name: a site tracks more than its shop."""

_BY_LOWER_CASE = {name.lower(): event for name, event in NAMES.items()}
_USUAL = {event: name for name, event in reversed(NAMES.items())}

_TYPES = frozenset({"track", "identify", "page", "screen", "group", "alias"})

_PROMOTIONS = (Event.VIEW_PROMOTION, Event.SELECT_PROMOTION)

_OF_A_PRODUCT = frozenset(
    """
    product_id sku category name brand variant price quantity position url image_url
    """.split()
)
"""What an event about one product says of it among its other properties. A ``coupon`` there is
the product's as well as the event's."""

_AMOUNTS = ("revenue", "subtotal", "total", "value")
"""What an order came to; the first that stands is its value, as GA4 has it: without shipping and
tax."""

_TIMES = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
"""The first is the sender's time, its clock set right."""


def events_of(call: dict[str, Any]) -> Told:
    """Of the calls only ``track`` says what happened to products, and ``identify`` which user a
    visitor is."""
    kind = str(call.get("type"))
    if kind == "identify" and call.get("anonymousId") and call.get("userId"):
        return (_of_call(call, Event.LOGIN) | {c.ATTRIBUTES: dict(_of_context(_context(call)))},)
    if kind != "track" and kind in _TYPES:
        return (LeftOut(kind),)
    name = str(call.get("event") or "").strip()
    event = _BY_LOWER_CASE.get(name.lower())
    if name and event is None:
        return (LeftOut(name),)
    context = _context(call)
    products, further = _products(record(call.get("properties")))
    columns = _columns(further, "position" if event in _PROMOTIONS else "list_id")
    if event is not None and name != _USUAL[event]:
        further["segment_event"] = name
    return (
        _of_call(call, event)
        | {
            c.SESSION_ID: further.pop("session_id", None) or context.get("sessionId"),
            **columns,
            c.ATTRIBUTES: further | dict(_of_context(context)),
            "items": [_item(product) for product in products],
        },
    )


def _of_call(call: Mapping[str, Any], event: Event | None) -> dict[str, Any]:
    return {
        c.EVENT_ID: call.get("messageId"),
        c.EVENT: event,
        c.TS: next((call[time] for time in _TIMES if call.get(time)), None),
        c.USER_ID: call.get("userId"),
        c.VISITOR_ID: call.get("anonymousId"),
    }


def _context(call: Mapping[str, Any]) -> dict[str, Any]:
    return record(call.get("context"))


def _columns(further: dict[str, Any], placement: str) -> dict[str, Any]:
    """Takes out of ``further`` what has a column."""
    amount = next((name for name in _AMOUNTS if further.get(name) is not None), None)
    query_id = "query_id" if "query_id" in further else "queryID"
    return {
        c.SEARCH_TERM: further.pop("query", None),
        c.PLACEMENT: further.pop(placement, None),
        c.QUERY_ID: further.pop(query_id, None),
        c.TRANSACTION_ID: further.pop("order_id", None),
        c.COUPON: further.pop("coupon", None),
        c.CURRENCY: further.pop("currency", None),
        c.VALUE: further.pop(amount) if amount else None,
    }


def _products(said: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The products of an event, and what it says beside them."""
    products = records(said.get("products"))
    if products:
        return products, others(said, ("products",))
    if "product_id" in said or "sku" in said:
        one = {name: value for name, value in said.items() if name in _OF_A_PRODUCT}
        return [one], others(said, (*_OF_A_PRODUCT, "products"))
    return [], others(said, ("products",))


def _item(product: Mapping[str, Any]) -> dict[str, Any]:
    """``product_id`` names the product; where only a ``sku`` stands, that does."""
    given = dict(product)
    item_id = given.pop("product_id", None)
    if item_id in (None, ""):
        item_id = given.pop("sku", None)
    return {
        c.ITEM_ID: item_id,
        c.QUANTITY: given.pop("quantity", None),
        c.PRICE: given.pop("price", None),
        c.POSITION: given.pop("position", None),
        c.COUPON: given.pop("coupon", None),
        c.ATTRIBUTES: given,
    }


def _of_context(context: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Of the surroundings what helps to understand an event; addresses of the internet, which
    belong to persons, are not kept."""
    page = record(context.get("page"))
    for name, value in (
        ("page_url", page.get("url")),
        ("page_referrer", page.get("referrer")),
        ("locale", context.get("locale")),
        ("user_agent", context.get("userAgent")),
    ):
        if value:
            yield name, value


_CATEGORIES = {
    "analytics": "analytics",
    "advertising": "personalization",
    "personalization": "personalization",
    "targeting": "personalization",
}
"""Names under which consent platforms list the two; a site may call its categories anything."""


def _consent(call: Mapping[str, Any]) -> object:
    """What ``context.consent.categoryPreferences`` says
    (https://segment.com/docs/privacy/consent-management/consent-in-segment-connections)."""
    context = call.get("context")
    said = context.get("consent") if isinstance(context, dict) else None
    preferences = said.get("categoryPreferences") if isinstance(said, dict) else None
    if not isinstance(preferences, dict):
        return None
    known = [(_CATEGORIES.get(str(name).lower()), value) for name, value in preferences.items()]
    denied = {name: value for name, value in known if name and value is False}
    return {name: value for name, value in known if name} | denied


def _inside(value: object) -> Iterator[object]:
    """The calls of ``{"batch": […]}``, each with what its batch says of them all."""
    calls = value.get("batch") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(calls, list):
        yield value
        return
    context, sent_at = value.get("context"), value.get("sentAt")
    for call in calls:
        if isinstance(call, dict):
            if isinstance(context, dict) and isinstance(call.get("context", {}), dict):
                call = call | {"context": context | call.get("context", {})}
            if sent_at is not None and not any(call.get(time) for time in _TIMES):
                call = call | {"sentAt": sent_at}
        yield call


def _is_one(call: Mapping[str, Any]) -> bool:
    return str(call.get("type")) in _TYPES and any(
        name in call for name in ("messageId", "anonymousId", "userId", "originalTimestamp")
    )


SEGMENT = EventLog(
    name="segment",
    is_one=_is_one,
    events_of=events_of,
    names={"identify": Event.LOGIN, **NAMES},
    inside=_inside,
    consent=_consent,
)
"""Calls, one a line or as the API's ``{"batch": […]}``."""
