"""``POST /1/events``: what Insights clients send (https://www.algolia.com/doc/rest-api/insights)."""

from typing import Any

from mercato.core.errors import BadInput
from mercato.shop.events import MOST_EVENTS, Accepted


class WrongEvents(BadInput):
    """Events that do not fit, as Insights answers them."""

    status = 422


def sent_events(sent: Any) -> list[object]:
    """The events of ``{"events": […]}``. Raises BadInput where there are none, or too many."""
    events = sent.get("events") if isinstance(sent, dict) else None
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        found = f"{len(events)}" if isinstance(events, list) else type(sent).__name__
        raise BadInput(f"events as a list of at most {MOST_EVENTS}", found, "Send several.")
    return events


def refuse_wrong(found: Accepted) -> None:
    """Raise WrongEvents where some do not fit: each with its place, in one text, as a message is
    all that clients know. Algolia then takes none; here the others were taken."""
    if found.rejected:
        said = "; ".join(f"events[{each.index}]: {each.error}" for each in found.rejected)
        raise WrongEvents("events of Insights", said, "The others were taken.")
