"""What a shopper likes, from what the release knows of them and what they did since."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES, RATED, one_shopper, said_of, unwanted
from mercato.models.preference import weights_of
from mercato.ranking.taste import Taste
from mercato.shop.opened import Live
from mercato.state import KnownShopper

MOST_EVENTS = 200
"""The shopper's newest events that are looked at."""

WORTH = {
    Event.PURCHASE: 1.0,
    Event.ADD_TO_CART: 0.5,
    Event.ADD_TO_WISHLIST: 0.5,
    Event.VIEW_ITEM: 0.2,
    Event.SELECT_ITEM: 0.1,
}
"""What an event says of a taste, against a purchase. Assumed. Stars count as they do for
`models.preference`."""

_WORTH_OF_CODE = np.zeros(len(EVENT_CODES))
for _event, _worth in WORTH.items():
    _WORTH_OF_CODE[EVENT_CODES[_event]] = _worth


@dataclass(frozen=True)
class Did:
    """What a shopper did with items that are there, the oldest first; (n,) each.

    said : pieces or stars, see `Interactions`
    """

    rows: NDArray[np.int64]
    event: NDArray[np.int8]
    said: NDArray[np.float32]

    @property
    def unwanted(self) -> NDArray[np.int64]:
        """Rows that the shopper does not want to see, ascending."""
        return unwanted(self.rows, self.event, self.said)


def did_of(live: Live, who: KnownShopper) -> Did:
    """What the release knows of a shopper, and what they did since."""
    learned = one_shopper(live.histories.of(None), *map(live.histories.of, who.names))
    since = [each for each in who.events if each.item_id is not None]
    rows = [live.catalogue.row(each.item_id or "") for each in since]
    codes = [EVENT_CODES[each.event] for each in since]
    said = [said_of(each.event, each.quantity, each.value) for each in since]
    ts = live.clock.of(np.array([each.ts for each in since], np.int64))
    row = np.concatenate(
        [live.catalogue.live_of[learned.item], [-1 if each is None else each for each in rows]]
    ).astype(np.int64)
    order = np.argsort(np.concatenate([learned.ts, ts]), kind="stable")
    order = order[row[order] >= 0]
    return Did(
        row[order],
        np.concatenate([learned.event, codes]).astype(np.int8)[order],
        np.concatenate([learned.quantity, said]).astype(np.float32)[order],
    )


def taste_of(live: Live, did: Did) -> Taste | None:
    """None where nothing is known of the shopper."""
    rated = weights_of(did.event, did.said)
    worth = np.where(np.isin(did.event, _RATED), rated, _WORTH_OF_CODE[did.event])
    newest = np.flatnonzero(worth > 0)[-MOST_EVENTS:]
    if not len(newest):
        return None
    rows = did.rows[newest]
    return Taste.of(rows, live.catalogue.facts.of(rows), worth[newest])


_RATED = [EVENT_CODES[event] for event in RATED]
