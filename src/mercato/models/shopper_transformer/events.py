"""A shopper's events as the network reads them: the same for learning and for serving."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES, Interactions
from mercato.core.searches import Searches
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

_NO_TEXTS = np.zeros((0, 0), np.float32)

WISHES = np.array([EVENT_CODES[each] for each in EVENT_WEIGHTS], np.int8)
"""Kinds of events whose item counts as a next item."""


@dataclass(frozen=True)
class Read:
    """Events by shopper, then by time.

    offsets : (n_shoppers + 1,) int64
    item    : (n,) int64, -1 of searches
    kind    : (n,) int64; kinds are 0 where all events are alike
    gap     : (n,) int64 bucket of the time since the event before, 0 where none is read
    channel : (n,) int64, see `core.searches.channel_code`; 0 where none is read
    ts      : (n,) int64 microseconds
    wish    : (n,) bool, the item counts as a next item
    search  : (n,) int64, row of ``texts``; -1 of events with items
    texts   : (m, d) float32, vectors of what was searched for
    """

    offsets: NDArray[np.int64]
    item: NDArray[np.int64]
    kind: NDArray[np.int64]
    gap: NDArray[np.int64]
    channel: NDArray[np.int64]
    ts: NDArray[np.int64]
    wish: NDArray[np.bool_]
    search: NDArray[np.int64]
    texts: NDArray[np.float32]

    @property
    def shopper(self) -> NDArray[np.int64]:
        """(n,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @property
    def items(self) -> NDArray[np.int64]:
        """The item of each event that has one."""
        return self.item[self.item >= 0]

    def where(self, keep: NDArray[np.bool_]) -> "Read":
        """Only the events for which ``keep`` (n,) is true."""
        before = np.concatenate(([0], np.cumsum(keep)))
        return replace(
            self, offsets=before[self.offsets], **{name: getattr(self, name)[keep] for name in _OF}
        )

    def between(self, first: int, last: int) -> "Read":
        """The events of the shoppers from ``first`` up to ``last``, without copying."""
        part = slice(self.offsets[first], self.offsets[last])
        return replace(
            self,
            offsets=self.offsets[first : last + 1] - self.offsets[first],
            **{name: getattr(self, name)[part] for name in _OF},
        )

    @property
    def tied(self) -> bool:
        """Whether a shopper did several things at one moment, whose order means nothing."""
        same = (self.ts[1:] == self.ts[:-1]) & (self.shopper[1:] == self.shopper[:-1])
        return bool(same.any())

    def shuffled(self, random: np.random.Generator) -> "Read":
        """What was done at one moment in an order drawn anew."""
        order = np.lexsort((random.random(len(self.ts)), self.ts, self.shopper))
        return replace(self, **{name: getattr(self, name)[order] for name in _DONE})


_DONE = ("item", "kind", "channel", "wish", "search")
"""What an event is, whenever it was."""

_OF = (*_DONE, "gap", "ts")


def joined_events(parts: Sequence[Read]) -> Read:
    """Of shoppers behind each other."""
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(len(each.item) for each in parts)])
    offsets = [each.offsets[:-1] + start for each, start in zip(parts, starts[:-1], strict=True)]
    search, texts = _joined_texts(parts)
    return Read(
        offsets=np.concatenate([*offsets, starts[-1:]]),
        **{
            name: np.concatenate([getattr(each, name) for each in parts])
            for name in _OF
            if name != "search"
        },
        search=search,
        texts=texts,
    )


def _joined_texts(parts: Sequence[Read]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Which of all texts each event is, and the texts: shards of one log share theirs."""
    search = [each.search for each in parts]
    if all(each.texts is parts[0].texts for each in parts):
        return np.concatenate(search), parts[0].texts
    starts = np.cumsum([0, *(len(each.texts) for each in parts)])
    moved = [
        np.where(each < 0, each, each + start) for each, start in zip(search, starts, strict=False)
    ]
    return np.concatenate(moved), np.concatenate([each.texts for each in parts])


def read_events(
    interactions: Interactions,
    *,
    kinds: bool,
    gaps: bool,
    searches: bool = False,
    channel: bool = False,
) -> Read:
    """What is read of a log, see `settings.Inputs`. That a product was shown in a list is no act
    of the shopper's, and is never read."""
    found = _acts(interactions, kinds=kinds, channel=channel)
    asked = interactions.searches
    if searches and asked is not None:
        found = _without_repeats(_merged(found, _asked(asked, kinds=kinds, channel=channel)), asked)
    if not gaps or not len(found.ts):
        return found
    gap = np.zeros(len(found.ts), np.int64)
    gap[1:] = time_bucket(np.diff(found.ts))
    opening = found.offsets[:-1]
    gap[opening[opening < len(gap)]] = 0
    return replace(found, gap=gap)


def _acts(interactions: Interactions, *, kinds: bool, channel: bool) -> Read:
    """Events with items."""
    if kinds:
        shown = EVENT_CODES[Event.VIEW_ITEM_LIST]
        kept = interactions.where(interactions.event != shown)
    else:
        kept = said(interactions)
    none = np.zeros(len(kept.ts), np.int64)
    told = kept.channel if channel else None
    return Read(
        offsets=kept.offsets,
        item=kept.item.astype(np.int64),
        kind=kept.event.astype(np.int64) if kinds else none,
        gap=none,
        channel=none if told is None else told.astype(np.int64),
        ts=kept.ts.astype(np.int64),
        wish=np.isin(kept.event, WISHES),
        search=none - 1,
        texts=_NO_TEXTS,
    )


def _asked(asked: Searches, *, kinds: bool, channel: bool) -> Read:
    none = np.zeros(len(asked.ts), np.int64)
    return Read(
        offsets=asked.offsets,
        item=none - 1,
        kind=none + EVENT_CODES[Event.SEARCH] if kinds else none,
        gap=none,
        channel=asked.channel.astype(np.int64) if channel else none,
        ts=asked.ts.astype(np.int64),
        wish=np.zeros(len(none), bool),
        search=asked.text.astype(np.int64),
        texts=asked.vectors,
    )


def _merged(acts: Read, asked: Read) -> Read:
    """Both of the same shoppers by time; of one moment, a search comes before what it led to."""
    shopper, ts = (
        np.concatenate([getattr(each, name) for each in (asked, acts)])
        for name in ("shopper", "ts")
    )
    order = np.lexsort((ts, shopper))
    both = {name: np.concatenate([getattr(each, name) for each in (asked, acts)]) for name in _OF}
    return Read(
        offsets=acts.offsets + asked.offsets,
        texts=asked.texts,
        **{name: each[order] for name, each in both.items()},
    )


def _without_repeats(log: Read, asked: Searches) -> Read:
    """A search that repeats the one right before it is not read: front ends tell one search by two
    events, and with every page of results."""
    key = np.where(log.search >= 0, asked.keys[log.search], 0) if len(asked.keys) else log.search
    again = np.zeros(len(key), bool)
    again[1:] = (log.search[1:] >= 0) & (log.search[:-1] >= 0) & (key[1:] == key[:-1])
    again[1:] &= log.shopper[1:] == log.shopper[:-1]
    return log.where(~again) if again.any() else log


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
