"""A graph filter and matrix factorisation, added up.

The filter keeps who met what with whom as it is; the factors, learned to predict, say what else
would fit. Each shopper's scores of both are divided by their standard deviation over all items,
since one knows no scale of the other.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored
from mercato.models.graph_filter.filter import FittedGraphFilter, GraphFilter
from mercato.models.ials import FittedIals, Ials
from mercato.models.preference import Preferences


@dataclass(frozen=True)
class FittedGraphBlend(FittedModel):
    weight: float
    graph: FittedGraphFilter
    factors: FittedIals

    def many(self, found: Preferences) -> NDArray[np.float32]:
        """(n_shoppers, n_items) scores of several at once; items that nobody met score 0."""
        known = self.graph.degree > 0
        scores = np.zeros((len(found.offsets) - 1, self.n_items), np.float32)
        scores[:, known] = _scaled(self.graph.many(found)[:, known])
        scores[:, known] += self.weight * _scaled(self.factors.many(found)[:, known])
        return scores

    def _scored(self, one: Interactions) -> Scored:
        linked = self.graph.at(self.as_of).scored(one)
        fitting = self.factors.at(self.as_of).scored(one)
        # Both know the items that anybody met, in their order.
        return Scored(linked.items, _scaled(linked.scores) + self.weight * _scaled(fitting.scores))


def _scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """(…, n_items) over its standard deviation; what does not vary is 0."""
    if scores.shape[-1] == 0:
        return scores
    spread = scores.std(axis=-1, keepdims=True)
    scaled = np.divide(scores, spread, out=np.zeros_like(scores), where=spread > 0)
    return np.asarray(scaled, np.float32)


@dataclass(frozen=True)
class GraphBlend:
    """weight : of the factors' scores, against 1 for the filter's"""

    weight: float = 0.5
    graph: GraphFilter = GraphFilter()
    factors: Ials = Ials()
    fitted: ClassVar[type[FittedModel]] = FittedGraphBlend

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedGraphBlend:
        return FittedGraphBlend(
            interactions.n_items,
            as_of,
            self.weight,
            self.graph.fit(interactions, as_of, step),
            self.factors.fit(interactions, as_of, step),
        )
