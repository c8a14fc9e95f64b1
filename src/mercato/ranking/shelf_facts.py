"""What a log and a catalogue say of each item, for rankers of shelves: one row an item."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.models.saving import Saved
from mercato.ranking.purchases import Groups, Numbers, Purchases, Whole

KINDS = ("brand", "category", "top category")
"""Columns of ``kinds``, of those in `catalogue.facts.KEYS`."""

WINDOWS = (7, 14, 28, 56)
"""Days before the log's end in which an item's shoppers are counted."""

LONGEST = 999.0
"""Days: for what never happened."""

_PRIOR = 3.0
"""Intervals of the mean item that each item's own are drawn towards. Assumed."""


@dataclass(frozen=True)
class ShelfFacts(Saved):
    """At ``as_of`` (microseconds since 1970 UTC). Each array's last row is of an item that is newer
    than the log.

    kinds       : (n_items + 1, len(KINDS)) int32, codes of one column each; 0 for none
    price       : (n_items + 1,) float32; NaN for none
    shoppers    : (n_items + 1,) float32, distinct shoppers of all time
    lately      : (n_items + 1, len(WINDOWS)) float32, distinct shoppers within each
    before      : (n_items + 1, 2) float32, those of the 14 and of the 28 days before the newest
                  14 and 28
    repeats     : (n_items + 1, 3) float32, shares: of purchases that were repeats, of buyers who
                  bought it on several occasions, of buyers of before four weeks who bought since
    interval    : (n_items + 1,) float32, mean log of the days between two purchases
    last        : (n_items + 1,) float32, days since anybody bought it
    weekdays    : (n_items + 1, 7) float32, log of the weekday's share of its purchases over that
                  of all
    kind_trend  : (n_items + 1,) float32, log of its category's purchases of the newest 28 days,
                  over what all of the log would let expect
    typical     : (n_items + 1,) float32, log of its price over its category's mean; 0 for none
    """

    n_items: int
    as_of: int
    kinds: NDArray[np.int32]
    price: NDArray[np.float32]
    shoppers: NDArray[np.float32]
    lately: NDArray[np.float32]
    before: NDArray[np.float32]
    repeats: NDArray[np.float32]
    interval: NDArray[np.float32]
    last: NDArray[np.float32]
    weekdays: NDArray[np.float32]
    kind_trend: NDArray[np.float32]
    typical: NDArray[np.float32]

    @cached_property
    def usually_known(self) -> float:
        """Items that the mean shopper knows at most: as if all knew the best known item."""
        return float(self.shoppers.sum()) / max(float(self.shoppers.max()), 1.0)

    def place(self, item: Whole) -> Whole:
        """Where an item stands in the arrays; one newer than the log at their end."""
        return np.asarray(np.minimum(item, self.n_items), np.int64)

    def kind(self, name: str, place: Whole) -> Whole:
        """(m,) codes of one of KINDS at places of the arrays."""
        return np.asarray(self.kinds[place, KINDS.index(name)], np.int64)

    @classmethod
    def of_log(
        cls,
        log: Interactions,
        kinds: NDArray[np.integer],
        price: NDArray[np.floating],
        as_of: int,
    ) -> "ShelfFacts":
        """kinds: (n_items, len(KINDS)), 0 for none; price: (n_items,), NaN for none."""
        bought = Purchases.of(log, as_of)
        codes = np.column_stack([_codes(column) for column in kinds.T])
        category = codes[:, KINDS.index("category")]
        return cls(
            n_items=log.n_items,
            as_of=as_of,
            kinds=codes.astype(np.int32),
            price=np.append(price, np.nan).astype(np.float32),
            typical=_typical(price, category),
            **_counts(bought, log.n_items),
            **_returns(bought, log.n_items),
            weekdays=_weekdays(log),
            kind_trend=_kind_trend(bought, category),
        )


def _codes(column: NDArray[np.integer]) -> Whole:
    """(n + 1,) 0 stays 0, others are numbered from 1; the last is 0."""
    values, codes = np.unique(np.append(column, 0), return_inverse=True)
    return codes if values[0] == 0 else codes + 1


