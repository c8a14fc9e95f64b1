"""Purchases of shoppers, grouped by what they are of: an item, a category, a brand."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """Purchases by shopper and code.

    order : (n,) the purchases by group, within it by time
    first : (g,) where each group begins in ``order``
    key   : (g,) ascending, shopper * n_codes + code
    """

    order: Whole
    first: Whole
    key: Whole
    n_codes: int

    @classmethod
    def of(cls, user: Whole, code: Whole) -> "Groups":
        n_codes = int(code.max(initial=0)) + 1
        keys = user * n_codes + code
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        opens = np.ones(len(ordered), bool)
        opens[1:] = ordered[1:] != ordered[:-1]
        first = np.flatnonzero(opens)
        return cls(order, first, ordered[first], n_codes)

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def count(self) -> Whole:
        """(g,) purchases of each group."""
        return np.diff(np.append(self.first, len(self.order)))

    @cached_property
    def last(self) -> Whole:
        """(g,) where each group ends in ``order``."""
        return self.first + self.count - 1

    @cached_property
    def user(self) -> Whole:
        """(g,) the shopper of each group."""
        return self.key // self.n_codes

    def sum(self, values: NDArray[np.generic]) -> Numbers:
        """(g,) of values in ``order``."""
        if not len(self.first):
            return np.zeros(0)
        return np.asarray(np.add.reduceat(values.astype(np.float64), self.first))

    def opens(self, trip: Whole) -> NDArray[np.bool_]:
        """(n,) in ``order``: whether a purchase is of another trip than the group's one before."""
        ordered = trip[self.order]
        opens = np.ones(len(ordered), bool)
        opens[1:] = ordered[1:] != ordered[:-1]
        opens[self.first] = True
        return opens

    def find(self, user: Whole, code: Whole) -> Whole:
        """(m,) the group of each shopper and code; len(self) where there is none."""
        if not len(self.first):
            return np.zeros(len(user), np.int64)
        keys = user * self.n_codes + code
        at = np.minimum(np.searchsorted(self.key, keys), len(self.key) - 1)
        found = (self.key[at] == keys) & (code < self.n_codes)
        return np.where(found, at, len(self.key))


def looked_up(of_groups: Numbers | Whole, at: Whole, otherwise: float = 0.0) -> Numbers:
    """(m,) the value of each group; ``otherwise`` where there is no such group."""
    return np.append(np.asarray(of_groups, np.float64), otherwise)[at]


@dataclass(frozen=True)
class Purchases:
    """Of some shoppers, by shopper, then by time.

    user     : (n,)
    item     : (n,)
    age      : (n,) days, not below 0
    quantity : (n,) pieces, at most 50
    trip     : (n,) number of the moment at which it was bought; shoppers share none
    """

    user: Whole
    item: Whole
    age: Numbers
    quantity: Numbers
    trip: Whole
    n_users: int

    @classmethod
    def of(cls, shoppers: Interactions, now: int) -> "Purchases":
        bought = shoppers.of_kinds(Event.PURCHASE)
        user, ts = bought.user, bought.ts
        opens = np.ones(len(ts), bool)
        opens[1:] = (user[1:] != user[:-1]) | (ts[1:] != ts[:-1])
        return cls(
            user,
            bought.item.astype(np.int64),
            np.maximum(now - ts, 0) / MICROSECONDS_PER_DAY,
            np.minimum(bought.quantity, 50).astype(np.float64),
            np.cumsum(opens) - 1,
            shoppers.n_users,
        )

    @cached_property
    def trip_first(self) -> Whole:
        """(n_trips,) the first purchase of each trip."""
        return np.searchsorted(self.trip, np.arange(len(self.trip) and int(self.trip[-1]) + 1))

    @cached_property
    def trips(self) -> Whole:
        """(n_users,) of each shopper."""
        return np.bincount(self.user[self.trip_first], minlength=self.n_users)

    @cached_property
    def trips_until(self) -> Whole:
        """(n_users,) number of trips of all shoppers up to this one's last."""
        return np.cumsum(self.trips)

    @cached_property
    def lines(self) -> Whole:
        """(n_users,) purchase lines of each shopper."""
        return np.bincount(self.user, minlength=self.n_users)

    @cached_property
    def since_trip(self) -> Numbers:
        """(n_users,) days since the last trip; 999 without one."""
        found = np.full(self.n_users, 999.0)
        # The newest stands last, and the last assignment stays.
        found[self.user] = self.age
        return found

    def trips_within(self, days: float) -> Whole:
        """(n_users,) of each shopper in the newest days."""
        first = self.trip_first
        return np.bincount(self.user[first][self.age[first] < days], minlength=self.n_users)


def power_law(age: Numbers) -> Numbers:
    """What is left of a purchase after some days, see `core.history.history`."""
    return np.asarray((1 + age / 30) ** -0.7, np.float64)
