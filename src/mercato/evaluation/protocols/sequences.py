"""Items in the order in which they were met: what protocols of the next item cut."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES, Interactions


@dataclass(frozen=True)
class Sequences:
    """Row r owns offsets[r]:offsets[r + 1].

    offsets : (n + 1,) int64
    item    : (m,) int32, the oldest of a row first
    """

    offsets: NDArray[np.int64]
    item: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n,)."""
        return np.diff(self.offsets)

    @classmethod
    def of_rows(cls, rows: Sequence[NDArray[np.integer]]) -> "Sequences":
        offsets = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
        item = np.concatenate([np.zeros(0, np.int32), *rows]).astype(np.int32)
        return cls(offsets, item)

    def rows(self, rows: slice) -> "Sequences":
        """Rows start:stop."""
        start, stop, _ = rows.indices(len(self))
        offsets = self.offsets[start : stop + 1]
        return Sequences(offsets - offsets[0], self.item[offsets[0] : offsets[-1]])

    def where(self, keep: NDArray[np.bool_]) -> "Sequences":
        """Only the items for which ``keep`` (m,) is true; rows stay, maybe without any."""
        before = np.concatenate(([0], np.cumsum(keep)))
        return Sequences(before[self.offsets], self.item[keep])

    def parts(self, row: NDArray[np.integer], length: NDArray[np.integer]) -> "Sequences":
        """Of each ``row`` (k,) its first ``length`` (k,) items."""
        offsets = np.concatenate(([0], np.cumsum(length))).astype(np.int64)
        shift = np.repeat(self.offsets[row] - offsets[:-1], length)
        return Sequences(offsets, self.item[np.arange(offsets[-1]) + shift])

    def without_last(self, most: int) -> "Sequences":
        """Each row but its last ``most`` items."""
        return self.parts(np.arange(len(self)), np.maximum(self.lengths - most, 0))

    def interactions(self, n_items: int, begin: NDArray[np.int64]) -> Interactions:
        """As a shopper a row, each item bought a microsecond after the one before.

        begin : (n,) microseconds, when each row begins. Bought, since models weigh events: so
                every item counts in full.
        """
        count = len(self.item)
        place = np.arange(count) - np.repeat(self.offsets[:-1], self.lengths)
        return Interactions(
            self.offsets,
            self.item,
            np.repeat(begin, self.lengths) + place,
            np.full(count, EVENT_CODES[Event.PURCHASE], np.int8),
            np.ones(count, np.float32),
            n_items,
        )
