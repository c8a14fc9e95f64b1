"""Histories as padded rows, those of like lengths together."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.models.shopper_transformer.packing import pieces_of


class Padded(NamedTuple):
    """
    at   : (rows, longest) int64, numbers of events, the oldest first; 0 for padding
    kept : (rows, longest) bool, no padding
    """

    at: NDArray[np.int64]
    kept: NDArray[np.bool_]


class Runs(NamedTuple):
    """Events of one shopper each, ``length`` of them from ``start``; both (n,)."""

    start: NDArray[np.int64]
    length: NDArray[np.int64]

    def some(self, rows: NDArray[np.int64]) -> "Runs":
        return Runs(self.start[rows], self.length[rows])

    def padded(self) -> Padded:
        place = np.arange(int(self.length.max(initial=1)))
        kept = place < self.length[:, None]
        return Padded(np.where(kept, self.start[:, None] + place, 0), kept)


def whole_runs(
    offsets: NDArray[np.int64], longest: int, random: np.random.Generator, *, behind: int = 1
) -> Runs:
    """All events of all shoppers but the last ``behind``, cut where there are more than
    ``longest``."""
    found = pieces_of(offsets, longest, random, behind)
    return Runs(found.start, found.length)


def runs_before(offsets: NDArray[np.int64], asked: NDArray[np.int64], longest: int) -> Runs:
    """What is read when event ``asked`` (n,) has happened: it and those before it."""
    shopper = np.searchsorted(offsets, asked, side="right") - 1
    start = np.maximum(offsets[shopper], asked + 1 - longest)
    return Runs(start, asked + 1 - start)


def by_length(
    length: NDArray[np.int64], events: int, random: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Numbers of the runs of each batch, of about ``events`` events with padding; runs of like
    lengths are together, batches in an order drawn anew."""
    shuffled = random.permutation(len(length))
    order = shuffled[np.argsort(length[shuffled], kind="stable")]
    batches: list[NDArray[np.int64]] = []
    start = 0
    while start < len(order):
        longest = max(int(length[order[start]]), 1)
        stop = min(start + max(events // longest, 1), len(order))
        # The last of the batch is its longest: fewer fit where that is far longer.
        longest = max(int(length[order[stop - 1]]), 1)
        stop = min(stop, start + max(events // longest, 1))
        batches.append(order[start:stop])
        start = stop
    return [batches[at] for at in random.permutation(len(batches))]
