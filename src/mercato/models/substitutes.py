"""What may stand in for an item: what shoppers look at beside it and do not buy with it.

Items that are viewed in one session are alternatives, unless they end in one basket (McAuley et
al. 2015, https://doi.org/10.1145/2783258.2783381; Tian et al. 2021,
https://doi.org/10.1140/epjds/s13688-021-00297-4). Both are held against chance, see `residuals`:
a pair is kept that is met in sessions of views more often than by chance, and in baskets not. A
log without views teaches nothing here.
"""

from dataclasses import dataclass
from typing import ClassVar

from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, check_log
from mercato.models.linked import FittedLinks


@dataclass(frozen=True)
class FittedSubstitutes(FittedLinks):
    """Weights are residuals of sessions."""


@dataclass(frozen=True)
class Substitutes:
    """gap_minutes : silence after which a session, or a basket, ends
    neighbours     : most substitutes kept of an item
    shrink         : added to the variance of both residuals, as that of `complements`
    least_together : sessions that a pair shares at least
    """

    gap_minutes: float = 30.0
    neighbours: int = 50
    shrink: float = 20.0
    least_together: int = 2
    scale_days: float = 30.0
    power: float = 0.7
    fitted: ClassVar[type[FittedModel]] = FittedSubstitutes

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedSubstitutes:
        from mercato.models import residuals as met

        check_log(interactions, as_of)
        looked = interactions.of_kinds(Event.VIEW_ITEM, Event.SELECT_ITEM)
        sessions = met.met_in(looked, self.gap_minutes, self.least_together)
        bought = interactions.of_kinds(Event.PURCHASE)
        baskets = met.met_in(bought, self.gap_minutes, 1)
        viewed = met.residuals(sessions, self.shrink, self.least_together, step)
        instead = met.not_met_in(viewed, baskets)
        links = met.strongest_links(instead, interactions.n_items, self.neighbours)
        step.note(f"{len(links.target):,} pairs of items")
        return FittedSubstitutes(interactions.n_items, as_of, self.scale_days, self.power, *links)
