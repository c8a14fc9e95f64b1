"""Clicks as counts: all that the position-based model needs to know of a log."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput


@dataclass(frozen=True)
class ClickLog:
    """How often each pair of query and item was shown at each place, and clicked there.

    query, item : (n_pairs,) int64, numbers of the caller
    pair        : (n,) int64, below n_pairs
    position    : (n,) int64, from 1; each (pair, position) stands once
    shown       : (n,) float64, 1 and more
    clicked     : (n,) float64, at most ``shown``
    """

    query: NDArray[np.int64]
    item: NDArray[np.int64]
    pair: NDArray[np.int64]
    position: NDArray[np.int64]
    shown: NDArray[np.float64]
    clicked: NDArray[np.float64]

    @classmethod
    def of_rows(
        cls,
        query: NDArray[np.integer],
        item: NDArray[np.integer],
        position: NDArray[np.integer],
        shown: NDArray[np.number],
        clicked: NDArray[np.number],
    ) -> "ClickLog":
        """From rows in any order; those of one query, item and place are added up.

        Raises BadInput where a place is below 1 or more was clicked than shown.
        """
        if len(position) and position.min() < 1:
            raise BadInput("places from 1", str(position.min()), "Count places from 1.")
        if (np.asarray(clicked) > np.asarray(shown)).any():
            raise BadInput("at most one click a showing", "more", "Count a click once.")
        n_items = int(item.max(initial=0)) + 1
        pairs, pair = np.unique(query.astype(np.int64) * n_items + item, return_inverse=True)
        n_places = int(position.max(initial=0)) + 1
        places, row = np.unique(pair * n_places + position, return_inverse=True)
        return cls(
            pairs // n_items,
            pairs % n_items,
            places // n_places,
            places % n_places,
            _sums(row, shown, len(places)),
            _sums(row, clicked, len(places)),
        )

    @property
    def n_pairs(self) -> int:
        return len(self.query)

    @property
    def n_positions(self) -> int:
        return int(self.position.max(initial=0))

    def by_pair(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n_pairs,) the sums of (n,) values."""
        return _sums(self.pair, values, self.n_pairs)

    def by_position(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n_positions,) the sums of (n,) values, the first place first."""
        return _sums(self.position - 1, values, self.n_positions)

    def of_queries(self, kept: NDArray[np.bool_]) -> "ClickLog":
        """What is known of some queries; ``kept`` by their numbers."""
        rows = kept[self.query[self.pair]]
        pair = self.pair[rows]
        return ClickLog.of_rows(
            self.query[pair],
            self.item[pair],
            self.position[rows],
            self.shown[rows],
            self.clicked[rows],
        )

    def apart(self, random: np.random.Generator) -> tuple["ClickLog", "ClickLog"]:
        """Two logs of the same pairs: of each that stood at several places, some of these fall to
        the second log; all others stay in the first."""
        later = random.random(len(self.pair)) < 0.5
        # A pair keeps at least one place in the first log.
        keeps = np.zeros(self.n_pairs, bool)
        keeps[self.pair[~later]] = True
        later &= keeps[self.pair]
        return self._rows(~later), self._rows(later)

    def _rows(self, kept: NDArray[np.bool_]) -> "ClickLog":
        return ClickLog(
            self.query,
            self.item,
            self.pair[kept],
            self.position[kept],
            self.shown[kept],
            self.clicked[kept],
        )


def _sums(at: NDArray[np.integer], values: NDArray[np.number], n: int) -> NDArray[np.float64]:
    return np.bincount(at, np.asarray(values, np.float64), n).astype(np.float64)
