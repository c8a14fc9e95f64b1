"""Histories of any length in rows of one length, with next to no padding.

Beauty's median history has 7 events; a row an event-wise layer reads holds several shoppers', each
kept from the others by a mask (Krell et al. 2021, https://arxiv.org/abs/2107.02027).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Pieces(NamedTuple):
    """Runs of events of one shopper each: ``length`` events from ``start``. Both (n_pieces,)."""

    start: NDArray[np.int64]
    length: NDArray[np.int64]


class Rows(NamedTuple):
    """All (n_rows, longest) int64.

    at    : which event; 0 for padding
    piece : from 1; 0: padding
    place : from the beginning of the piece
    """

    at: NDArray[np.int64]
    piece: NDArray[np.int64]
    place: NDArray[np.int64]

    def some(self, rows: NDArray[np.int64]) -> "Rows":
        return Rows(*(each[rows] for each in self))

    def later(self, events: int) -> "Rows":
        """The same of a log that has so many events before."""
        return self._replace(at=self.at + events)


def joined_rows(parts: Sequence[Rows]) -> Rows:
    """One under another."""
    return parts[0] if len(parts) == 1 else Rows(*map(np.concatenate, zip(*parts, strict=True)))


def pieces_of(
    offsets: NDArray[np.int64], longest: int, random: np.random.Generator, behind: int = 1
) -> Pieces:
    """Cut each shopper's events, but the last ``behind``: nothing follows the last.

    What is longer than ``longest`` is cut at a place drawn anew each time, and then every
    ``longest`` events, so that all of it is learned from.
    """
    known = np.maximum(np.diff(offsets) - behind, 0)
    first = np.where(known > longest, random.integers(1, longest + 1, len(known)), known)
    count = np.where(known > 0, 1 + -(-(known - first) // longest), 0)
    owner = np.repeat(np.arange(len(known)), count)
    number = np.arange(len(owner)) - (np.cumsum(count) - count)[owner]
    begin = np.where(number > 0, first[owner] + (number - 1) * longest, 0)
    end = np.minimum(first[owner] + number * longest, known[owner])
    return Pieces(offsets[owner] + begin, end - begin)


def packed(pieces: Pieces, longest: int, *, shared: bool = True) -> Rows:
    """Put pieces into rows in their order, the next row begun where one does not fit.

    shared : several in a row; else a row each
    """
    row, place = _assigned(pieces.length.tolist(), longest, shared)
    n_rows = row[-1] + 1 if row else 0
    at, piece, within = (np.zeros((n_rows, longest), np.int64) for _ in range(3))
    total = int(pieces.length.sum())
    number = np.repeat(np.arange(len(pieces.length)), pieces.length)
    offset = np.arange(total) - (np.cumsum(pieces.length) - pieces.length)[number]
    rows, columns = np.array(row, np.int64)[number], np.array(place, np.int64)[number] + offset
    at[rows, columns] = pieces.start[number] + offset
    piece[rows, columns] = number + 1
    within[rows, columns] = offset
    return Rows(at, piece, within)


def _assigned(lengths: list[int], longest: int, shared: bool) -> tuple[list[int], list[int]]:
    """The row and the place in it of each piece."""
    row, place = [], []
    current, filled = 0, 0
    for length in lengths:
        if filled and (not shared or filled + length > longest):
            current, filled = current + 1, 0
        row.append(current)
        place.append(filled)
        filled += length
    return row, place
