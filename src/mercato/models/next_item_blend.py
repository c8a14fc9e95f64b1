"""What a network expects next, and what came next in sessions like this one, added up.

The network knows what items have in common, even of those that few met; sessions like this one
know what was met together, however rare. Both speak in chances, so one weight is enough.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored
from mercato.models.neural.outcome import Outcome
from mercato.models.session_blend import FittedSessionBlend, SessionBlend
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.model import ShopperTransformer


@dataclass(frozen=True)
class FittedNextItemBlend(FittedModel):
    weight: float
    network: FittedShopperTransformer
    sessions: FittedSessionBlend

    @property
    def outcome(self) -> Outcome:
        """Of the network's training."""
        return self.network.outcome

    def _scored(self, one: Interactions) -> Scored:
        totals = np.zeros(self.n_items, np.float32)
        told = self.network.at(self.as_of).scored(one)
        if len(told.items):
            chance = np.exp(told.scores - told.scores.max())
            totals[told.items] = (1 - self.weight) * chance / chance.sum()
        found = self.sessions.at(self.as_of).scored(one)
        if len(found.items):
            totals[found.items] += self.weight * found.scores / found.scores.sum()
        items = np.flatnonzero(totals)
        return Scored(items.astype(np.int32), totals[items])


@dataclass(frozen=True)
class NextItemBlend:
    """weight : of what sessions say, of 1 in all"""

    weight: float = 0.5
    network: ShopperTransformer = field(default_factory=ShopperTransformer)
    sessions: SessionBlend = field(default_factory=SessionBlend)
    fitted: ClassVar[type[FittedModel]] = FittedNextItemBlend

    def within(self, minutes: float) -> Self:
        """The same, its network learned in so many minutes at most."""
        return replace(self, network=self.network.within(minutes))

    def seeded(self, seed: int) -> Self:
        """The same from another beginning."""
        return replace(self, network=self.network.seeded(seed))

    def on(self, device: str) -> Self:
        """The same, its network learned on "cpu", "cuda", "cuda:1"…"""
        return replace(self, network=self.network.on(device))

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedNextItemBlend:
        return FittedNextItemBlend(
            interactions.n_items,
            as_of,
            self.weight,
            self.network.fit(interactions, as_of, step),
            self.sessions.fit(interactions, as_of, step),
        )
