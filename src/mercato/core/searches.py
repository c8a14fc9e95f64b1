"""What shoppers searched for, as arrays beside the log of what they did with items.

A model that reads no searches never sees them. Texts stand as vectors, so that nobody's words lie
in a release.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.folding import spaced

SEARCHES = (Event.SEARCH, Event.VIEW_SEARCH_RESULTS)
"""Events that say what was searched for; GA4 tells one search by either, or by both."""

_LONGEST = 100
"""Characters; nobody means more by a search."""

N_CHANNELS = 1_024
"""Codes of channels, 0 for none told among them. Assumed: two of five channels share a code in one
shop of a hundred."""


@dataclass(frozen=True)
class Searches:
    """Searches of shoppers, by shopper, then by time.

    offsets : (n_users + 1,) int64, shopper u owns the slice offsets[u]:offsets[u + 1]
    ts      : (n,) int64, microseconds since 1970 UTC, not falling within a shopper
    text    : (n,) int32, row of ``keys`` and ``vectors``
    channel : (n,) int16, see `channel_code`
    keys    : (m,) int64, see `text_key`
    vectors : (m, d) float32, of the text encoder
    """

    offsets: NDArray[np.int64]
    ts: NDArray[np.int64]
    text: NDArray[np.int32]
    channel: NDArray[np.int16]
    keys: NDArray[np.int64]
    vectors: NDArray[np.float32]

    @property
    def n_users(self) -> int:
        return len(self.offsets) - 1

    @property
    def user(self) -> NDArray[np.int64]:
        """(n,) the shopper of each search."""
        return np.repeat(np.arange(self.n_users), np.diff(self.offsets))

    @property
    def key(self) -> NDArray[np.int64]:
        """(n,) equal where the texts are."""
        return self.keys[self.text]

    @classmethod
    def of_one(
        cls,
        ts: NDArray[np.int64],
        channel: NDArray[np.int16],
        keys: NDArray[np.int64],
        vectors: NDArray[np.float32],
    ) -> "Searches":
        """Of one shopper, a text each: (n,), (n,), (n,) and (n, d)."""
        n = len(ts)
        return cls(np.array([0, n]), ts, np.arange(n, dtype=np.int32), channel, keys, vectors)

    def between(self, first: int, last: int) -> "Searches":
        """Those of the shoppers from ``first`` up to ``last``, without copying."""
        start, stop = self.offsets[first], self.offsets[last]
        part = slice(start, stop)
        return replace(
            self,
            offsets=self.offsets[first : last + 1] - start,
            ts=self.ts[part],
            text=self.text[part],
            channel=self.channel[part],
        )

    def where(self, keep: NDArray[np.bool_]) -> "Searches":
        """Only those for which ``keep`` (n,) is true; shoppers stay."""
        kept_before = np.concatenate(([0], np.cumsum(keep)))
        return replace(
            self,
            offsets=kept_before[self.offsets],
            ts=self.ts[keep],
            text=self.text[keep],
            channel=self.channel[keep],
        )


SEARCH_ARRAYS = tuple(each.name for each in fields(Searches))


def joined_searches(parts: Sequence[Searches]) -> Searches | None:
    """Of one shopper, whose parts these are, by time; None of none."""
    told = [each for each in parts if len(each.ts)]
    if len(told) < 2:
        return (told or parts)[0] if parts else None
    parts = told
    ts = np.concatenate([each.ts for each in parts])
    order = np.argsort(ts, kind="stable")
    return Searches.of_one(
        ts[order],
        np.concatenate([each.channel for each in parts])[order],
        np.concatenate([each.key for each in parts])[order],
        np.concatenate([each.vectors[each.text] for each in parts])[order],
    )


def searched_text(term: str | None) -> str:
    """What of a search's words is encoded, for training and serving alike; empty: nothing."""
    return spaced(term or "")[:_LONGEST].strip()


def text_key(text: str) -> int:
    """A hash of 64 bits that stands for a `searched_text`, signed."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def channel_code(channel: str | None) -> int:
    """A channel's code from 1; 0 where none is told.

    A hash and no list, so that it is the same in every release, and for a channel that is new
    (Weinberger et al. 2009, https://arxiv.org/abs/0902.2206).
    """
    if not channel:
        return 0
    digest = hashlib.blake2b(channel.casefold().encode(), digest_size=4).digest()
    return 1 + int.from_bytes(digest, "big") % (N_CHANNELS - 1)
