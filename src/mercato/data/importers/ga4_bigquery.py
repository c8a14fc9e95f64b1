"""Rows of GA4's export to BigQuery, tables ``events_YYYYMMDD``, as JSON lines or Parquet
(https://support.google.com/analytics/answer/7029846).

Whole numbers are texts in JSON, and what GA4 has no value for may read ``(not set)``. Every
parameter is kept; of the records about device, place and traffic only category and language,
country, and the source, medium and campaign that the event's own page named.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from mercato.core import columns as c
from mercato.core.columns import Event
from mercato.data.importers.event_logs import EventLog, LeftOut, Told, others, record, records
from mercato.data.importers.ga4_fields import Refused
from mercato.data.importers.parquet_objects import Nested

NAMES = {str(event): event for event in Event}
"""Every other event is left out under its name: the export has all that a site measures."""

RECORDS = {
    "device_category": ("device", "category"),
    "device_language": ("device", "language"),
    "country": ("geo", "country"),
    "source": ("collected_traffic_source", "manual_source"),
    "medium": ("collected_traffic_source", "manual_medium"),
    "campaign": ("collected_traffic_source", "manual_campaign_name"),
}

_PARAMETERS = {
    "ga_session_id": c.SESSION_ID,
    "search_term": c.SEARCH_TERM,
    "query_id": c.QUERY_ID,
    "value": c.VALUE,
    "currency": c.CURRENCY,
    "transaction_id": c.TRANSACTION_ID,
    "coupon": c.COUPON,
    "placement": c.PLACEMENT,
    "item_list_id": c.PLACEMENT,
    "item_list_name": c.PLACEMENT,
    "event_id": c.EVENT_ID,
    "channel": c.CHANNEL,
}
"""Of several parameters for one column the first counts, and the others are attributes."""

_ITEM_FIELDS = {
    "item_id": c.ITEM_ID,
    "quantity": c.QUANTITY,
    "price": c.PRICE,
    "item_revenue": c.VALUE,
    "item_refund": c.VALUE,
    "coupon": c.COUPON,
    "item_list_index": c.POSITION,
    "item_list_id": c.PLACEMENT,
    "item_list_name": c.PLACEMENT,
}

_NOT_KEPT = frozenset({"item_params", "price_in_usd", "item_revenue_in_usd", "item_refund_in_usd"})
"""Of an item: its parameters, which stand for themselves, and what GA4 computes of the others."""

_NOT_SET = ("(not set)", "", None)

_OF_A_BUNDLE = (
    "stream_id",
    "user_pseudo_id",
    "event_timestamp",
    "event_name",
    "event_bundle_sequence_id",
)
_BATCH = ("batch_page_id", "batch_ordering_id", "batch_event_index")


def events_of(row: dict[str, Any]) -> Told:
    """One event; its parameters and its items' are attributes where no column of ours is theirs."""
    name = row.get("event_name")
    if name is not None and str(name) not in NAMES:
        return (LeftOut(str(name)),)
    parameters = dict(_parameters(row.get("event_params")))
    columns, further = _parted(parameters, _PARAMETERS)
    items = records(row.get("items"))
    order = record(row.get("ecommerce"))
    worth = order.get("refund_value" if name == Event.REFUND else "purchase_revenue")
    event = {
        c.EVENT: name,
        c.TS: row.get("event_timestamp"),
        c.USER_ID: row.get("user_id"),
        c.VISITOR_ID: row.get("user_pseudo_id"),
        c.EVENT_ID: _event_id(row, parameters, items),
        c.VALUE: worth,
        c.TRANSACTION_ID: _set(order.get("transaction_id")),
        c.CHANNEL: str(row.get("platform") or "").lower(),
        **columns,
        c.ATTRIBUTES: further | dict(_of_records(row)),
        "items": [_item(item) for item in items],
    }
    return (event,)


def _set(value: object) -> object:
    return None if value in _NOT_SET else value


def _parameters(given: object) -> Iterator[tuple[str, Any]]:
    for entry in records(given):
        name, value = entry.get("key"), _value(entry.get("value"))
        if value is not None:
            yield str(name), value


def _whole(value: object) -> object:
    return int(value) if isinstance(value, str) else value


_TYPES: Mapping[str, Callable[[Any], object]] = {
    "int_value": _whole,
    "float_value": float,
    "double_value": float,
}


def _value(held: object) -> object:
    """Of ``{"string_value": …, "int_value": …, …}`` the one that is there; or a plain value."""
    if not isinstance(held, dict):
        return held
    for name, value in held.items():
        if value is not None:
            try:
                return _TYPES.get(name, str)(value)
            except (TypeError, ValueError):
                raise Refused("params-object", held) from None
    return None


def _parted(
    fields: Mapping[str, Any], known: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values by columns of ours, and the rest."""
    columns: dict[str, Any] = {}
    further: dict[str, Any] = {}
    for name, column in known.items():
        if name in fields and (value := _set(fields[name])) is not None:
            to, key = (further, name) if column in columns else (columns, column)
            to[key] = value
    for name, value in fields.items():
        if name not in known and (value := _set(value)) is not None:
            further[name] = value
    return columns, further


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    given = others(item, _NOT_KEPT)
    if own := item.get("item_params"):
        given |= dict(_parameters(own))
    columns, further = _parted(given, _ITEM_FIELDS)
    return {**columns, c.ATTRIBUTES: further} if further else columns


def _of_records(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, (of, field) in RECORDS.items():
        held = row.get(of)
        if held is not None and (value := _set(record(held).get(field))) is not None:
            yield name, value


def _event_id(
    row: Mapping[str, Any], parameters: Mapping[str, Any], items: list[dict[str, Any]]
) -> str:
    """The export has no id. Within a batch of a visitor its three numbers name an event; where
    they are missing (before 2024), what it says does. The intraday and the daily table agree."""
    said: list[object] = [str(row.get(name)) for name in _OF_A_BUNDLE]
    if all(row.get(name) is not None for name in _BATCH):
        said += [str(row[name]) for name in _BATCH]
    else:
        said += sorted((name, str(value)) for name, value in parameters.items())
        fields = ("item_id", "item_list_id", "item_list_index", "quantity")
        said += [[str(item.get(name)) for name in fields] for item in items]
    return "ga4-" + hashlib.sha256(orjson.dumps(said)).hexdigest()[:32]


def _consent(row: Mapping[str, Any]) -> object:
    """GA4 writes down of a cookieless ping that its visitor did not agree."""
    told = row.get("privacy_info")
    said = told.get("analytics_storage") if isinstance(told, dict) else None
    return {"analytics": False} if said == "No" else None


def _is_one(row: Mapping[str, Any]) -> bool:
    return (
        "event_name" in row
        and "event_timestamp" in row
        and any(name in row for name in ("event_params", "event_date", "user_pseudo_id"))
    )


GA4_BIGQUERY = EventLog(
    name="ga4-bigquery",
    is_one=_is_one,
    events_of=events_of,
    names=NAMES,
    consent=_consent,
    nested=Nested(
        columns=(
            "event_date",
            "event_timestamp",
            "event_name",
            "event_params",
            "event_bundle_sequence_id",
            "user_id",
            "user_pseudo_id",
            "stream_id",
            "platform",
            "items",
            "ecommerce",
            "device",
            "geo",
            "collected_traffic_source",
            "privacy_info",
            *_BATCH,
        ),
        folded=frozenset({"value"}),
    ),
)
