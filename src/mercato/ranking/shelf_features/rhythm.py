"""Whether it is time to buy again: what has passed, against the shopper's and the item's rhythm."""

import numpy as np

from mercato.ranking.purchases import Numbers, Whole, looked_up
from mercato.ranking.shelf_facts import LONGEST
from mercato.ranking.shelf_features.family import Column, ShelfFamily
from mercato.ranking.shelf_features.pairs import Pairs

_PRIOR = 2.0
"""Intervals of the item's that the shopper's own are drawn towards."""

_NONE = -1.0
"""For a ratio to an interval that is not known: it was bought once."""


def _compute(pairs: Pairs) -> list[Column]:
    bought, groups, at = pairs.purchases, pairs.of_items, pairs.at
    order, first, last = groups.order, groups.first, groups.last
    age, trip = bought.age[order], bought.trip[order]
    since, start = pairs.since, age[first]
    opens = groups.opens(bought.trip)
    opens[first] = False
    follows = np.flatnonzero(opens)
    gap = age[follows - 1] - age[follows]
    of_gap = np.repeat(np.arange(len(groups)), groups.count)[follows]
    again = _summed(of_gap, np.ones(len(gap)), len(groups))
    gap_logs = _summed(of_gap, np.log(np.maximum(gap, 0.5)), len(groups))
    own = (start - since) / np.maximum(again, 1)
    repeated = again > 0
    own_trips = (trip[last] - trip[first]) / np.maximum(again, 1)
    trips_since = bought.trips_until[groups.user] - 1 - trip[last]
    prior = pairs.facts.interval[pairs.known]
    drawn = (looked_up(gap_logs, at) + _PRIOR * prior) / (looked_up(again, at) + _PRIOR)
    passed = np.log(np.maximum(looked_up(since, at, LONGEST), 0.5))

    def ratio(parts: Numbers | Whole, whole: Numbers) -> Column:
        return looked_up(np.where(repeated, parts / np.maximum(whole, 1e-3), _NONE), at, _NONE)

    return [
        looked_up(since, at, LONGEST),
        looked_up(start, at, LONGEST),
        looked_up(trips_since, at, LONGEST),
        looked_up(np.where(repeated, own, LONGEST), at, LONGEST),
        ratio(since, own),
        ratio(trips_since, own_trips),
        passed - prior,
        drawn,
        passed - drawn,
    ]


def _summed(group: Whole, values: Numbers, n_groups: int) -> Numbers:
    return np.asarray(np.bincount(group, values, n_groups), np.float64)


RHYTHM = ShelfFamily(
    "rhythm",
    {
        "since": "Days since it was last bought",
        "first": "Days since it was first bought",
        "trips since": "Trips since it was last bought",
        "interval": "Mean days between the shopper's purchases of it",
        "since of interval": "Days since, of that",
        "trips since of interval": "Trips since, of the mean trips between them",
        "since of item's": "Log of days since over the mean interval of all shoppers",
        "drawn interval": "Log of the shopper's interval, drawn towards all shoppers'",
        "since of drawn": "Log of days since, over that",
    },
    _compute,
)
