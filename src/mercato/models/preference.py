"""How much each shopper cares for each item that they touched."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES, FEW_STARS, IS_RATED, Interactions, history

EVENT_WEIGHTS: dict[Event, float] = {
    Event.PURCHASE: 1.0,
    Event.ADD_TO_CART: 0.5,
    Event.ADD_TO_WISHLIST: 0.5,
    Event.REVIEW: 0.5,
    Event.VIEW_ITEM: 0.2,
    Event.SELECT_ITEM: 0.1,
}
"""What an event says of a wish for the item, by its effort. Assumed. Others say nothing; those
that give stars count by these."""

MOST_STARS = 5.0

_WEIGHT_OF_CODE = np.zeros(len(EVENT_CODES))
for _event, _weight in EVENT_WEIGHTS.items():
    _WEIGHT_OF_CODE[EVENT_CODES[_event]] = _weight


@dataclass(frozen=True)
class Forgetting:
    """An event of age a days counts (1 + a / scale_days) ** -power; power 0 forgets nothing.

    Defaults chosen on November 2017 of Complete Journey.
    """

    scale_days: float = 30.0
    power: float = 0.7


@dataclass(frozen=True)
class Preferences:
    """One entry a (shopper, item) pair, by shopper, then by item.

    offsets : (n_users + 1,) int64
    item    : (n_pairs,) int32
    weight  : (n_pairs,) float32, above 0, at most 1
    """

    offsets: NDArray[np.int64]
    item: NDArray[np.int32]
    weight: NDArray[np.float32]


def weights_of(event: NDArray[np.int8], quantity: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) what each event says of a wish for its item: 5 stars as much as a review, 2 nothing."""
    weights = _WEIGHT_OF_CODE[event]
    rated = IS_RATED[event] & (quantity > 0)
    if not rated.any():
        return weights
    liked = (np.minimum(quantity, MOST_STARS) - FEW_STARS) / (MOST_STARS - FEW_STARS)
    return np.where(rated, np.maximum(liked, 0) * EVENT_WEIGHTS[Event.REVIEW], weights)


def preferences(interactions: Interactions, now: int, forgetting: Forgetting) -> Preferences:
    """min(1, sum of event weights, each forgotten by age).

    With purchases only and nothing forgotten this is the binary matrix of who bought what.
    """
    weights = weights_of(interactions.event, interactions.quantity)
    said = weights > 0
    found = history(
        interactions.where(said),
        now,
        scale_days=forgetting.scale_days,
        power=forgetting.power,
        weights=weights[said],
    )
    weight = np.minimum(found.recency, 1).astype(np.float32)
    return Preferences(found.offsets, found.item, weight)
