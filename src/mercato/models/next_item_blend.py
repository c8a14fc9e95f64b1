"""What a network expects next, and what came next in sessions like this one, added up.

The network knows what items have in common, even of those that few met; sessions like this one
know what was met together, however rare. Both speak in chances, so one weight is enough.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored
from mercato.models.neural.outcome import Outcome
from mercato.models.session_blend import FittedSessionBlend, SessionBlend
from mercato.models.sessions import query_of
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.model import ShopperTransformer


class Said(NamedTuple):
    """What is said of every item, 0 of those that are not proposed. All (n_items,) float32.

    network  : chances
    near     : scores of sessions like this one
    led      : chances of the walk
    sessions : shares of both together
    total    : the weighted sum of the network's chances and the sessions' shares
    """

    network: NDArray[np.float32]
    near: NDArray[np.float32]
    led: NDArray[np.float32]
    sessions: NDArray[np.float32]
    total: NDArray[np.float32]


@dataclass(frozen=True)
class FittedNextItemBlend(FittedModel):
    weight: float
    network: FittedShopperTransformer
    sessions: FittedSessionBlend

    @property
    def outcome(self) -> Outcome:
        """Of the network's training."""
        return self.network.outcome

    def said(self, one: Interactions) -> Said:
        """What both halves say of one shopper's next item."""
        told = self.network.at(self.as_of).scored(one)
        network = np.zeros(self.n_items, np.float32)
        if len(told.items):
            chance = np.exp(told.scores - told.scores.max())
            network[told.items] = chance / chance.sum()
        sessions = self.sessions.at(self.as_of)
        near, led = sessions.parts(query_of(one, sessions.gap_minutes))
        shares = self._dense(sessions.together(near, led))
        shares /= shares.sum() or 1.0
        total = (1 - self.weight) * network + self.weight * shares
        return Said(network, self._dense(near), self._dense(led), shares, total)

    def _dense(self, found: Scored) -> NDArray[np.float32]:
        dense = np.zeros(self.n_items, np.float32)
        dense[found.items] = found.scores
        return dense

    def _scored(self, one: Interactions) -> Scored:
        total = self.said(one).total
        items = np.flatnonzero(total)
        return Scored(items.astype(np.int32), total[items])


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
