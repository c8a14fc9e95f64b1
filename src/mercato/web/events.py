"""What shoppers do in this window, in the shape in which any shop sends its events."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from mercato.core.columns import Event
from mercato.web.cards import Origin
from mercato.web.visit import Visit, random_id

CHANNEL = "storefront"

Sent = dict[str, object]
"""One event as ``POST /v1/events`` takes it; None values are left out."""


@dataclass(frozen=True)
class EventItem:
    """One line of an event. position : counts from 1"""

    item_id: str
    quantity: float | None = None
    price: float | None = None
    position: int | None = None


def sent(
    visit: Visit,
    event: Event,
    items: Sequence[EventItem] = (),
    *,
    event_id: str | None = None,
    origin: Origin | None = None,
    **fields: object,
) -> Sent:
    """An event of this visit, now. ``fields`` are further columns of the event by name."""
    everything: Sent = {
        "event_id": event_id or random_id(),
        "event": str(event),
        "visitor_id": visit.visitor_id,
        "session_id": visit.session_id,
        "user_id": visit.user_id,
        "channel": CHANNEL,
        "query_id": origin and origin.query_id,
        "placement": origin and origin.placement,
        **fields,
    }
    if items:
        everything["items"] = [_present(asdict(item)) for item in items]
    return _present(everything)


def _present(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
