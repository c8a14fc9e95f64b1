"""A moment of the past as a release of then would have served it, and what was bought after it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.facts import KEYS, NUMBERS
from mercato.core.columns import Event, Placement
from mercato.core.history import Interactions
from mercato.evaluation.shop_split import ShopSplit, Target, shop_split
from mercato.models import Models
from mercato.ranking.shelf_facts import KINDS, ShelfFacts
from mercato.recommend.asked import Asked
from mercato.recommend.request import ShelfContext, ShelfRequest


@dataclass(frozen=True)
class Moment:
    """log     : events of all shoppers, before ``at`` and after it; items are rows of the catalogue
    models  : learned from what lies before
    at, end : microseconds since 1970 UTC; purchases from ``at`` on and before ``end`` are labels
    """

    catalogue: Catalogue
    models: Models
    log: Interactions
    at: int
    end: int

    def split(self) -> ShopSplit:
        return shop_split(self.log, self.at, self.end)

    def facts(self, before: Interactions) -> ShelfFacts:
        return facts_of(self.catalogue, before, self.at)

    def asked(
        self, before: Interactions, user: int, placement: Placement, cart: tuple[int, ...] = ()
    ) -> Asked:
        """What a shopper would have asked then."""
        request = ShelfRequest(placement, cart=cart)
        context = ShelfContext(self.catalogue, before.of(user), (), self.at, self.models)
        return Asked(request, context)


def facts_of(catalogue: Catalogue, log: Interactions, as_of: int) -> ShelfFacts:
    """Of a release's items; ``log``: what happened before ``as_of``."""
    facts = catalogue.facts.of(np.arange(catalogue.n_base))
    kinds = facts.keys[:, [KEYS.index(kind) for kind in KINDS]].astype(np.int64)
    return ShelfFacts.of_log(log, kinds, facts.numbers[:, NUMBERS.index("price")], as_of)


@dataclass(frozen=True)
class Case:
    """A shopper who is asked about.

    cart   : rows in the basket
    wanted : items that count as found, ascending
    """

    user: int
    cart: tuple[int, ...]
    wanted: NDArray[np.int64]


def cases(moment: Moment, split: ShopSplit, placement: Placement, most: int) -> list[Case]:
    """At most ``most`` shoppers who bought, spread over all."""
    if placement is Placement.CART:
        return list(_baskets(moment, split, most))
    target = (split.new if placement is Placement.HOME else split.bought).first(most)
    return [
        Case(int(user), (), each) for user, each in zip(target.users, _rows(target), strict=True)
    ]


def _rows(target: Target) -> Iterator[NDArray[np.int64]]:
    truth = target.truth
    for start, stop in zip(truth.offsets[:-1], truth.offsets[1:], strict=True):
        yield truth.item[start:stop]


LEAST_BASKET = 3
"""Different items of a basket that is parted into what is there and what is still to come."""


def _baskets(moment: Moment, split: ShopSplit, most: int) -> Iterator[Case]:
    """The first basket of each shopper after the moment: two thirds, in an order drawn at random,
    are there, the others are to come."""
    after = (moment.log.ts >= moment.at) & (moment.log.ts < moment.end)
    bought = moment.log.where(after).of_kinds(Event.PURCHASE)
    rng = np.random.default_rng(0)
    for user in split.bought.first(most).users.tolist():
        own = bought.of(user)
        basket = np.unique(own.item[own.ts == own.ts[0]]).astype(np.int64)
        if len(basket) < LEAST_BASKET:
            continue
        basket = rng.permutation(basket)
        there = -(-2 * len(basket) // 3)
        to_come = np.sort(basket[there:])
        wanted = to_come[split.eligible[to_come]]
        if len(wanted):
            yield Case(user, tuple(basket[:there].tolist()), wanted)
