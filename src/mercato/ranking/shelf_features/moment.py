"""The time of the week."""

from mercato.ranking.shelf_facts import weekday
from mercato.ranking.shelf_features.family import Column, ShelfFamily
from mercato.ranking.shelf_features.pairs import Pairs


def _compute(pairs: Pairs) -> list[Column]:
    today = int(weekday(pairs.now))
    coming = pairs.facts.weekdays[pairs.known]
    return [coming[:, today], coming[:, [today, (today + 1) % 7, (today + 2) % 7]].mean(axis=1)]


MOMENT = ShelfFamily(
    "moment",
    {
        "weekday": "Log of this weekday's share of its purchases, over that of all items",
        "next days": "The same, of the next three days",
    },
    _compute,
)
