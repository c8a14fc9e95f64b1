"""The protocol for shops: learn up to a moment, then look at what was bought after it.

Full ranking over the catalogue. An item counts where at least ``least_shoppers`` shoppers bought
it before the split; other items in an answer are skipped, so an answer needs more than k items
where it may hold some. A shopper counts who bought such an item after the split. Gains are binary;
recall and the ideal are normalised by min(k, items bought).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.evaluation.judging import Truth


@dataclass(frozen=True)
class Target:
    """Shoppers and what counts as found for them: users (n,) int64, ascending; truth of n rows."""

    users: NDArray[np.int64]
    truth: Truth

    def __len__(self) -> int:
        return len(self.users)

    def first(self, most: int | None) -> "Target":
        """At most so many of the shoppers, spread evenly over all."""
        if most is None or len(self) <= most:
            return self
        kept = np.unique(np.linspace(0, len(self) - 1, most).astype(np.int64))
        return Target(self.users[kept], self.truth.of(kept))


@dataclass(frozen=True)
class ShopSplit:
    """before   : events before the split, of all shoppers and items
    eligible : (n_items,) items that count
    bought   : all that was bought after the split
    new      : of it, what the shopper had never bought before
    """

    before: Interactions
    eligible: NDArray[np.bool_]
    bought: Target
    new: Target
    protocol: str


def shop_split(
    interactions: Interactions,
    split: int,
    until: int | None = None,
    *,
    least_shoppers: int = 5,
) -> ShopSplit:
    """Split at a moment; ``until`` ends what came after it (microseconds since 1970 UTC)."""
    before = interactions.before(split)
    after = interactions.ts >= split
    if until is not None:
        after &= interactions.ts < until
    known = _pairs(before)
    n_items = interactions.n_items
    eligible = np.bincount(known % n_items, minlength=n_items) >= least_shoppers
    bought = _pairs(interactions.where(after))
    bought = bought[eligible[bought % n_items]]
    new = bought[~np.isin(bought, known)]
    return ShopSplit(
        before,
        eligible,
        _target(bought, n_items),
        _target(new, n_items),
        _protocol(split, until, least_shoppers),
    )


def _pairs(interactions: Interactions) -> NDArray[np.int64]:
    """Ascending, each once: shopper * n_items + item of what was bought."""
    bought = interactions.of_kinds(Event.PURCHASE)
    return np.unique(bought.user * bought.n_items + bought.item)


def _target(pairs: NDArray[np.int64], n_items: int) -> Target:
    users, row = np.unique(pairs // n_items, return_inverse=True)
    return Target(users, Truth.of_pairs(row, pairs % n_items, len(users)))


def _protocol(split: int, until: int | None, least_shoppers: int) -> str:
    end = "the end" if until is None else _day(until)
    return (
        f"learned before {_day(split)}, asked for purchases until {end}; items of at least "
        f"{least_shoppers} shoppers before, others skipped; binary gain, recall and ideal over "
        "min(k, bought)"
    )


def _day(ts: int) -> str:
    return datetime.fromtimestamp(ts / 1_000_000, UTC).isoformat()
