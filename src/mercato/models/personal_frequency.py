"""What a shopper bought most: the strongest simple baseline where purchases repeat.

With forgetting, item i of shopper u scores the sum over purchase lines of
(1 + age / scale_days) ** -power; without (power 0) it is the count of lines (TopPersonal, Hu et
al. 2020, https://arxiv.org/abs/2006.00556).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES, Interactions, history
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored, check_log

_TIE = 1e-3
"""Purchase lines that the most bought item is worth above one that nobody bought."""


@dataclass(frozen=True)
class FittedPersonalFrequency(FittedModel):
    """tie : (n_items,) float32, what orders items that a shopper bought equally often"""

    scale_days: float
    power: float
    tie: NDArray[np.float32]

    def _scored(self, one: Interactions) -> Scored:
        bought = one.of_kinds(Event.PURCHASE)
        found = history(bought, self.as_of, scale_days=self.scale_days, power=self.power)
        return Scored(found.item, (found.recency + self.tie[found.item]).astype(np.float32))


@dataclass(frozen=True)
class PersonalFrequency:
    """See `preference.Forgetting` for where the defaults are from."""

    scale_days: float = 30.0
    power: float = 0.7
    fitted: ClassVar[type[FittedModel]] = FittedPersonalFrequency

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedPersonalFrequency:
        check_log(interactions, as_of)
        bought = interactions.item[interactions.event == EVENT_CODES[Event.PURCHASE]]
        lines = np.log1p(np.bincount(bought, minlength=interactions.n_items))
        tie = _TIE * lines / max(lines.max(initial=0), 1)
        step.note(f"{len(bought):,} purchases")
        return FittedPersonalFrequency(
            interactions.n_items, as_of, self.scale_days, self.power, tie.astype(np.float32)
        )
