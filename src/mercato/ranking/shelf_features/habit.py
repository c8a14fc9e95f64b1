"""How much of an item the shopper buys: counts, and what is left of them by several curves."""

import numpy as np

from mercato.ranking.purchases import looked_up
from mercato.ranking.shelf_features.family import Column, ShelfFamily
from mercato.ranking.shelf_features.pairs import Pairs

_HALF_LIVES = (7, 30, 60, 120)
"""Days after which half of a purchase is forgotten."""


def _compute(pairs: Pairs) -> list[Column]:
    bought, groups, at = pairs.purchases, pairs.of_items, pairs.at
    age = bought.age[groups.order]
    trip = bought.trip[groups.order]
    occasions = groups.sum(groups.opens(bought.trip))
    strength = looked_up(pairs.strength, at)
    until = bought.trips_until[groups.user]
    since_first = until - trip[groups.first]
    quantity = bought.quantity[groups.order]
    columns = [
        looked_up(groups.count, at),
        looked_up(occasions, at),
        strength,
        pairs.places_within(pairs.user, strength),
        looked_up(occasions / np.maximum(bought.trips[groups.user], 1), at),
        looked_up(occasions / np.maximum(since_first, 1), at),
        looked_up(groups.sum(quantity) / np.maximum(groups.count, 1), at),
        looked_up(quantity[groups.last], at),
    ]
    columns += [looked_up(groups.sum(np.exp2(-age / days)), at) for days in _HALF_LIVES]
    return list(columns)


HABIT = ShelfFamily(
    "habit",
    {
        "lines": "Purchases",
        "occasions": "Moments of purchase",
        "strength": "Purchases, forgotten by a power law",
        "place": "Its place among the shopper's candidates by that",
        "share of trips": "Share of the shopper's trips on which it was bought",
        "share of trips since": "The same, of the trips since it was first bought",
        "quantity": "Pieces bought at once, in the mean",
        "last quantity": "Pieces bought last",
        **{
            f"half-life {days}": f"Purchases, half forgotten in {days} days" for days in _HALF_LIVES
        },
    },
    _compute,
)
