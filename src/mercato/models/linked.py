"""What was fitted where a model is links between items: the sum over what a shopper cares for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.models.base import FittedModel, Scored
from mercato.models.item_links import ItemLinks, follow, strongest
from mercato.models.preference import Forgetting, preferences


@dataclass(frozen=True)
class FittedLinks(FittedModel):
    """offsets, target, weight : see `item_links`"""

    scale_days: float
    power: float
    offsets: NDArray[np.int64]
    target: NDArray[np.int32]
    weight: NDArray[np.float16]

    @property
    def links(self) -> ItemLinks:
        return ItemLinks(self.offsets, self.target, self.weight)

    @property
    def forgetting(self) -> Forgetting:
        return Forgetting(self.scale_days, self.power)

    def of_items(self, items: NDArray[np.integer], weights: NDArray[np.floating]) -> Scored:
        """What is linked to some items, each item weighted."""
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
        found = preferences(one, self.as_of, self.forgetting)
        return self.of_items(found.item, found.weight)
