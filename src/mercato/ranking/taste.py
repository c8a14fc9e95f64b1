"""What a shopper likes, as far as ranking a search goes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.facts import KEYS, NO_KEY, FactRows

_PRIOR_ITEMS = 3
"""So many items of no brand and no kind are added: one item is not yet a taste. Assumed."""


@dataclass(frozen=True)
class Taste:
    """shares : for each of `facts.KEYS`, key of a value → share of the shopper's items, 0 to 1"""

    shares: tuple[Mapping[int, float], ...]

    @classmethod
    def of(cls, items: FactRows, weights: NDArray[np.floating]) -> "Taste":
        """From the items that a shopper bought or looked at, and what each counts (k,)."""
        total = float(weights.sum()) + _PRIOR_ITEMS
        return cls(tuple(_shares(items.keys[:, at], weights, total) for at in range(len(KEYS))))


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
