"""How many buy an item, whether that rises or falls, and how faithfully they do."""

import numpy as np

from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.ranking.shelf_facts import WINDOWS
from mercato.ranking.shelf_features.family import Column, ShelfFamily
from mercato.ranking.shelf_features.pairs import Pairs


def _compute(pairs: Pairs) -> list[Column]:
    facts, at = pairs.facts, pairs.known
    lately, before = np.log1p(facts.lately[at]), np.log1p(facts.before[at])
    shoppers, repeats = np.log1p(facts.shoppers[at]), facts.repeats[at]
    of = {days: lately[:, number] for number, days in enumerate(WINDOWS)}
    passed = max(pairs.now - facts.as_of, 0) / MICROSECONDS_PER_DAY
    return [
        shoppers,
        *of.values(),
        of[7] - np.log1p(facts.lately[at, WINDOWS.index(28)] / 4),
        of[14] - before[:, 0],
        of[28] - before[:, 1],
        of[28] - np.log1p(facts.shoppers[at] / 10),
        *repeats.T,
        facts.last[at] + passed,
        facts.kind_trend[at],
    ]


DEMAND = ShelfFamily(
    "demand",
    {
        "shoppers": "Log of its shoppers",
        **{f"shoppers of {days} days": f"Log of those of the newest {days}" for days in WINDOWS},
        "week of month": "Log of the newest week's, over a quarter of four weeks'",
        "trend of 14 days": "Log of two weeks', over the two before",
        "trend of 28 days": "Log of four weeks', over the four before",
        "momentum": "Log of four weeks', over a tenth of all",
        "repeats": "Share of its purchases that were repeats",
        "faithful": "Share of its buyers who bought it on several occasions",
        "came back": "Share of its buyers of before four weeks who bought it since",
        "last sold": "Days since anybody bought it",
        "category's trend": "Log of its category's purchases, over what is usual",
    },
    _compute,
)
