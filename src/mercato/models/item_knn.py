"""What is bought or looked at in one go: cosine between items over sessions or over shoppers.

Sarwar et al. 2001 (https://doi.org/10.1145/371920.372071), Deshpande & Karypis 2004
(https://doi.org/10.1145/963770.963776); the shrunk cosine of Dacrema et al. 2021
(https://arxiv.org/abs/1911.07698).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored, check_log
from mercato.models.item_links import ItemLinks, follow, strongest
from mercato.models.preference import EVENT_WEIGHTS, Forgetting, preferences

_BLOCK = 2_000
"""Items whose neighbours are found at once; bounds the memory."""


@dataclass(frozen=True)
class FittedItemKnn(FittedModel):
    """offsets, target, weight : see `item_links`; weights are similarities, above 0, at most 1"""

    scale_days: float
    power: float
    offsets: NDArray[np.int64]
    target: NDArray[np.int32]
    weight: NDArray[np.float16]

    @property
    def links(self) -> ItemLinks:
        return ItemLinks(self.offsets, self.target, self.weight)

    def of_items(self, items: NDArray[np.integer], weights: NDArray[np.floating]) -> Scored:
        """The neighbours of some items, each item weighted."""
        return follow(self.links, items, weights)

    def evidence(
        self,
        items: NDArray[np.integer],
        weights: NDArray[np.floating],
        targets: NDArray[np.integer],
    ) -> NDArray[np.int64]:
        """(len(targets),) which of ``items`` says most for each target; -1: none."""
        return strongest(self.links, items, weights, targets)

    def _scored(self, one: Interactions) -> Scored:
        found = preferences(one, self.as_of, Forgetting(self.scale_days, self.power))
        return self.of_items(found.item, found.weight)


@dataclass(frozen=True)
class ItemKnn:
    """over           : what two items must share, a session or a shopper
    gap_minutes    : silence after which a session ends; what is bought at once is one session
    neighbours     : most neighbours kept of an item
    shrink         : added to the cosine's denominator, against chance meetings. Assumed
    least_together : sessions or shoppers that neighbours share at least
    """

    over: Literal["session", "shopper"] = "session"
    gap_minutes: float = 30.0
    neighbours: int = 50
    shrink: float = 10.0
    least_together: int = 2
    scale_days: float = 30.0
    power: float = 0.7
    fitted: ClassVar[type[FittedModel]] = FittedItemKnn

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedItemKnn:
        check_log(interactions, as_of)
        met = interactions.of_kinds(*EVENT_WEIGHTS)
        unit = self._sessions(met) if self.over == "session" else met.user
        blocks = list(self._neighbours(_incidence(unit, met), step))
        source, target, weight = map(np.concatenate, zip(*blocks, strict=True))
        counts = np.bincount(source, minlength=met.n_items)
        step.note(f"{len(target):,} pairs of items")
        return FittedItemKnn(
            interactions.n_items,
            as_of,
            self.scale_days,
            self.power,
            offsets=np.concatenate(([0], np.cumsum(counts))),
            target=target.astype(np.int32),
            weight=weight.astype(np.float16),
        )

    def _sessions(self, met: Interactions) -> NDArray[np.int64]:
        """(n,) the session of each event."""
        if len(met.ts) == 0:
            return np.zeros(0, np.int64)
        gap = self.gap_minutes / (24 * 60) * MICROSECONDS_PER_DAY
        user = met.user
        opens = np.ones(len(user), bool)
        opens[1:] = (user[1:] != user[:-1]) | (np.diff(met.ts) > gap)
        return np.cumsum(opens) - 1

    def _neighbours(
        self, incidence: sp.csr_array, step: Step
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]]:
        """(item, neighbour, similarity) by item, nearest first; block by block."""
        n_items = incidence.shape[1]
        seen = np.asarray(incidence.sum(axis=0)).ravel()
        by_item = sp.csr_array(incidence.T)
        for start in range(0, n_items, _BLOCK):
            stop = min(start + _BLOCK, n_items)
            together = (by_item[start:stop] @ incidence).tocoo()
            item, other = together.coords[0] + start, together.coords[1]
            kept = (item != other) & (together.data >= self.least_together)
            item, other, shared = item[kept], other[kept], together.data[kept]
            similarity = shared / (np.sqrt(seen[item] * seen[other]) + self.shrink)
            order = np.lexsort((other, -similarity, item))
            item, other, similarity = item[order], other[order], similarity[order]
            first = np.searchsorted(item, item)
            near = np.arange(len(item)) - first < self.neighbours
            step.advance(stop - start)
            yield item[near].astype(np.int64), other[near].astype(np.int32), similarity[near]


def _incidence(unit: NDArray[np.int64], met: Interactions) -> sp.csr_array:
    """(n_units, n_items) 1 where the item was met in the unit."""
    ones = np.ones(len(unit), np.float32)
    n_units = int(unit[-1]) + 1 if len(unit) else 0
    incidence = sp.csr_array((ones, (unit, met.item)), shape=(n_units, met.n_items))
    incidence.sum_duplicates()
    incidence.data[:] = 1
    return incidence
