"""What is in the basket already."""

import numpy as np

from mercato.ranking.purchases import Groups, looked_up
from mercato.ranking.shelf_features.family import Column, ShelfFamily
from mercato.ranking.shelf_features.pairs import Pairs

_ASKED = ("category", "top category", "brand")


def _compute(pairs: Pairs) -> list[Column]:
    user, item = pairs.cart
    place = pairs.facts.place(item)
    size = np.bincount(user, minlength=pairs.shoppers.n_users)
    columns: list[Column] = [size[pairs.user]]
    for kind in _ASKED:
        groups = Groups.of(user, pairs.facts.kind(kind, place))
        at = groups.find(pairs.user, pairs.facts.kind(kind, pairs.known))
        columns.append(looked_up(groups.count, at))
    price = np.nan_to_num(pairs.facts.price[place], nan=0.0)
    value = np.bincount(user, price, pairs.shoppers.n_users)
    return [*columns, np.log1p(value)[pairs.user]]


BASKET = ShelfFamily(
    "basket",
    {
        "items": "Items in the basket",
        **{kind: f"Of them, those of its {kind}" for kind in _ASKED},
        "value": "Log of what they cost",
    },
    _compute,
)
