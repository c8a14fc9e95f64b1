"""What is shown of a result: every row or one of each group, some at a place of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.rules.effects import Pinned
from mercato.search.ordering import Keys, first, leaders

Positions = NDArray[np.int64]
"""Of rows in a result."""

REMEMBERED = 500
"""Cards that are put in order at least."""


@dataclass(frozen=True)
class Cards:
    """What is shown of a result.

    free   : (n,) ascending; they stand by their keys
    pinned : (k,) in the order of their places
    places : (k,) counted from 0, rising
    remembered : the first of ``free`` in order, once they were asked for
    """

    free: Positions
    pinned: Positions
    places: NDArray[np.int64]
    remembered: list[Positions] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, free: Positions, pinned: Sequence[tuple[int, int]] = ()) -> "Cards":
        """pinned : (place asked for, position in the result), the first in precedence first.

        An asked-for place that is taken gives way to the next; one behind the last card, to the
        end.
        """
        order = sorted(range(len(pinned)), key=lambda at: pinned[at][0])
        places: list[int] = []
        for n, at in enumerate(order):
            behind = places[-1] + 1 if places else 0
            places.append(min(max(pinned[at][0], behind), len(free) + n))
        rows = [pinned[at][1] for at in order]
        return cls(free, np.array(rows, np.int64), np.array(places, np.int64))

    def __len__(self) -> int:
        return len(self.free) + len(self.pinned)

    def _first(self, keys: Keys, most: int) -> Positions:
        """Of those that are not pinned. Some more are remembered: listings of everything stay as
        they are from one request to the next."""
        if not self.remembered or len(self.remembered[0]) < min(most, len(self.free)):
            more = max(most, REMEMBERED)
            self.remembered[:] = [self.free[first([key[self.free] for key in keys], more)]]
        return self.remembered[0][:most]

    def between(self, keys: Keys, start: int, end: int) -> Positions:
        """The cards from a place up to another, in order.

        keys : of all rows of the result
        """
        end = min(end, len(self))
        if start >= end:
            return np.zeros(0, np.int64)
        fewest = end - int(np.searchsorted(self.places, end))
        ordered = self._first(keys, fewest)
        places = np.arange(start, end)
        pins_before = np.searchsorted(self.places, places)
        is_pin = np.isin(places, self.places)
        at = np.zeros(len(places), np.int64)
        at[is_pin] = self.pinned[pins_before[is_pin]]
        at[~is_pin] = ordered[(places - pins_before)[~is_pin]]
        return at


def choose(
    rows: NDArray[np.int64],
    keys: Keys,
    group: NDArray[np.int32] | None,
    pins: Sequence[Pinned] = (),
) -> Cards:
    """The cards of a result.

    rows  : (n,) of the result, ascending
    keys  : of each row
    group : (n_rows,) of the catalogue, of each of which one row is shown; None to show all
    pins  : in their precedence; of a group the first that is in the result is its card
    """
    pinned = _in_result(rows, group, pins)
    if not pinned:
        alone = np.arange(len(rows))
        return Cards.of(alone if group is None else leaders(group[rows], keys, len(group)))
    at = [position for _, position in pinned]
    taken = np.zeros(len(rows), bool)
    taken[at] = True
    if group is not None:
        taken = np.isin(group[rows], group[rows[at]])
    free = np.flatnonzero(~taken)
    if group is not None:
        first_of_each = leaders(group[rows[free]], [key[free] for key in keys], len(group))
        free = free[first_of_each]
    return Cards.of(free, pinned)


def _in_result(
    rows: NDArray[np.int64], group: NDArray[np.int32] | None, pins: Sequence[Pinned]
) -> list[tuple[int, int]]:
    """Place from 0 and position in the result, of the pins that are in it."""
    found: dict[int, tuple[int, int]] = {}
    for pin in pins:
        at = int(np.searchsorted(rows, pin.row))
        if at < len(rows) and rows[at] == pin.row:
            card = pin.row if group is None else int(group[pin.row])
            found.setdefault(card, (pin.position - 1, at))
    return list(found.values())
