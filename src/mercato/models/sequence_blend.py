"""What the shopper transformer says comes next, and what came next in histories like this one.

The network generalises; neighbours know by heart. Both tell chances of the next item, which are
added up.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored
from mercato.models.session_knn import FittedSessionKnn, SessionKnn
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.model import ShopperTransformer


@dataclass(frozen=True)
class FittedSequenceBlend(FittedModel):
    weight: float
    transformer: FittedShopperTransformer
    knn: FittedSessionKnn

    def _scored(self, one: Interactions) -> Scored:
        """Chances by the transformer, and weighted shares of the neighbours' scores."""
        found = self.transformer.scored(one)
        if len(found.items) == 0:
            return found
        shares = np.exp(found.scores - found.scores.max())
        totals = np.zeros(self.n_items, np.float32)
        totals[found.items] = shares / shares.sum()
        near = self.knn.at(self.as_of).scored(one)
        if len(near.items):
            totals[near.items] += self.weight * near.scores / near.scores.sum()
        items = np.union1d(found.items, near.items)
        return Scored(items.astype(np.int32), totals[items])


@dataclass(frozen=True)
class SequenceBlend:
    """weight : of the neighbours' shares, against 1 for the transformer's chances"""

    weight: float = 0.5
    transformer: ShopperTransformer = field(default_factory=ShopperTransformer)
    knn: SessionKnn = SessionKnn()
    fitted: ClassVar[type[FittedModel]] = FittedSequenceBlend

    def within(self, minutes: float) -> Self:
        """The same, learned in so many minutes at most."""
        return replace(self, transformer=self.transformer.within(minutes))

    def seeded(self, seed: int) -> Self:
        """The same from another beginning."""
        return replace(self, transformer=self.transformer.seeded(seed))

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedSequenceBlend:
        return FittedSequenceBlend(
            interactions.n_items,
            as_of,
            self.weight,
            self.transformer.fit(interactions, as_of, step),
            self.knn.fit(interactions, as_of, step),
        )
