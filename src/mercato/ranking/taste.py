"""What a shopper likes, as far as ranking a search goes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.facts import KEYS, NO_KEY, FactRows

_PRIOR_ITEMS = 30
"""So many items of no brand and no kind are added: one item is not yet a taste. Assumed. The
weights that shops start with are learned from households with hundreds of items, and with 3 instead
they do no better there."""


@dataclass(frozen=True)
class Taste:
    """shares : for each of `facts.KEYS`, key of a value → share of the shopper's items, 0 to 1
    items  : row → what the shopper did with the item, in purchases
    """

    shares: tuple[Mapping[int, float], ...]
    items: Mapping[int, float]

    @classmethod
    def of(
        cls, rows: NDArray[np.integer], facts: FactRows, weights: NDArray[np.floating]
    ) -> "Taste":
        """From the rows that a shopper bought or looked at, what is known of each, and what each
        counts, a purchase 1; (k,) all of them, a row may come several times."""
        total = float(weights.sum()) + _PRIOR_ITEMS
        distinct, at = np.unique(rows, return_inverse=True)
        sums = np.bincount(at, weights, len(distinct))
        return cls(
            tuple(_shares(facts.keys[:, at], weights, total) for at in range(len(KEYS))),
            dict(zip(distinct.tolist(), sums.tolist(), strict=True)),
        )


def _shares(
    keys: NDArray[np.uint32], weights: NDArray[np.floating], total: float
) -> dict[int, float]:
    values, at = np.unique(keys, return_inverse=True)
    sums = np.bincount(at, weights, len(values)) / total
    return {
        key: share
        for key, share in zip(values.tolist(), sums.tolist(), strict=True)
        if key != NO_KEY
    }
