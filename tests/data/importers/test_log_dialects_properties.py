"""Events written in a dialect, as its reference says, come back as what they were."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mercato.data.importers import algolia_insights, ga4_bigquery, google_retail, segment, ubi
from mercato.data.importers.event_logs import LeftOut, Told
from mercato.data.importers.ga4_event import parse_events

Event = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IDS = st.text("abc-09 ü茶", min_size=1, max_size=6).map(str.strip).filter(bool)
AMOUNTS = st.integers(0, 10**7).map(lambda cents: cents / 100)
ITEMS = st.lists(
    st.fixed_dictionaries({"item_id": IDS, "price": AMOUNTS, "quantity": st.integers(1, 99)}),
    min_size=1,
    max_size=3,
)
EVENTS = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["view_item", "add_to_cart", "purchase"]),
        "ts": st.integers(10**12, 2 * 10**12).map(lambda ms: ms * 1000),
        "visitor_id": IDS,
        "user_id": st.none() | IDS,
        "items": ITEMS,
        "currency": st.sampled_from(["EUR", "USD", "JPY"]),
    }
)
"""Events with items that every dialect can tell; `LISTS` are what was shown for words."""

LISTS = st.fixed_dictionaries(
    {
        "event": st.just("view_item_list"),
        "ts": st.integers(10**12, 2 * 10**12).map(lambda ms: ms * 1000),
        "visitor_id": IDS,
        "user_id": st.none() | IDS,
        "search_term": IDS,
        "query_id": IDS,
        "items": st.lists(IDS, min_size=1, max_size=4).map(
            lambda ids: [{"item_id": each, "position": n} for n, each in enumerate(ids, start=1)]
        ),
    }
)


def iso(event: Event) -> str:
    return (EPOCH + timedelta(microseconds=event["ts"])).isoformat().replace("+00:00", "Z")


def as_ga4_bigquery(event: Event) -> Event:
    """Numbers that are whole are texts, as BigQuery writes INT64 in JSON."""
    parameters = [
        {"key": name, "value": {"string_value": event[name]}}
        for name in ("currency", "search_term", "query_id")
        if name in event
    ]
    items = [
        {
            name: value if isinstance(value, float) else str(value)
            for name, value in (
                (name.replace("position", "item_list_index"), value) for name, value in item.items()
            )
        }
        for item in event["items"]
    ]
    return {
        "event_date": "20260501",
        "event_timestamp": str(event["ts"]),
        "event_name": event["event"],
        "event_params": parameters,
        "user_pseudo_id": event["visitor_id"],
        "user_id": event["user_id"],
        "items": items,
    }


RETAIL = {
    "view_item": "detail-page-view",
    "add_to_cart": "add-to-cart",
    "purchase": "purchase-complete",
    "view_item_list": "search",
}
"""Google's own table from GA4 to Retail (https://cloud.google.com/retail/docs/user-events):
a list with a search query is a search."""


def as_google_retail(event: Event) -> Event:
    details = [
        {
            "product": {
                "id": item["item_id"],
                "priceInfo": {"price": item.get("price"), "currencyCode": event.get("currency")},
            },
            "quantity": item.get("quantity"),
        }
        for item in event["items"]
    ]
    return {
        "eventType": RETAIL[event["event"]],
        "eventTime": iso(event),
        "visitorId": event["visitor_id"],
        "userInfo": {"userId": event["user_id"]},
        "searchQuery": event.get("search_term", ""),
        "attributionToken": event.get("query_id", ""),
        "productDetails": details,
    }


SEGMENT = {
    "view_item": "Product Viewed",
    "add_to_cart": "Product Added",
    "purchase": "Order Completed",
    "view_item_list": "Product List Viewed",
}


def as_segment(event: Event) -> Event:
    products = [
        {("product_id" if name == "item_id" else name): value for name, value in item.items()}
        for item in event["items"]
    ]
    one = event["event"] in ("view_item", "add_to_cart") and len(products) == 1
    theirs = {"currency": "currency", "search_term": "query", "query_id": "query_id"}
    return {
        "type": "track",
        "event": SEGMENT[event["event"]],
        "messageId": "m",
        "anonymousId": event["visitor_id"],
        "userId": event["user_id"],
        "timestamp": iso(event),
        "properties": {
            **(products[0] if one else {"products": products}),
            **{theirs[name]: event[name] for name in theirs if name in event},
        },
    }


def as_ubi(event: Event) -> Event:
    """An action is about one object; a list of results is a query without words of its own."""
    if event["event"] == "view_item_list":
        return {
            "query_id": event["query_id"],
            "client_id": event["visitor_id"],
            "user_id": event["user_id"],
            "user_query": event["search_term"],
            "timestamp": iso(event),
            "query_response_hit_ids": [item["item_id"] for item in event["items"]],
        }
    (item,) = event["items"]
    thing = {("object_id" if name == "item_id" else name): value for name, value in item.items()}
    return {
        "action_name": "view" if event["event"] == "view_item" else event["event"],
        "client_id": event["visitor_id"],
        "user_id": event["user_id"],
        "timestamp": iso(event),
        "event_attributes": {"object": thing | {"currency": event["currency"]}, "position": {}},
    }


ALGOLIA = {
    "view_item": {"eventType": "view", "eventName": "Product Viewed"},
    "add_to_cart": {"eventType": "conversion", "eventSubtype": "addToCart"},
    "purchase": {"eventType": "conversion", "eventSubtype": "purchase"},
    "view_item_list": {"eventType": "view", "eventName": "Hits Viewed"},
}


def as_algolia_insights(event: Event) -> Event:
    items = event["items"]
    written = {
        **ALGOLIA[event["event"]],
        "index": "products",
        "userToken": event["visitor_id"],
        "authenticatedUserToken": event["user_id"],
        "timestamp": event["ts"] // 1000,
        "objectIDs": [item["item_id"] for item in items],
    }
    if event["event"] == "view_item_list":
        positions = [item["position"] for item in items]
        return written | {"queryID": event["query_id"], "positions": positions}
    data = [{"price": item["price"], "quantity": item["quantity"]} for item in items]
    return written | {"objectData": data, "currency": event["currency"]}


Write = Callable[[Event], Event]
DIALECTS: list[tuple[Write, Callable[[Event], Told]]] = [
    (as_ga4_bigquery, ga4_bigquery.events_of),
    (as_google_retail, google_retail.events_of),
    (as_segment, segment.events_of),
    (as_ubi, ubi.events_of),
    (as_algolia_insights, algolia_insights.events_of),
]


def rows_of(events: list[Event], skipped: frozenset[str]) -> list[dict[str, object]]:
    """What our columns hold, except for names and attributes, and for ``skipped``."""
    parsed = parse_events(events, received=None)
    assert parsed.problems == {}
    without = {"event_id", "attributes"} | skipped
    rows = (row._asdict().items() for row in parsed.rows)
    return [{name: value for name, value in row if name not in without} for row in rows]


def back(write: Write, read: Callable[[Event], Told], event: Event) -> list[Event]:
    """The event as JSON in the dialect, and read again."""
    told = list(read(json.loads(json.dumps(write(event)))))
    assert not any(isinstance(each, LeftOut) for each in told)
    return [each for each in told if isinstance(each, dict)]


@pytest.mark.parametrize(("write", "read"), DIALECTS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.differing_executors])
@given(event=EVENTS)
def test_events_about_items_come_back(
    write: Write, read: Callable[[Event], Told], event: Event
) -> None:
    alone = write is as_algolia_insights and event["event"] == "view_item"
    if write is as_ubi or alone:
        event = event | {"items": event["items"][:1]}
    assert rows_of(back(write, read, event), frozenset()) == rows_of([event], frozenset())


@pytest.mark.parametrize(("write", "read"), DIALECTS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.differing_executors])
@given(event=LISTS)
def test_what_was_shown_for_a_query_comes_back(
    write: Write, read: Callable[[Event], Told], event: Event
) -> None:
    told = back(write, read, event)
    if write is as_ubi:
        views = [each for each in told if each["event"] == "view_search_results"]
        assert [view["search_term"] for view in views] == [event["search_term"]]
        told = [each for each in told if each not in views]
    lacks = frozenset({"search_term"} if write is as_algolia_insights else ())
    assert rows_of(told, lacks) == rows_of([event], lacks)
