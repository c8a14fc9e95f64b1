"""What is bought or looked at in one go: cosine between items over sessions or over shoppers.

Sarwar et al. 2001 (https://doi.org/10.1145/371920.372071), Deshpande & Karypis 2004
(https://doi.org/10.1145/963770.963776); the shrunk cosine of Dacrema et al. 2021
(https://arxiv.org/abs/1911.07698).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, check_log
from mercato.models.linked import FittedLinks
from mercato.models.sessions import said, session_of

if TYPE_CHECKING:
    from mercato.models.co_occurrence import Pairs


@dataclass(frozen=True)
class FittedItemKnn(FittedLinks):
    """Weights are similarities, at most 1."""


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
        from mercato.models import co_occurrence

        check_log(interactions, as_of)
        met = said(interactions)
        unit = session_of(met, self.gap_minutes) if self.over == "session" else met.user
        incidence = co_occurrence.incidence(unit, met.item, met.n_items)
        blocks = [self._nearest(pairs) for pairs in co_occurrence.pairs(incidence, step)]
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

    def _nearest(
        self, pairs: "Pairs"
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """(item, neighbour, similarity) by item, nearest first."""
        item, other = pairs.item, pairs.other
        similarity = pairs.together / (np.sqrt(pairs.seen_item * pairs.seen_other) + self.shrink)
        kept = np.flatnonzero(pairs.together >= self.least_together)
        order = kept[np.lexsort((other[kept], -similarity[kept], item[kept]))]
        ordered = item[order]
        near = order[np.arange(len(order)) - np.searchsorted(ordered, ordered) < self.neighbours]
        return item[near], other[near], similarity[near]