def _counts(bought: Purchases, n_items: int) -> dict[str, NDArray[np.float32]]:
    """Distinct shoppers of each item by age of the purchase."""

    def shoppers(start: float, stop: float) -> NDArray[np.float32]:
        within = (bought.age >= start) & (bought.age < stop)
        pairs = np.unique(bought.user[within] * n_items + bought.item[within])
        return np.bincount(pairs % n_items, minlength=n_items + 1).astype(np.float32)

    last = np.full(n_items + 1, LONGEST, np.float32)
    oldest_first = np.argsort(-bought.age, kind="stable")
    last[bought.item[oldest_first]] = bought.age[oldest_first]
    return {
        "shoppers": shoppers(0, np.inf),
        "lately": np.column_stack([shoppers(0, days) for days in WINDOWS]),
        "before": np.column_stack([shoppers(14, 28), shoppers(28, 56)]),
        "last": last,
    }


def _returns(bought: Purchases, n_items: int) -> dict[str, NDArray[np.float32]]:
    """How items are bought again, over all shoppers."""
    groups = Groups.of(bought.user, bought.item)
    age = bought.age[groups.order]
    at = np.flatnonzero(groups.opens(bought.trip))
    group = np.searchsorted(groups.first, at, side="right") - 1
    follows = np.flatnonzero(group[1:] == group[:-1]) + 1
    item_of = groups.key % groups.n_codes
    gap = np.log(np.maximum(age[at[follows - 1]] - age[at[follows]], 0.5))
    of_gap = item_of[group[follows]]
    mean = float(gap.mean()) if len(gap) else float(np.log(30))

    def per_item(item: Whole, weights: Numbers | None = None) -> Numbers:
        return np.bincount(item, weights, n_items + 1).astype(np.float64)

    occasions = np.bincount(group, minlength=len(groups))
    all_of, buyers = per_item(item_of, occasions.astype(np.float64)), per_item(item_of)
    several = per_item(item_of[occasions > 1])
    old = age[groups.first] >= 28
    back = old & (age[groups.last] < 28)
    shares = [
        (all_of - buyers + 0.25) / (all_of + 1),
        (several + 0.1) / (buyers + 1),
        (per_item(item_of[back]) + 0.5) / (per_item(item_of[old]) + 5),
    ]
    interval = (per_item(of_gap, gap) + _PRIOR * mean) / (per_item(of_gap) + _PRIOR)
    return {
        "repeats": np.column_stack(shares).astype(np.float32),
        "interval": interval.astype(np.float32),
    }


def weekday(ts: NDArray[np.integer] | int) -> NDArray[np.int64]:
    """0 Thursday, as 1970 began, to 6 Wednesday."""
    return np.asarray(np.asarray(ts) // MICROSECONDS_PER_DAY % 7, np.int64)


def _weekdays(log: Interactions) -> NDArray[np.float32]:
    bought = log.of_kinds(Event.PURCHASE)
    rows = log.n_items + 1
    found = np.bincount(bought.item * np.int64(7) + weekday(bought.ts), minlength=7 * rows)
    found = found.reshape(rows, 7)
    usual = (found.sum(axis=0) + 1) / (found.sum() + 7)
    # Twenty purchases as usual more: what was bought three times has no weekday.
    share = (found + 20 * usual) / (found.sum(axis=1, keepdims=True) + 20)
    return np.asarray(np.log(share / usual), np.float32)


def _kind_trend(bought: Purchases, category: Whole) -> NDArray[np.float32]:
    days = max(float(bought.age.max(initial=0)), 1.0)
    n_codes = int(category.max()) + 1
    of_line = category[bought.item]
    whole = np.bincount(of_line, minlength=n_codes) * min(1.0, 28 / days)
    lately = np.bincount(of_line[bought.age < 28], minlength=n_codes)
    return np.asarray((np.log1p(lately) - np.log1p(whole))[category], np.float32)


def _typical(price: NDArray[np.floating], category: Whole) -> NDArray[np.float32]:
    logs = np.log(np.maximum(np.append(price, np.nan), 0.01))
    priced = np.flatnonzero(np.isfinite(logs))
    n_codes = int(category.max()) + 1
    sums = np.bincount(category[priced], logs[priced], n_codes)
    means = sums / np.maximum(np.bincount(category[priced], minlength=n_codes), 1)
    return np.where(np.isfinite(logs), logs - means[category], 0).astype(np.float32)
