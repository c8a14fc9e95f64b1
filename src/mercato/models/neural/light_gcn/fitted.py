"""A LightGCN as served: numpy, without torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.models.base import FittedModel, Scored
from mercato.models.neural.outcome import Outcome
from mercato.models.preference import Forgetting, Preferences, preferences

FORGETTING = Forgetting(power=0)
"""What was met counts, whenever and however often."""


@dataclass(frozen=True)
class FittedLightGcn(FittedModel):
    """
    items    : (n_items, width) float32, the means over all layers
    passed   : (n_items, width) float32, what each item adds to a shopper's vector, but for the root
               of how many items the shopper met
    shoppers : (n_shoppers, width) float32, what those learned from have besides; 0 rows where they
               have nothing of their own
    proposed : (n_items,) bool, somebody met it
    """

    items: NDArray[np.float32]
    passed: NDArray[np.float32]
    shoppers: NDArray[np.float32]
    proposed: NDArray[np.bool_]
    outcome: Outcome

    def many(self, found: Preferences, rows: slice = slice(0, 0)) -> NDArray[np.float32]:
        """(n_shoppers, n_items) scores of several at once.

        rows : which of those learned from they are, where shoppers have vectors of their own
        """
        count = np.diff(found.offsets)
        owner = np.repeat(np.arange(len(count)), count)
        points = np.zeros((len(count), self.items.shape[1]), np.float32)
        np.add.at(points, owner, self.passed[found.item])
        points /= np.sqrt(np.maximum(count, 1))[:, None].astype(np.float32)
        if len(self.shoppers[rows]):
            points += self.shoppers[rows]
        return np.asarray(points @ self.items.T)

    def _scored(self, one: Interactions) -> Scored:
        found = preferences(one, self.as_of, FORGETTING)
        known = np.flatnonzero(self.proposed).astype(np.int32)
        if len(found.item) == 0:
            known = known[:0]
        return Scored(known, self.many(found)[0][known])
