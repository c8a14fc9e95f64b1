"""What shoppers do with an item: how many buy it, how often a look at it ends in a purchase."""

import numpy as np

from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family


def _compute(asked: Asked) -> list[Column]:
    candidates = asked.candidates
    catalogue = candidates.catalogue
    buyers = np.maximum(catalogue.popularity[candidates.rows], 0)
    most = max(float(buyers.max(initial=0)), 1.0)
    bought = [np.log1p(buyers), buyers / np.float32(most)]
    if candidates.demand is None:
        return [*bought, *[np.zeros(len(asked), np.float32)] * 2]
    return [*bought, *candidates.demand.rates(catalogue.base_of[candidates.rows])]


DEMAND = Family(
    "demand",
    {
        "buyers": "Log of the shoppers who bought it",
        "buyers of most": "The same, as a share of the most bought candidate's",
        "click rate": "Log of its share of clicks among impressions, over the shop's, smoothed",
        "purchase rate": "Log of its share of purchases among views, over the shop's, smoothed",
    },
    _compute,
)
