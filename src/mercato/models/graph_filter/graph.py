"""The graph of shoppers and items, normalised, and its links between items."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mercato.core.progress import Step
from mercato.models.preference import Preferences

_BLOCK = 500
"""Items whose links are held in memory at once."""


class Links(NamedTuple):
    """As `item_links`, the weights in full precision.

    offsets : (n_items + 1,) int64
    target  : (n_links,) int32
    weight  : (n_links,) float32
    """

    offsets: NDArray[np.int64]
    target: NDArray[np.int32]
    weight: NDArray[np.float32]


def normalised(
    found: Preferences, n_items: int, shopper_power: float, item_power: float
) -> sp.csr_array:
    """(n_shoppers, n_items) preferences over powers of their sums by shopper and by item."""
    shape = (len(found.offsets) - 1, n_items)
    met = sp.csr_array((found.weight, found.item, found.offsets), shape, dtype=np.float32)
    by_shopper = np.asarray(met.sum(axis=1)).ravel()
    by_item = np.asarray(met.sum(axis=0)).ravel()
    shopper = np.repeat(np.arange(shape[0]), np.diff(found.offsets))
    data = found.weight * by_shopper[shopper] ** -shopper_power
    data *= by_item[found.item] ** -item_power
    return sp.csr_array((data.astype(np.float32), found.item, found.offsets), shape)


def links(met: sp.csr_array, most: int, step: Step) -> Links:
    """The greatest ``most`` of each row of met'met, or all where it is 0; none to itself.

    The step is advanced by items.
    """
    by_item = sp.csr_array(met.T)
    counts, targets, weights = [], [], []
    for start in range(0, met.shape[1], _BLOCK):
        block = sp.csr_array(by_item[start : start + _BLOCK] @ met)
        for row in range(block.shape[0]):
            part = slice(block.indptr[row], block.indptr[row + 1])
            target, weight = _strongest(block.indices[part], block.data[part], start + row, most)
            counts.append(len(target))
            targets.append(target)
            weights.append(weight)
        step.advance(block.shape[0])
    nothing = np.zeros(0, np.float32)
    return Links(
        np.concatenate(([0], np.cumsum(counts, dtype=np.int64))),
        np.concatenate([nothing.astype(np.int32), *targets], dtype=np.int32),
        np.concatenate([nothing, *weights]),
    )


def _strongest(
    target: NDArray[np.int32], weight: NDArray[np.float32], item: int, most: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    others = target != item
    target, weight = target[others], weight[others]
    if most == 0 or len(target) <= most:
        return target, weight
    order = np.lexsort((target, -weight))[:most]
    return target[order], weight[order]
