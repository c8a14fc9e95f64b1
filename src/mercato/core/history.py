"""What a shopper did, as arrays, and the one function that sums it up.

Training calls `history` over tables of all shoppers, serving over the events of one; both give
the same numbers for the same events, so nothing a model learns from is computed twice.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.searches import Searches, joined_searches

EVENT_CODES: dict[str, int] = {str(event): code for code, event in enumerate(Event)}
"""The int8 code under which an event's name stands in arrays."""

MICROSECONDS_PER_DAY = 86_400_000_000

RATED = (Event.RATE, Event.REVIEW)
"""Events that may say how much an item is liked, in stars from 1 to 5."""

FEW_STARS = 2.0
"""At most so many stars say that an item is not wanted again. Assumed."""


@dataclass(frozen=True)
class Interactions:
    """Events of shoppers with items, by shopper, then by time.

    offsets  : (n_users + 1,) int64, shopper u owns the slice offsets[u]:offsets[u + 1]
    item     : (n,) int32, index of the item, < n_items
    ts       : (n,) int64, microseconds since 1970 UTC, not falling within a shopper
    event    : (n,) int8, see EVENT_CODES
    quantity : (n,) float32, pieces; 1 where the event named none. Of `RATED` events the stars;
               0 where none were given
    channel  : (n,) int16, see `searches.channel_code`; None where no event tells of one
    searches : what the same shoppers searched for; None where that is not read
    """

    offsets: NDArray[np.int64]
    item: NDArray[np.int32]
    ts: NDArray[np.int64]
    event: NDArray[np.int8]
    quantity: NDArray[np.float32]
    n_items: int
    channel: NDArray[np.int16] | None = None
    searches: Searches | None = None

    @property
    def n_users(self) -> int:
        return len(self.offsets) - 1

    @property
    def user(self) -> NDArray[np.int64]:
        """(n,) the shopper of each event."""
        return np.repeat(np.arange(self.n_users), np.diff(self.offsets))

    @classmethod
    def empty(cls, n_items: int, n_users: int = 1) -> "Interactions":
        return cls(
            np.zeros(n_users + 1, np.int64),
            np.zeros(0, np.int32),
            np.zeros(0, np.int64),
            np.zeros(0, np.int8),
            np.zeros(0, np.float32),
            n_items,
        )

    def of(self, user: int) -> "Interactions":
        """The events of one shopper, without copying."""
        return self.between(user, user + 1)

    def between(self, first: int, last: int) -> "Interactions":
        """The events of the shoppers from ``first`` up to ``last``, without copying."""
        start, stop = self.offsets[first], self.offsets[last]
        part = slice(start, stop)
        return Interactions(
            self.offsets[first : last + 1] - start,
            self.item[part],
            self.ts[part],
            self.event[part],
            self.quantity[part],
            self.n_items,
            None if self.channel is None else self.channel[part],
            None if self.searches is None else self.searches.between(first, last),
        )

    def before(self, moment: int) -> "Interactions":
        """What was done, and searched for, before ``moment`` (microseconds since 1970 UTC)."""
        found = self.where(self.ts < moment)
        asked = self.searches
        return replace(found, searches=None if asked is None else asked.where(asked.ts < moment))

    def where(self, keep: NDArray[np.bool_]) -> "Interactions":
        """Only the events for which ``keep`` (n,) is true; shoppers stay, maybe without events.

        Searches are left out: what is asked of items' events says nothing of them, and a log that
        is cut at a moment must not tell of later ones. `before` keeps them.
        """
        kept_before = np.concatenate(([0], np.cumsum(keep)))
        return Interactions(
            kept_before[self.offsets],
            self.item[keep],
            self.ts[keep],
            self.event[keep],
            self.quantity[keep],
            self.n_items,
            None if self.channel is None else self.channel[keep],
        )

    def of_kinds(self, *events: Event) -> "Interactions":
        """Only events of these kinds."""
        wanted = np.zeros(len(EVENT_CODES), bool)
        wanted[[EVENT_CODES[event] for event in events]] = True
        return self.where(wanted[self.event])


def said_of(event: str, quantity: float | None, value: float | None) -> float:
    """What stands for an event in ``Interactions.quantity``."""
    if event in RATED:
        return value or 0.0
    return quantity or 1.0


IS_RATED = np.isin(np.arange(len(EVENT_CODES)), [EVENT_CODES[event] for event in RATED])
"""By event code: `RATED` as a lookup table, since history after history is asked."""


