"""One line of an event on its way from a request into the state and the assets."""

from typing import NamedTuple


class EventRow(NamedTuple):
    """The fields are `EVENT_COLUMNS`, in their order; identity is (event_id, line).

    ts         : microseconds since 1970, UTC
    line       : counts from 0 within the event; an event without items is the one line 0
    attributes : a JSON object with sorted keys, or None
    """

    event_id: str
    line: int
    ts: int
    event: str
    user_id: str | None = None
    visitor_id: str | None = None
    session_id: str | None = None
    item_id: str | None = None
    quantity: float | None = None
    price: float | None = None
    currency: str | None = None
    value: float | None = None
    search_term: str | None = None
    query_id: str | None = None
    placement: str | None = None
    position: int | None = None
    coupon: str | None = None
    transaction_id: str | None = None
    channel: str | None = None
    attributes: str | None = None


DRAIN_APPLICATION = "mercato-drain"
"""The Delta application under which lines of the state come into an asset; its number is the
highest ``seq`` that the asset holds."""
