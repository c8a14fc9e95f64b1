"""Shoppers whose wishes are known, for measuring what a loop that learns makes of their clicks.

Each likes the products of two of eight kinds, which nothing in the catalogue tells, and of a kind
the good ones more. A place of a shelf is looked at by chance, the higher the likelier (Joachims et
al. 2017, https://doi.org/10.1145/3018661.3018699: 1 / place to a power). What is looked at is
clicked as much as it is liked, what is clicked goes into a cart or is bought now and then, and what
was bought is wanted no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KINDS = 8
PLACES = 10
BIAS = 0.5
"""Power of the position bias."""

LIKED, OTHERS = 0.8, 0.04
"""Chance of a click on the best product of a kind that is liked, and of another."""

CARTS, BUYS = 0.4, 0.03
"""Chances that what was clicked is put into a cart, and that it is bought."""

Floats = NDArray[np.float64]

LOOKED_AT: Floats = 1 / np.arange(1, PLACES + 1) ** BIAS
"""(PLACES,) chance that a place is looked at."""


@dataclass(frozen=True)
class Visit:
    """Places of a shelf, counted from 0."""

    clicks: list[int]
    carts: list[int]
    buys: list[int]


@dataclass
class Crowd:
    """likes  : (n_shoppers, n_items) chance of a click on what is looked at
    bought : the same shape
    """

    likes: Floats
    bought: NDArray[np.bool_]
    random: np.random.Generator

    @classmethod
    def of(cls, shoppers: int, items: int, seed: int) -> "Crowd":
        random = np.random.default_rng(seed)
        kind = np.arange(items) % KINDS
        good = random.beta(1.5, 2.5, items)
        favourite = random.random((shoppers, KINDS)).argsort(axis=1)[:, :2]
        likes_kind = np.full((shoppers, KINDS), OTHERS)
        np.put_along_axis(likes_kind, favourite, LIKED, axis=1)
        likes = likes_kind[:, kind] * good
        return cls(likes, np.zeros(likes.shape, bool), random)

    def wants(self, shopper: int) -> Floats:
        """(n_items,) what the shopper would click now."""
        return np.where(self.bought[shopper], 0.0, self.likes[shopper])

    def visit(self, shopper: int, shelf: Sequence[int]) -> "Visit":
        """What a shopper does with a shelf."""
        items = np.asarray(shelf[:PLACES])
        looks = self.random.random(len(items)) < LOOKED_AT[: len(items)]
        clicks = np.flatnonzero(
            looks & (self.random.random(len(items)) < self.wants(shopper)[items])
        )
        carts = clicks[self.random.random(len(clicks)) < CARTS]
        buys = clicks[self.random.random(len(clicks)) < BUYS]
        self.bought[shopper, items[buys]] = True
        return Visit(clicks.tolist(), carts.tolist(), buys.tolist())

    def worth(self, shopper: int, shelf: Sequence[int]) -> float:
        """Clicks that a shelf earns of a shopper in the mean."""
        items = np.asarray(shelf[:PLACES], np.int64)
        return float(self.wants(shopper)[items] @ LOOKED_AT[: len(items)])

    def best(self, shopper: int) -> float:
        """The same of the best shelf there is."""
        return self.worth(shopper, np.argsort(-self.wants(shopper))[:PLACES].tolist())
