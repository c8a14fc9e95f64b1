"""What is offered: price, saving, stock, age, image."""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.facts import NUMBERS
from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family

_PRICE, _SAVING, _CREATED, _STOCK, _IMAGE = range(len(NUMBERS))

_MICROSECONDS_PER_DAY = 86_400_000_000

_FRESH_DAYS = 90
"""Age at which freshness has fallen to 1/2. Assumed."""

_MOST_APART = 4.0
"""Powers of e: a price further than this from the others is as far as this."""


def _prices(price: NDArray[np.float32], standing: NDArray[np.float32]) -> list[Column]:
    """Log of the price against that of the best candidates, and its rank among all."""
    known = np.isfinite(price) & (price > 0)
    if not known.any():
        return [np.zeros(len(price), np.float32), np.full(len(price), 0.5, np.float32)]
    log = np.log(np.where(known, price, 1))
    weight = np.where(known, standing, 0)
    order = np.argsort(log, kind="stable")
    order = order[known[order]]
    below = np.cumsum(weight[order])
    middle = log[order[min(int(np.searchsorted(below, below[-1] / 2)), len(order) - 1)]]
    rank = np.full(len(price), 0.5)
    rank[order] = (np.arange(len(order)) + 0.5) / len(order)
    apart = np.clip(log - middle, -_MOST_APART, _MOST_APART)
    return [np.where(known, apart, 0), rank]


def _compute(asked: Asked) -> list[Column]:
    numbers = asked.facts.numbers
    created, stock = numbers[:, _CREATED], numbers[:, _STOCK]
    days = asked.candidates.now / _MICROSECONDS_PER_DAY - created
    fresh = _FRESH_DAYS / (_FRESH_DAYS + np.maximum(days, 0))
    return [
        *_prices(numbers[:, _PRICE], asked.standing),
        numbers[:, _SAVING],
        np.where(np.isfinite(stock), stock, 1),
        np.where(np.isfinite(created), fresh, 0),
        numbers[:, _IMAGE],
    ]


OFFER = Family(
    "offer",
    {
        "price apart": "Log of the price over the price of the candidates that fit best",
        "price rank": "Place of the price among the candidates', 0 cheapest, 1 dearest",
        "saving": "Share of the price that is off",
        "in stock": "Whether it can be bought now",
        "fresh": "1 for an item of today, 1/2 after 90 days",
        "image": "Whether it has a picture",
    },
    _compute,
)
