"""What is to be learned behind each event of a log."""

import numpy as np
from numpy.typing import NDArray

from mercato.models.shopper_transformer.events import Read


def next_acts(log: Read) -> NDArray[np.int64]:
    """(n,) the event with an item that comes next behind each, whatever is searched for meanwhile;
    -1 where there is none."""
    n = len(log.item)
    if not n:
        return np.zeros(0, np.int64)
    own = np.where(log.item >= 0, np.arange(n), n)
    found = np.append(np.minimum.accumulate(own[::-1])[::-1][1:], n)
    return np.where(found < log.offsets[log.shopper + 1], found, -1)


def next_items(log: Read, *, again: bool) -> NDArray[np.int64]:
    """(n,) the item of the event after each; -1 where there is none, or it is not to be learned.

    again : what the shopper had met before is to be learned too
    """
    acts = next_acts(log)
    wanted = log.wish if again else log.wish & _first_met(log)
    found = np.full(len(acts), -1, np.int64)
    some = np.flatnonzero(acts >= 0)
    found[some] = np.where(wanted[acts[some]], log.item[acts[some]], -1)
    return found


def items_ahead(
    log: Read, within: int, random: np.random.Generator, *, again: bool
) -> NDArray[np.int64]:
    """(n,) an item drawn from those that the same shopper met at later moments, at most ``within``
    microseconds later; -1 where there are none."""
    found = np.full(len(log.item), -1, np.int64)
    if not len(log.item):
        return found
    oldest = int(log.ts.min())
    span = int(log.ts.max()) - oldest + within + 2
    moment = log.shopper * span + (log.ts - oldest)  # rises over the whole log
    wanted = np.flatnonzero(log.wish if again else log.wish & _first_met(log))
    first = np.searchsorted(moment[wanted], moment, side="right")
    count = np.searchsorted(moment[wanted], moment + within, side="right") - first
    some = np.flatnonzero(count > 0)
    drawn = first[some] + (random.random(len(some)) * count[some]).astype(np.int64)
    found[some] = log.item[wanted[drawn]]
    return found


def _first_met(log: Read) -> NDArray[np.bool_]:
    """(n,) whether the shopper had not met the item before."""
    key = log.shopper * (int(log.item.max(initial=0)) + 2) + log.item + 1
    _, first = np.unique(key, return_index=True)
    fresh = np.zeros(len(log.item), bool)
    fresh[first] = True
    return fresh
