"""What a shopper likes, from what the release knows of them and what they did since."""

import numpy as np

from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES
from mercato.ranking.taste import Taste
from mercato.shop.opened import Live
from mercato.state import RecentEvent

MOST_EVENTS = 200
"""The shopper's newest events that are looked at."""

WORTH = {
    Event.PURCHASE: 1.0,
    Event.ADD_TO_CART: 0.5,
    Event.ADD_TO_WISHLIST: 0.5,
    Event.VIEW_ITEM: 0.2,
    Event.SELECT_ITEM: 0.1,
}
"""What an event says of a taste, against a purchase. Assumed."""

_WORTH_OF_CODE = {EVENT_CODES[event]: worth for event, worth in WORTH.items()}


def taste_of(
    live: Live, user_id: str | None, visitor_id: str | None, since: tuple[RecentEvent, ...]
) -> Taste | None:
    """None where nothing is known of the shopper.

    since : what they did after the release was made
    """
    counted: list[tuple[int, float]] = []
    guest = None if visitor_id is None else f"visitor:{visitor_id}"
    for known in (live.histories.of(user_id), live.histories.of(guest)):
        newest = slice(max(len(known.item) - MOST_EVENTS, 0), None)
        rows = live.catalogue.live_of[known.item[newest]].tolist()
        worth = [_WORTH_OF_CODE.get(code, 0.0) for code in known.event[newest].tolist()]
        counted += zip(rows, worth, strict=True)
    for event in since:
        row = None if event.item_id is None else live.catalogue.row(event.item_id)
        if row is not None:
            counted.append((row, WORTH.get(Event(event.event), 0.0)))
    counted = [(row, worth) for row, worth in counted if row >= 0 and worth > 0]
    if not counted:
        return None
    rows, weights = (np.array(each) for each in zip(*counted, strict=True))
    return Taste.of(rows, live.catalogue.facts.of(rows), weights)
