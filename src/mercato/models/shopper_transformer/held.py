"""What of a shard of shoppers is learned from, and what is held to choose the best weights by."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mercato.models.shopper_transformer.events import Read, joined_events

_LEAST_EVENTS = 3
"""Of a shopper whose last event is kept from learning."""


@dataclass(frozen=True)
class Learned:
    """What comes of reading a shard for learning.

    number  : of the shard
    log     : without what is held
    held    : (h, 2) int64, events of shoppers' last known and of what came next, in ``whole``
    whole   : with it
    """

    number: int
    log: Read
    held: NDArray[np.int64]
    whole: Read

    def counts(self, n_items: int) -> NDArray[np.int64]:
        """(n_items,) events of each that are learned from."""
        return np.bincount(self.log.items, minlength=n_items)

    @property
    def examples(self) -> int:
        """Events that something follows."""
        return int(np.maximum(np.diff(self.log.offsets) - 1, 0).sum())


def held_out(whole: Read, number: int, most: int, seed: int) -> Learned:
    """Keep the last event of at most ``most`` shoppers, a tenth of them at most, from learning."""
    lengths = np.diff(whole.offsets)
    last = whole.offsets[1:] - 1
    fit = np.flatnonzero(lengths >= _LEAST_EVENTS)
    fit = fit[whole.wish[last[fit]]]
    most = min(most, len(lengths) // 10)
    if not most:
        return Learned(number, whole, np.zeros((0, 2), np.int64), whole)
    chosen = np.sort(np.random.default_rng([seed, number]).permutation(fit)[:most])
    kept = np.ones(len(whole.item), bool)
    kept[last[chosen]] = False
    log = whole.where(kept)
    held = np.stack([last[chosen] - 1, last[chosen]], 1).astype(np.int64)
    return Learned(number, log, held, whole)


def joined_learned(shards: Sequence[Learned]) -> tuple[Learned, list[Read]]:
    """All shards of a process as one, without a number of its own, and the log of each as a part
    of it."""
    starts = np.cumsum([0, *(len(each.whole.item) for each in shards)])
    held = [each.held + start for each, start in zip(shards, starts, strict=False)]
    log = joined_events([each.log for each in shards])
    apart = any(len(each.held) for each in shards)
    whole = joined_events([each.whole for each in shards]) if apart else log
    shoppers = np.cumsum([0, *(len(each.log.offsets) - 1 for each in shards)]).tolist()
    parts = [log.between(*ends) for ends in pairwise(shoppers)]
    return Learned(-1, log, np.concatenate(held), whole), parts
