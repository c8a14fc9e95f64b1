"""How often items are met together.

Apart from `item_knn`, so that a server, which never fits, does not load SciPy.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mercato.core.progress import Step

_BLOCK = 500
"""Items whose pairs are held in memory at once."""


class Pairs(NamedTuple):
    """Two different items that share a unit: a session, a shopper. All (m,).

    together : units with both
    seen_item, seen_other : units with the one, with the other
    """

    item: NDArray[np.int64]
    other: NDArray[np.int64]
    together: NDArray[np.float32]
    seen_item: NDArray[np.float64]
    seen_other: NDArray[np.float64]


def incidence(unit: NDArray[np.int64], item: NDArray[np.int32], n_items: int) -> sp.csr_array:
    """(n_units, n_items) 1 where the item was met in the unit; both (n,), unit not falling."""
    n_units = int(unit[-1]) + 1 if len(unit) else 0
    met = sp.csr_array((np.ones(len(unit), np.float32), (unit, item)), shape=(n_units, n_items))
    met.sum_duplicates()
    met.data[:] = 1
    return met


def pairs(met: sp.csr_array, step: Step) -> Iterator[Pairs]:
    """All pairs, each from both sides, the items ascending block by block."""
    seen = np.asarray(met.sum(axis=0, dtype=np.float64)).ravel()
    by_item = sp.csr_array(met.T)
    for start in range(0, met.shape[1], _BLOCK):
        block = by_item[start : start + _BLOCK]
        found = (block @ met).tocoo()
        item = found.coords[0].astype(np.int64) + start
        other = found.coords[1].astype(np.int64)
        two = item != other
        item, other = item[two], other[two]
        step.advance(block.shape[0])
        yield Pairs(item, other, found.data[two], seen[item], seen[other])
