"""What comes next: chances of going from one item to another within a session.

A first-order Markov chain has them from the newest item alone (Rendle et al. 2010,
https://doi.org/10.1145/1772690.1772773, section 3). With more ``window`` also what comes a few
events later counts, less with each; with ``back`` the same the other way round; with ``fading``
older items of the asked session speak too; and with ``second`` the chain goes one step further, so
that rare items reach what no session had beside them (the walk of Cooper et al. 2014,
https://doi.org/10.1145/2567948.2579244, over items).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored, check_log
from mercato.models.item_links import ItemLinks, follow
from mercato.models.sessions import Query, query_of


@dataclass(frozen=True)
class FittedMarkov(FittedModel):
    """offsets, target, weight : see `item_links`; weights are chances, at most 1 an item"""

    gap_minutes: float
    fading: float
    second: float
    offsets: NDArray[np.int64]
    target: NDArray[np.int32]
    weight: NDArray[np.float16]

    @property
    def links(self) -> ItemLinks:
        return ItemLinks(self.offsets, self.target, self.weight)

    def of_query(self, query: Query) -> Scored:
        """Chances by item, of the first step and, weighted, of the second."""
        weight = np.exp(-query.back / self.fading) if self.fading else query.back == 0
        first = follow(self.links, query.item, weight / max(weight.sum(), 1))
        if not self.second:
            return first
        then = follow(self.links, first.items, first.scores)
        totals = np.zeros(self.n_items, np.float32)
        totals[then.items] = self.second * then.scores
        totals[first.items] += first.scores
        items = np.flatnonzero(totals)
        return Scored(items.astype(np.int32), totals[items])

    def _scored(self, one: Interactions) -> Scored:
        return self.of_query(query_of(one, self.gap_minutes))


@dataclass(frozen=True)
class Markov:
    """gap_minutes : silence after which a session ends
    window      : events that one may come after another
    reach       : events by which what comes later counts 1/e
    back        : what coming before counts, against 1 for coming after
    fading      : moments after which an asked item counts 1/e; 0: only the newest speak
    second      : what the second step counts, against 1 for the first
    links       : chances kept of an item, the greatest
    """

    gap_minutes: float = 30.0
    window: int = 1
    reach: float = 2.0
    back: float = 0.0
    fading: float = 0.0
    second: float = 0.0
    links: int = 200
    fitted: ClassVar[type[FittedModel]] = FittedMarkov

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedMarkov:
        from mercato.models import transitions

        check_log(interactions, as_of)
        weights = [np.exp(-lag / self.reach) for lag in range(self.window)]
        counted = transitions.counted(interactions, self.gap_minutes, weights, self.back)
        links = transitions.chances(counted, self.links)
        step.note(f"{len(links.target):,} transitions")
        return FittedMarkov(
            interactions.n_items, as_of, self.gap_minutes, self.fading, self.second, *links
        )
