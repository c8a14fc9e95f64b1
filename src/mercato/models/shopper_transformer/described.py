"""What a shop tells of its items, in the codes that a transformer was taught."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mercato.models.saving import Saved
from mercato.models.shopper_transformer.content import ItemContent

_BANDS = 20
"""Price bands, of as many items each. Assumed."""

_MOST = 8_192
"""Values of a field that have a code, the most frequent; others count as not told. Assumed."""


@dataclass(frozen=True)
class Description(Saved):
    """Which keys of brands, categories… have a code, and where price bands begin.

    keys  : (all,) uint32, ascending within each field; their codes count from 1
    sizes : (f,) int64, how many of each field
    bands : (b,) float32, ascending prices
    """

    keys: NDArray[np.uint32]
    sizes: NDArray[np.int64]
    bands: NDArray[np.float32]

    @classmethod
    def of(cls, keys: NDArray[np.uint32], price: NDArray[np.floating]) -> Self:
        """Of a catalogue: keys (n, f), 0 for none; price (n,), NaN for none."""
        fields = [_frequent(column[column != 0]) for column in keys.T]
        priced = price[np.isfinite(price)]
        places = np.linspace(0, 1, _BANDS + 1)[1:-1]
        bands = np.unique(np.quantile(priced, places)) if len(priced) else np.zeros(0)
        return cls(
            np.concatenate([*fields, np.zeros(0, np.uint32)]),
            np.array([len(each) for each in fields], np.int64),
            bands.astype(np.float32),
        )

    def content(
        self,
        keys: NDArray[np.uint32],
        price: NDArray[np.floating],
        vectors: NDArray[np.float32],
    ) -> ItemContent:
        """Of n items, of this release or newer; vectors (n, c) of their texts. Prices come last."""
        starts = np.concatenate(([0], np.cumsum(self.sizes)))
        columns = [
            _codes(self.keys[start:stop], column)
            for start, stop, column in zip(starts[:-1], starts[1:], keys.T, strict=True)
        ]
        columns.append(self.bands_of(price))
        sizes = np.append(self.sizes + 1, len(self.bands) + 2)
        return ItemContent(vectors, np.column_stack(columns).astype(np.int64), sizes)

    def bands_of(self, price: NDArray[np.floating]) -> NDArray[np.int64]:
        """(n,) the codes of prices; 0 where there is none."""
        band = np.searchsorted(self.bands, np.nan_to_num(price), side="right") + 1
        return np.where(np.isfinite(price), band, 0)


def _frequent(column: NDArray[np.uint32]) -> NDArray[np.uint32]:
    values, count = np.unique(column, return_counts=True)
    return np.asarray(np.sort(values[np.argsort(-count, kind="stable")[:_MOST]]))


def _codes(known: NDArray[np.uint32], column: NDArray[np.uint32]) -> NDArray[np.int64]:
    if not len(known):
        return np.zeros(len(column), np.int64)
    at = np.minimum(np.searchsorted(known, column), len(known) - 1)
    return np.where(known[at] == column, at + 1, 0)
