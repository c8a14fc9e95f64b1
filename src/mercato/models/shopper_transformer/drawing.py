"""Items drawn as what did not come next, for a whole batch at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Drawn(NamedTuple):
    """
    item       : (m,) int64, each once, rising
    correction : (m,) float32, to be added to their logits: the logarithm of how often each came,
                 over how often it was expected to
    """

    item: NDArray[np.int64]
    correction: NDArray[np.float32]


class Drawing:
    """Draws items by their number of events to a power, with replacement.

    events : (n_items,); what has none is never drawn
    """

    def __init__(self, events: NDArray[np.int64], power: float) -> None:
        weight = np.where(events > 0, np.maximum(events, 1).astype(np.float64) ** power, 0.0)
        self._chance = weight / max(weight.sum(), 1e-12)
        self._below = np.cumsum(self._chance)

    def draw(self, most: int, random: np.random.Generator, *, log_q: bool) -> Drawn:
        """``log_q``: with a correction; else what came twice merely counts twice."""
        found = np.searchsorted(self._below, random.random(most) * self._below[-1], side="right")
        item, count = np.unique(np.minimum(found, len(self._below) - 1), return_counts=True)
        expected = most * self._chance[item] if log_q else np.ones(len(item))
        return Drawn(item.astype(np.int64), np.log(count / expected).astype(np.float32))
