"""What completes an item: what stands in its baskets more often than chance would have it.

Complements are bought together, substitutes instead of each other (McAuley et al. 2015,
https://doi.org/10.1145/2783258.2783381); the statistic is that of `residuals`, over baskets. On
November 2017 of Complete Journey, learned before it, the ten best of other leaf categories hold
something else of the basket for .255 of 2,089 items out of baskets, the ten best by cosine for
.186; in baskets of that month the three best pairs are met 2.4 times as often as by chance, those
of the cosine 1.7 times.
"""

from dataclasses import dataclass
from typing import ClassVar

from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, check_log
from mercato.models.linked import FittedLinks


@dataclass(frozen=True)
class FittedComplements(FittedLinks):
    """Weights are residuals."""


@dataclass(frozen=True)
class Complements:
    """gap_minutes : silence after which a shopper's next purchase opens a new basket
    neighbours     : most complements kept of an item
    shrink         : added to the variance. Chosen on November 2017: 5 finds fewer, 100 more of the
                     basket, with pairs that are nearer to chance
    least_together : baskets that a pair shares at least
    least_baskets  : items in fewer are not learned from. Assumed
    """

    gap_minutes: float = 30.0
    neighbours: int = 50
    shrink: float = 20.0
    least_together: int = 2
    least_baskets: int = 2
    scale_days: float = 30.0
    power: float = 0.7
    fitted: ClassVar[type[FittedModel]] = FittedComplements

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedComplements:
        from mercato.models import residuals as met

        check_log(interactions, as_of)
        bought = interactions.of_kinds(Event.PURCHASE)
        baskets = met.met_in(bought, self.gap_minutes, self.least_baskets)
        found = met.residuals(baskets, self.shrink, self.least_together, step)
        links = met.strongest_links(found, interactions.n_items, self.neighbours)
        step.note(f"{len(links.target):,} pairs of items")
        return FittedComplements(interactions.n_items, as_of, self.scale_days, self.power, *links)
