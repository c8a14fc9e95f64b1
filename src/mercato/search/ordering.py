"""Order rows stably, take one of each group, cut out a page."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Keys = Sequence[NDArray[np.number]]
"""Sort keys, the weightiest first, each (n,), smaller first; the last holds no value twice."""


def leaders(group: NDArray[np.integer], keys: Keys, n_groups: int) -> NDArray[np.int64]:
    """Positions, ascending, of the first of each group by ``keys``.

    group : (n,) from 0 to n_groups - 1
    """
    kept = np.arange(len(group))
    for key in keys:
        value = key[kept].astype(np.float64)
        least = np.full(n_groups, np.inf)
        np.minimum.at(least, group[kept], value)
        kept = kept[value == least[group[kept]]]
    return kept


def first(keys: Keys, most: int) -> NDArray[np.int64]:
    """Positions of the first ``most`` by ``keys``, in order."""
    n = len(keys[0])
    kept = np.arange(n)
    if most < n // 2:
        kept = np.flatnonzero(keys[0] <= np.partition(keys[0], most - 1)[most - 1])
    order = np.lexsort([key[kept] for key in reversed(keys)])
    return kept[order[:most]]
