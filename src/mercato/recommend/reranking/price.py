"""Whether an item is priced as what the shopper buys: cheap of its kind, dear, or between.

An item's position is the share of its leaf category's items that cost less, half of those that
cost the same; a shopper's is the mean over what they care for. Prices are those of the release.
"""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import PRICE
from mercato.recommend.asked import Asked
from mercato.recommend.categories import NO_CATEGORY, all_leaves

_WIDTH = 0.25
"""Of the bell over positions around the shopper's. Assumed."""


def price_positions(catalogue: Catalogue) -> NDArray[np.float32]:
    """(n_base,) 0 to 1; NaN without a price or a category. Worked out once a release."""
    return catalogue.base.memo.get("price positions", lambda: _positions(catalogue))


def _positions(catalogue: Catalogue) -> NDArray[np.float32]:
    rows = np.arange(catalogue.n_base)
    column = catalogue.columns[PRICE]
    pairs = column.of_rows(rows)
    price = np.full(len(rows), np.nan)
    price[pairs.rows] = column.numbers[pairs.codes]
    leaf = all_leaves(catalogue)[rows]
    known = np.flatnonzero(~np.isnan(price) & (leaf != NO_CATEGORY))
    _, kind = np.unique(leaf[known], return_inverse=True)
    found = np.full(len(rows), np.nan, np.float32)
    found[known] = _within(kind, price[known])
    return found


def _within(kind: NDArray[np.int64], price: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k,) the mid-rank of each price among those of its kind, as a share."""
    order = np.lexsort((price, kind))
    kinds, prices = kind[order], price[order]
    first = np.searchsorted(kinds, kinds)
    size = np.searchsorted(kinds, kinds, side="right") - first
    opens = np.ones(len(order), bool)
    opens[1:] = (kinds[1:] != kinds[:-1]) | (prices[1:] != prices[:-1])
    start = np.flatnonzero(opens)
    run = np.cumsum(opens) - 1
    length = np.diff(np.append(start, len(order)))[run]
    share = (start[run] - first + length / 2) / np.maximum(size, 1)
    found = np.empty(len(order))
    found[order] = share
    return found


def usual_position(asked: Asked) -> float | None:
    """The shopper's; None where nothing says."""
    cares = asked.cares
    positions = price_positions(asked.catalogue)[cares.item]
    told = ~np.isnan(positions)
    if not told.any():
        return None
    return float(np.average(positions[told], weights=cares.weight[told]))


def price_factors(asked: Asked, rows: NDArray[np.int64], strength: float) -> NDArray[np.float64]:
    """(k,) 1 at the shopper's usual position and where nothing is known, less far from it."""
    usual, base = usual_position(asked), asked.catalogue.base_of[rows]
    if usual is None:
        return np.ones(len(rows))
    known = np.append(price_positions(asked.catalogue), np.float32(np.nan))[base]
    away = np.nan_to_num((known - usual) / _WIDTH)
    return np.asarray(np.exp(-0.5 * strength * away**2), np.float64)
