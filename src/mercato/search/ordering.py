"""Order rows stably, take one of each group, cut out a page."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.distinct import starts_of_runs

Keys = Sequence[NDArray[np.number]]
"""Sort keys, the weightiest first, each (n,), smaller first; the last holds no value twice."""


def leaders(group: NDArray[np.integer], keys: Keys, n_groups: int) -> NDArray[np.int64]:
    """Positions, ascending, of the first of each group by ``keys``.

    group : (n,) from 0 to n_groups - 1
    """
    together = np.flatnonzero(_not_alone(group, n_groups))
    first = np.ones(len(group), bool)
    first[together] = False
    group = group[together]
    order = np.lexsort([*(key[together] for key in reversed(keys)), group])
    first[together[order[starts_of_runs(group[order])]]] = True
    return np.flatnonzero(first)


def _not_alone(group: NDArray[np.integer], n_groups: int) -> NDArray[np.bool_]:
    """(n,) whether another row is of the same group."""
    if len(group) > n_groups // 16:
        return np.asarray((np.bincount(group, minlength=n_groups) > 1)[group], bool)
    order = np.argsort(group)
    same = ~starts_of_runs(group[order])
    same[:-1] |= same[1:]
    found = np.empty(len(group), bool)
    found[order] = same
    return found


def first(keys: Keys, most: int) -> NDArray[np.int64]:
    """Positions of the first ``most`` by ``keys``, in order."""
    n = len(keys[0])
    if bool((keys[0][1:] > keys[0][:-1]).all()):
        return np.arange(min(n, most))
    kept = np.arange(n)
    if most < n // 2:
        kept = np.flatnonzero(keys[0] <= np.partition(keys[0], most - 1)[most - 1])
    order = np.lexsort([key[kept] for key in reversed(keys)])
    return kept[order[:most]]
