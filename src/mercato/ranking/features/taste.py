"""Whether a shopper likes the brand and the kind."""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.facts import KEYS
from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family

_BRAND, _LEAF, _, _TOP = range(len(KEYS))


def _compute(asked: Asked) -> list[Column]:
    taste = asked.candidates.taste
    if taste is None:
        return [np.zeros(len(asked), np.float32)] * len(TASTE.features)

    def shares(at: int) -> Column:
        liked, keys = taste.shares[at], asked.facts.keys[:, at]
        found: NDArray[np.float32] = np.fromiter(
            (liked.get(key, 0.0) for key in keys.tolist()), np.float32, len(keys)
        )
        return found

    own = np.array([taste.items.get(row, 0.0) for row in asked.candidates.rows.tolist()])
    return [np.log1p(own), shares(_BRAND), shares(_LEAF), shares(_TOP)]


TASTE = Family(
    "taste",
    {
        "own item": "Log of how often the shopper bought it, looks counting less",
        "own brand": "Share of the shopper's items that are of this brand",
        "own category": "Share of the shopper's items that are of this category",
        "own top category": "Share of the shopper's items that are of this top category",
    },
    _compute,
)
