"""How much the shopper shops at all."""

import numpy as np

from mercato.ranking.shelf_features.family import Column, ShelfFamily
from mercato.ranking.shelf_features.pairs import Pairs


def _compute(pairs: Pairs) -> list[Column]:
    bought, user = pairs.purchases, pairs.user
    distinct = np.bincount(pairs.of_items.user, minlength=bought.n_users)
    lately = np.bincount(bought.user[bought.age < 28], minlength=bought.n_users)
    lines = np.maximum(bought.lines, 1)
    return [
        bought.trips[user],
        bought.trips_within(7)[user],
        bought.trips_within(28)[user],
        bought.trips_within(91)[user],
        bought.since_trip[user],
        distinct[user],
        (bought.lines / np.maximum(bought.trips, 1))[user],
        (1 - distinct / lines)[user],
        lately[user],
    ]


SHOPPER = ShelfFamily(
    "shopper",
    {
        "trips": "Trips",
        "trips of 7 days": "Trips of the newest 7 days",
        "trips of 28 days": "Trips of the newest 28 days",
        "trips of 91 days": "Trips of the newest 91 days",
        "since trip": "Days since the last trip",
        "items": "Different items that the shopper bought",
        "lines a trip": "Items bought on a trip, in the mean",
        "repeats": "Share of purchases that were repeats",
        "lines of 28 days": "Purchases of the newest 28 days",
    },
    _compute,
)
