"""What shoppers of the same things care for: a linear model in closed form.

EASE (Steck 2019, https://arxiv.org/abs/1905.03375): the weights B that predict each item from all
others, minimising |X - X B|^2 + regularisation |B|^2 with a diagonal of zero, are
B = I - P / diag(P) for P = (X'X + regularisation I)^-1. With power 0 and momentum 0 this is that.

Ours, each chosen on November 2017 of Complete Journey by recall@20 of items new to the household
(plain EASE .049, both together .056): X holds forgotten preferences instead of ones, and a score
is multiplied by the item's momentum, because what a shopper has not bought all year is bought in
its season. Of each item's weights the strongest ``links`` are kept, which there costs nothing.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored, check_log
from mercato.models.item_links import ItemLinks
from mercato.models.linked import FittedLinks
from mercato.models.popularity import newest, shoppers_of_items
from mercato.models.preference import Forgetting, Preferences, preferences


@dataclass(frozen=True)
class FittedEase(FittedLinks):
    """lift : (n_items,) float32, what a score is multiplied by"""

    lift: NDArray[np.float32]

    def of_items(self, items: NDArray[np.integer], weights: NDArray[np.floating]) -> Scored:
        found = super().of_items(items, weights)
        return Scored(found.items, found.scores * self.lift[found.items])


@dataclass(frozen=True)
class Ease:
    """items          : so many of the most popular are learned; memory is 4 * items ** 2 bytes
    regularisation : Steck's lambda
    links          : most weights kept of an item, by size
    momentum       : exponent; 0: none
    momentum_days  : the newest days, against which the whole log is held
    """

    items: int = 8_000
    regularisation: float = 200.0
    links: int = 200
    scale_days: float = 30.0
    power: float = 0.7
    momentum: float = 0.35
    momentum_days: float = 28.0
    fitted: ClassVar[type[FittedModel]] = FittedEase

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedEase:
        check_log(interactions, as_of)
        shoppers = shoppers_of_items(interactions)
        learned = np.argsort(-shoppers, kind="stable")[: self.items]
        learned = np.sort(learned[shoppers[learned] > 0])
        found = preferences(interactions, as_of, Forgetting(self.scale_days, self.power))
        links = self._links(found, learned, interactions.n_items, step)
        step.note(f"{len(learned):,} items, {len(links.target):,} links")
        return FittedEase(
            interactions.n_items,
            as_of,
            self.scale_days,
            self.power,
            *links,
            lift=self._lift(interactions, as_of, shoppers),
        )

    def _links(
        self, found: Preferences, learned: NDArray[np.int64], n_items: int, step: Step
    ) -> ItemLinks:
        """The strongest weights between the ``learned`` items."""
        from mercato.models.closed_form import linear_weights

        kept = min(self.links, max(len(learned) - 1, 0))
        target = np.zeros((len(learned), kept), np.int32)
        weight = np.zeros((len(learned), kept), np.float16)
        for rows, weights in linear_weights(found, learned, self.regularisation, step):
            near = np.argpartition(-np.abs(weights), min(kept, len(learned) - 1), axis=1)
            near = np.sort(near[:, :kept], axis=1)
            target[rows] = learned[near]
            weight[rows] = np.take_along_axis(weights, near, axis=1)
        counts = np.zeros(n_items, np.int64)
        counts[learned] = kept
        return ItemLinks(np.concatenate(([0], np.cumsum(counts))), target.ravel(), weight.ravel())

    def _lift(
        self, interactions: Interactions, as_of: int, shoppers: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """(n_items,) shoppers of the newest days against a share of all of them."""
        if len(interactions.ts) == 0:
            return np.ones(interactions.n_items, np.float32)
        recent = shoppers_of_items(newest(interactions, as_of, self.momentum_days))
        days = (as_of - int(interactions.ts.min())) / MICROSECONDS_PER_DAY
        expected = shoppers * min(1.0, self.momentum_days / max(days, 1.0))
        return (((recent + 1) / (expected + 1)) ** self.momentum).astype(np.float32)
