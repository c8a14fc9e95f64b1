"""How much more often two items are met together than chance would have them.

Chance is the configuration model of units and items (Chung & Lu 2002,
https://doi.org/10.1007/PL00012580; for baskets Tian et al. 2021,
https://doi.org/10.1140/epjds/s13688-021-00297-4): units keep their sizes and items their counts, so
that large baskets, in which everything meets everything, prove little. Two items with n and m units
are then expected together in

    n m sum(size (size - 1)) / sum(size)^2

of them. The weight of a pair is its Pearson residual, (together - expected) / sqrt(expected), with
``shrink`` added to the variance against rare pairs.

Apart from the models, so that a server, which never fits, does not load SciPy.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Step
from mercato.models.co_occurrence import Pairs, incidence, pairs
from mercato.models.item_links import ItemLinks


class Residuals(NamedTuple):
    """Pairs of items, each from both sides, the first items ascending. All (m,).

    weight : float64, the residual; below 0 where they meet less than by chance
    """

    item: NDArray[np.int64]
    other: NDArray[np.int64]
    weight: NDArray[np.float64]


def units_of(events: Interactions, gap_minutes: float) -> NDArray[np.int64]:
    """(n,) the unit of each event: what one shopper does with no longer silence in between."""
    if len(events.ts) == 0:
        return np.zeros(0, np.int64)
    gap = gap_minutes / (24 * 60) * MICROSECONDS_PER_DAY
    user = events.user
    opens = np.ones(len(user), bool)
    opens[1:] = (user[1:] != user[:-1]) | (np.diff(events.ts) > gap)
    return np.cumsum(opens) - 1


def met_in(events: Interactions, gap_minutes: float, least_units: int) -> sp.csr_array:
    """(n_units, n_items) 1 where the item was met; items met in fewer units are left out."""
    met = incidence(units_of(events, gap_minutes), events.item, events.n_items)
    known = np.asarray(met.sum(axis=0)).ravel() >= least_units
    kept = known[met.indices]
    starts = np.concatenate(([0], np.cumsum(kept)))[met.indptr]
    return sp.csr_array((met.data[kept], met.indices[kept], starts), shape=met.shape)


def _chance(met: sp.csr_array) -> float:
    """Units in which two items are expected together, by the product of their counts."""
    sizes = np.asarray(met.sum(axis=1, dtype=np.float64)).ravel()
    return float((sizes * (sizes - 1)).sum() / max(sizes.sum(), 1.0) ** 2)


def residuals(met: sp.csr_array, shrink: float, least: int, step: Step) -> Iterator[Residuals]:
    """Of all pairs that are met in at least so many units."""
    chance = _chance(met)
    for block in pairs(met, step):
        yield _residual(block, chance, shrink, least)


def _residual(block: Pairs, chance: float, shrink: float, least: int) -> Residuals:
    kept = np.flatnonzero(block.together >= least)
    expected = block.seen_item[kept] * block.seen_other[kept] * chance
    weight = (block.together[kept] - expected) / np.sqrt(expected + shrink)
    return Residuals(block.item[kept], block.other[kept], weight)


def not_met_in(blocks: Iterator[Residuals], others: sp.csr_array) -> Iterator[Residuals]:
    """The pairs that are not met in other units (n_units, n_items) more often than by chance."""
    seen = np.asarray(others.sum(axis=0, dtype=np.float64)).ravel()
    chance, by_item = _chance(others), sp.csr_array(others.T)
    for block in blocks:
        items, at = np.unique(block.item, return_inverse=True)
        together = sp.csr_array(by_item[items] @ others)[at, block.other] if len(items) else 0
        expected = seen[block.item] * seen[block.other] * chance
        kept = np.flatnonzero(np.asarray(together).ravel() <= expected)
        yield Residuals(block.item[kept], block.other[kept], block.weight[kept])


def strongest_links(blocks: Iterator[Residuals], n_items: int, most: int) -> ItemLinks:
    """The ``most`` largest residuals above 0 of each item."""
    near = [_largest(block, most) for block in blocks]
    item, other, weight = (np.concatenate(each) for each in zip(*near, strict=True))
    counts = np.bincount(item, minlength=n_items)
    return ItemLinks(
        np.concatenate(([0], np.cumsum(counts))),
        other.astype(np.int32),
        weight.astype(np.float16),
    )


def _largest(block: Residuals, most: int) -> Residuals:
    kept = np.flatnonzero(block.weight > 0)
    order = kept[np.lexsort((block.other[kept], -block.weight[kept], block.item[kept]))]
    item = block.item[order]
    near = order[np.arange(len(order)) - np.searchsorted(item, item) < most]
    return Residuals(block.item[near], block.other[near], block.weight[near])
