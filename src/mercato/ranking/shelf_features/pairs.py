"""Shoppers and items that a ranker puts into order, with what several families look at."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.ranking.purchases import Groups, Numbers, Purchases, Whole, power_law
from mercato.ranking.shelf_facts import ShelfFacts


@dataclass(frozen=True)
class Pairs:
    """Candidates of one shopper or many, those of one shopper together.

    shoppers : what each did; items from ``facts.n_items`` on are newer than the log
    user     : (n,) ascending, below shoppers.n_users
    item     : (n,)
    now      : microseconds since 1970 UTC, on the shop's clock
    said     : (n, n_said) float32, what retrievers say of the item; 0 where they do not propose it
    cart     : items in each shopper's basket, as (shopper, item)
    """

    facts: ShelfFacts
    shoppers: Interactions
    user: Whole
    item: Whole
    now: int
    said: NDArray[np.float32]
    cart: tuple[Whole, Whole]

    def __len__(self) -> int:
        return len(self.user)

    @cached_property
    def known(self) -> Whole:
        """(n,) the item's place in arrays of facts."""
        return self.facts.place(self.item)

    @cached_property
    def purchases(self) -> Purchases:
        return Purchases.of(self.shoppers, self.now)

    @cached_property
    def of_items(self) -> Groups:
        """Purchases by item."""
        return Groups.of(self.purchases.user, self.purchases.item)

    def of_kind(self, name: str) -> Groups:
        """Purchases by one of `shelf_facts.KINDS`."""
        if name not in self._of_kind:
            bought = self.purchases
            codes = self.facts.kind(name, self.facts.place(bought.item))
            self._of_kind[name] = Groups.of(bought.user, codes)
        return self._of_kind[name]

    @cached_property
    def _of_kind(self) -> dict[str, Groups]:
        return {}

    @cached_property
    def at(self) -> Whole:
        """(n,) the group of `of_items` that is of the pair."""
        return self.of_items.find(self.user, self.item)

    @cached_property
    def strength(self) -> Numbers:
        """(g,) of `of_items`: the sum of what is left of each purchase."""
        return self.of_items.sum(power_law(self.purchases.age[self.of_items.order]))

    @cached_property
    def since(self) -> Numbers:
        """(g,) of `of_items`: days since the last purchase."""
        return self.purchases.age[self.of_items.order[self.of_items.last]]

    def places_within(self, group: Whole, values: Numbers) -> Whole:
        """(n,) how many pairs of its group (n,) have a greater value."""
        order = np.lexsort((-values, group))
        ordered, by = group[order], values[order]
        opens, rises = np.ones(len(order), bool), np.ones(len(order), bool)
        opens[1:] = ordered[1:] != ordered[:-1]
        rises[1:] = opens[1:] | (by[1:] != by[:-1])
        number = np.arange(len(order))
        first = np.maximum.accumulate(np.where(opens, number, 0))
        places = np.empty(len(order), np.int64)
        places[order] = np.maximum.accumulate(np.where(rises, number, 0)) - first
        return places
