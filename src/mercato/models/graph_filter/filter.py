"""A shopper's items, smoothed over the graph of who met what.

M = U^-shopper_power X D^-item_power for preferences X (shoppers, items) with the shoppers' sums on
U's diagonal and the items' on D's. What a shopper met, x, is scored by two filters of M'M,

    x D^-linear_degree M'M D^linear_degree                            links between items
    x D^-pass_degree V diag(low_pass values^tilt) V' D^pass_degree    its leading eigenvectors V

the values and M'M divided by the greatest eigenvalue. GF-CF (Shen et al. 2021,
https://arxiv.org/abs/2108.07567) has powers of 1/2, a linear_degree of 0, a pass_degree of 1/2 and
a tilt of 0; ChebyCF (Kim et al. 2025, https://arxiv.org/abs/2505.00552) one degree for both.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored, check_log
from mercato.models.item_links import ItemLinks, follow
from mercato.models.preference import Forgetting, Preferences, preferences

if TYPE_CHECKING:
    import scipy.sparse as sp

_WIDEST = 1024.0
"""The greatest link is stored as this, so that half precision holds links of a 10,000,000th."""


@dataclass(frozen=True)
class FittedGraphFilter(FittedModel):
    """offsets, target, weight : see `item_links`
    scale   : what a link's weight is multiplied by
    degree  : (n_items,) float32, sums of preferences; 0 where nobody met the item
    vectors : (n_items, k) float32
    gains   : (k,) float32
    """

    scale_days: float
    power: float
    linear_degree: float
    pass_degree: float
    scale: float
    offsets: NDArray[np.int64]
    target: NDArray[np.int32]
    weight: NDArray[np.float16]
    degree: NDArray[np.float32]
    vectors: NDArray[np.float32]
    gains: NDArray[np.float32]

    def many(self, found: Preferences) -> NDArray[np.float32]:
        """(n_shoppers, n_items) scores of several at once, in dense products.

        As `score` but for rounding, and that items which nobody met score 0.
        """
        import scipy.sparse as sp

        shape = (len(found.offsets) - 1, self.n_items)
        met = sp.csr_array((found.weight, found.item, found.offsets), shape)
        linear, smooth = self._powers(self.linear_degree), self._powers(self.pass_degree)
        scores = (self._divided(met, linear) @ self._links).toarray()
        scores *= linear * np.float32(self.scale)
        passed = (self._divided(met, smooth) @ self.vectors) * self.gains
        scores += passed @ self.vectors.T * smooth
        return np.asarray(scores, np.float32)

    @cached_property
    def _links(self) -> "sp.csr_array":
        """(n_items, n_items) float32."""
        import scipy.sparse as sp

        shape = (self.n_items, self.n_items)
        return sp.csr_array((self.weight.astype(np.float32), self.target, self.offsets), shape)

    def _scored(self, one: Interactions) -> Scored:
        found = preferences(one, self.as_of, Forgetting(self.scale_days, self.power))
        met = self.degree[found.item] > 0
        items, weights = found.item[met], found.weight[met]
        known = np.flatnonzero(self.degree > 0).astype(np.int32)
        if len(items) == 0:
            return Scored(known[:0], np.zeros(0, np.float32))
        linear, smooth = self._powers(self.linear_degree), self._powers(self.pass_degree)
        linked = follow(
            ItemLinks(self.offsets, self.target, self.weight), items, weights / linear[items]
        )
        scores = np.zeros(self.n_items, np.float32)
        scores[linked.items] = linked.scores * np.float32(self.scale) * linear[linked.items]
        passed = (weights / smooth[items]) @ self.vectors[items] * self.gains
        scores += self.vectors @ passed * smooth
        return Scored(known, scores[known])

    def _powers(self, exponent: float) -> NDArray[np.float32]:
        """(n_items,) degree ** exponent; 1 where nobody met the item."""
        known = np.where(self.degree > 0, self.degree, np.float32(1))
        return np.asarray(known ** np.float32(exponent), np.float32)

    @staticmethod
    def _divided(met: "sp.csr_array", powers: NDArray[np.float32]) -> "sp.csr_array":
        divided = met.copy()
        divided.data = met.data / powers[met.indices]
        return divided


@dataclass(frozen=True)
class GraphFilter:
    """shopper_power, item_power, linear_degree, pass_degree, low_pass, tilt : see above
    factors : most eigenvectors
    links   : most links kept of an item; 0: all
    """

    shopper_power: float = 0.3
    item_power: float = 0.3
    linear_degree: float = 0.2
    pass_degree: float = 0.2
    low_pass: float = 0.03
    tilt: float = 0.0
    factors: int = 256
    links: int = 500
    scale_days: float = 30.0
    power: float = 0.7
    seed: int = 0
    fitted: ClassVar[type[FittedModel]] = FittedGraphFilter

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedGraphFilter:
        from mercato.models.graph_filter import graph
        from mercato.models.graph_filter.spectrum import leading

        check_log(interactions, as_of)
        found = preferences(interactions, as_of, Forgetting(self.scale_days, self.power))
        met = graph.normalised(found, interactions.n_items, self.shopper_power, self.item_power)
        values, vectors = leading(met, self.factors, self.seed, step)
        greatest = float(values[0]) if len(values) else 1.0
        linked = graph.links(met, self.links, step)
        widest = float(linked.weight.max(initial=0)) or 1.0
        step.note(f"{len(linked.target):,} links, {len(values)} factors")
        return FittedGraphFilter(
            interactions.n_items,
            as_of,
            self.scale_days,
            self.power,
            self.linear_degree,
            self.pass_degree,
            widest / _WIDEST / greatest,
            linked.offsets,
            linked.target,
            (linked.weight * (_WIDEST / widest)).astype(np.float16),
            np.bincount(found.item, found.weight, interactions.n_items).astype(np.float32),
            vectors,
            (self.low_pass * (values / greatest) ** self.tilt).astype(np.float32),
        )
