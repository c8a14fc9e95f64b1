"""What an item costs, and what the shopper is used to pay for its kind."""

import numpy as np

from mercato.ranking.purchases import looked_up
from mercato.ranking.shelf_features.family import Column, ShelfFamily
from mercato.ranking.shelf_features.pairs import Pairs


def _compute(pairs: Pairs) -> list[Column]:
    facts, bought = pairs.facts, pairs.purchases
    price = np.log(np.maximum(facts.price[pairs.known], 0.01))
    place = facts.place(bought.item)
    typical = facts.typical[place].astype(np.float64)
    usual = np.bincount(bought.user, typical, bought.n_users) / np.maximum(bought.lines, 1)
    groups = pairs.of_kind("category")
    paid = groups.sum(typical[groups.order]) / np.maximum(groups.count, 1)
    at = groups.find(pairs.user, facts.kind("category", pairs.known))
    own = facts.typical[pairs.known]
    return [
        np.nan_to_num(price, nan=0.0),
        own,
        own - usual[pairs.user],
        np.where(at < len(groups), own - looked_up(paid, at), 0),
    ]


OFFER = ShelfFamily(
    "offer",
    {
        "price": "Log of its price",
        "of category's": "Log of its price over its category's mean",
        "of shopper's": "The same, over what the shopper pays of categories' means",
        "of shopper's in category": "The same, over what the shopper pays in its category",
    },
    _compute,
)