def unwanted(
    item: NDArray[np.integer], event: NDArray[np.int8], quantity: NDArray[np.float32]
) -> NDArray[np.int64]:
    """The items, ascending, of which a shopper last said that they do not want them.

    Events of one shopper, the oldest first, (n,) each. A dismissal or few stars say so; more stars
    or a purchase take it back.
    """
    rated = IS_RATED[event] & (quantity > 0)
    against = (event == _DISMISS) | (rated & (quantity <= FEW_STARS))
    if not against.any():
        return np.zeros(0, np.int64)
    said = np.flatnonzero(against | rated | (event == _PURCHASE))[::-1]
    items, newest = np.unique(item[said], return_index=True)
    found: NDArray[np.int64] = items[against[said][newest]].astype(np.int64)
    return found


_DISMISS, _PURCHASE = EVENT_CODES[Event.DISMISS], EVENT_CODES[Event.PURCHASE]


def one_shopper(*parts: Interactions) -> Interactions:
    """Join parts of one shopper's events (say from a release and from the state), by time, and
    their searches."""
    ts = np.concatenate([part.ts for part in parts])
    order = np.argsort(ts, kind="stable")
    return Interactions(
        np.array([0, len(ts)]),
        np.concatenate([part.item for part in parts])[order],
        ts[order],
        np.concatenate([part.event for part in parts])[order],
        np.concatenate([part.quantity for part in parts])[order],
        parts[0].n_items,
        _channels(parts, order),
        joined_searches([part.searches for part in parts if part.searches is not None]),
    )


def _channels(
    parts: tuple[Interactions, ...], order: NDArray[np.int64]
) -> NDArray[np.int16] | None:
    if all(part.channel is None for part in parts):
        return None
    known = [
        np.zeros(len(part.item), np.int16) if part.channel is None else part.channel
        for part in parts
    ]
    return np.concatenate(known)[order]


@dataclass(frozen=True)
class History:
    """What each shopper did with each item that they touched: one entry a (shopper, item) pair.

    Pairs stand by shopper, then by item.

    offsets  : (n_users + 1,) int64
    item     : (n_pairs,) int32
    lines    : (n_pairs,) int32, events of the pair
    occasions: (n_pairs,) int32, distinct moments among them (a basket is one)
    quantity : (n_pairs,) float32, pieces in all
    first_ts : (n_pairs,) int64, microseconds
    last_ts  : (n_pairs,) int64, microseconds
    recency  : (n_pairs,) float64, the sum over events of weight * (1 + age / scale) ** -power
    """

    offsets: NDArray[np.int64]
    item: NDArray[np.int32]
    lines: NDArray[np.int32]
    occasions: NDArray[np.int32]
    quantity: NDArray[np.float32]
    first_ts: NDArray[np.int64]
    last_ts: NDArray[np.int64]
    recency: NDArray[np.float64]
    n_items: int

    @property
    def n_users(self) -> int:
        return len(self.offsets) - 1


def history(
    interactions: Interactions,
    now: int,
    *,
    scale_days: float = 30.0,
    power: float = 0.7,
    weights: NDArray[np.float64] | None = None,
) -> History:
    """Sum up interactions by shopper and item, as seen at ``now`` (microseconds).

    An event of age a days adds (1 + a / scale_days) ** -power to ``recency``: the power law of
    forgetting (Anderson & Schooler, 1991); power 0 counts events. Events after ``now`` count as
    of age 0. ``weights`` (n,) is what each event counts for; None: 1 each.
    """
    key = interactions.user * interactions.n_items + interactions.item
    order = np.argsort(key, kind="stable")
    key, ts = key[order], interactions.ts[order]
    opens = np.ones(len(key), bool)
    opens[1:] = key[1:] != key[:-1]
    first = np.flatnonzero(opens)
    if len(first) == 0:
        none = np.zeros(0, np.int32)
        return History(
            np.zeros(interactions.n_users + 1, np.int64),
            none,
            none,
            none,
            np.zeros(0, np.float32),
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros(0),
            interactions.n_items,
        )
    moment = opens.copy()
    moment[1:] |= ts[1:] != ts[:-1]
    age_days = np.maximum(now - ts, 0) / MICROSECONDS_PER_DAY
    weight = (1.0 + age_days / scale_days) ** -power
    if weights is not None:
        weight = weight * weights[order]
    last = np.append(first[1:], len(key)) - 1
    users = np.arange(interactions.n_users + 1) * interactions.n_items
    return History(
        offsets=np.searchsorted(key[first], users),
        item=(key[first] % interactions.n_items).astype(np.int32),
        lines=np.diff(np.append(first, len(key))).astype(np.int32),
        occasions=np.add.reduceat(moment.astype(np.int32), first),
        quantity=np.add.reduceat(interactions.quantity[order], first),
        first_ts=ts[first],
        last_ts=ts[last],
        recency=np.add.reduceat(weight, first),
        n_items=interactions.n_items,
    )
