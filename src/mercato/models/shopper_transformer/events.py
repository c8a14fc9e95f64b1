"""A shopper's events as the network reads them: the same for learning and for serving."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES, Interactions
from mercato.models.preference import EVENT_WEIGHTS
from mercato.models.sessions import said

N_GAPS = 40
"""Buckets of time: 0 for none known, then by powers of two of a second; the last begins at some
eight thousand years."""

_EXACT = 16
"""Distances that have a bucket of their own; greater ones share buckets by their logarithm (Raffel
et al. 2020, https://arxiv.org/abs/1910.10683)."""

_SHARED = 16

N_DISTANCES = _EXACT + _SHARED

_MICROSECONDS = 1_000_000

WISHES = np.array([EVENT_CODES[each] for each in EVENT_WEIGHTS], np.int8)
"""Kinds of events whose item counts as a next item."""


@dataclass(frozen=True)
class Read:
    """Events by shopper, then by time.

    offsets : (n_shoppers + 1,) int64
    item, kind : (n,) int64; kinds are 0 where all events are alike
    gap     : (n,) int64 bucket of the time since the event before, 0 where none is read
    ts      : (n,) int64 microseconds
    wish    : (n,) bool, the item counts as a next item
    """

    offsets: NDArray[np.int64]
    item: NDArray[np.int64]
    kind: NDArray[np.int64]
    gap: NDArray[np.int64]
    ts: NDArray[np.int64]
    wish: NDArray[np.bool_]

    @property
    def shopper(self) -> NDArray[np.int64]:
        """(n,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def where(self, keep: NDArray[np.bool_]) -> "Read":
        """Only the events for which ``keep`` (n,) is true."""
        before = np.concatenate(([0], np.cumsum(keep)))
        return Read(
            before[self.offsets],
            self.item[keep],
            self.kind[keep],
            self.gap[keep],
            self.ts[keep],
            self.wish[keep],
        )

    def between(self, first: int, last: int) -> "Read":
        """The events of the shoppers from ``first`` up to ``last``, without copying."""
        part = slice(self.offsets[first], self.offsets[last])
        return Read(
            self.offsets[first : last + 1] - self.offsets[first],
            self.item[part],
            self.kind[part],
            self.gap[part],
            self.ts[part],
            self.wish[part],
        )

    @property
    def tied(self) -> bool:
        """Whether a shopper did several things at one moment, whose order means nothing."""
        same = (self.ts[1:] == self.ts[:-1]) & (self.shopper[1:] == self.shopper[:-1])
        return bool(same.any())

    def shuffled(self, random: np.random.Generator) -> "Read":
        """What was done at one moment in an order drawn anew."""
        order = np.lexsort((random.random(len(self.ts)), self.ts, self.shopper))
        return replace(self, item=self.item[order], kind=self.kind[order], wish=self.wish[order])


def joined_events(parts: Sequence[Read]) -> Read:
    """Of shoppers behind each other."""
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(len(each.item) for each in parts)])
    offsets = [each.offsets[:-1] + start for each, start in zip(parts, starts[:-1], strict=True)]
    names = ("item", "kind", "gap", "ts", "wish")
    return Read(
        np.concatenate([*offsets, starts[-1:]]),
        *(np.concatenate([getattr(each, name) for each in parts]) for name in names),
    )


def read_events(interactions: Interactions, *, kinds: bool, gaps: bool) -> Read:
    """What is read of a log, see `settings.Inputs`. That a product was shown in a list is no act
    of the shopper's, and is never read."""
    if kinds:
        shown = EVENT_CODES[Event.VIEW_ITEM_LIST]
        kept = interactions.where(interactions.event != shown)
    else:
        kept = said(interactions)
    ts = kept.ts.astype(np.int64)
    gap = np.zeros(len(ts), np.int64)
    if gaps and len(ts):
        gap[1:] = time_bucket(np.diff(ts))
        opening = kept.offsets[:-1]
        gap[opening[opening < len(ts)]] = 0
    kind = kept.event.astype(np.int64) if kinds else np.zeros(len(ts), np.int64)
    wish = np.isin(kept.event, WISHES)
    return Read(kept.offsets, kept.item.astype(np.int64), kind, gap, ts, wish)


def time_bucket(microseconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bucket of a time between two events, from 1; a negative one counts as none at all."""
    seconds = np.maximum(microseconds, 0) / _MICROSECONDS
    return np.minimum(1 + np.log2(1 + seconds), N_GAPS - 1).astype(np.int64)


def distance_bucket(distance: NDArray[np.int64], longest: int) -> NDArray[np.int64]:
    """The bucket of a number of events (0 or more) that lie between two."""
    far = np.maximum(distance, _EXACT) / _EXACT
    reach = max(np.log(max(longest, _EXACT + 1) / _EXACT), 1e-9)
    shared = _EXACT + np.minimum(np.log(far) / reach * _SHARED, _SHARED - 1)
    return np.where(distance < _EXACT, distance, shared).astype(np.int64)


def window_start(n: int, longest: int) -> int:
    """Of n events, the first that is read.

    It moves by a quarter of ``longest`` at a time, and is a function of n alone: between two moves
    a new event adds to what was computed of those before, and gives what reading anew would.
    """
    if n <= longest:
        return 0
    stride = max(longest // 4, 1)
    return -(-(n - longest) // stride) * stride
