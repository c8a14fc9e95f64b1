"""Places of a shelf that belong to what hardly anybody bought yet.

What was never shown is never bought, and what was never bought is never shown: some places break
the ring. They stand at every 1/share-th place from the middle of the first stretch on, so that
shelves of all lengths begin alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mercato.catalogue.catalogue import Catalogue
from mercato.recommend.picks import Pick
from mercato.recommend.reranking.caps import Caps


def places(share: float, n: int) -> list[int]:
    """Which of n places, from 0: (k + 1/2) / share for each k."""
    if share <= 0:
        return []
    return [place for k in range(n) if (place := int((k + 0.5) / share)) < n]


@dataclass
class _Shelf:
    """What stands on a shelf so far."""

    catalogue: Catalogue
    caps: Caps
    distinct: bool
    picks: list[Pick]
    taken: set[int]

    def add_first(self, candidates: Iterator[Pick]) -> bool:
        """Add the next of the candidates that may stand here; whether there was one."""
        for pick in candidates:
            key = int(self.catalogue.group[pick.row]) if self.distinct else pick.row
            if key in self.taken or not self._fits(pick.row):
                continue
            self.taken.add(key)
            # A place's score falls along the shelf, whoever stands there.
            if self.picks and pick.score > self.picks[-1].score:
                pick = replace(pick, score=self.picks[-1].score)
            self.picks.append(pick)
            return True
        return False

    def _fits(self, row: int) -> bool:
        """Whether the caps leave room for a row, which they then count."""
        if not self.caps.any:
            return True
        one = np.array([row])
        fits = bool(self.caps.room(one, 1))
        if fits:
            self.caps.take(one)
        return fits


def with_arrivals(
    picks: Sequence[Pick],
    arrivals: Sequence[Pick],
    n: int,
    share: float,
    *,
    catalogue: Catalogue,
    caps: Caps,
    distinct: bool,
) -> tuple[list[Pick], list[Pick]]:
    """A shelf of n, and the picks that found no place on it.

    caps : of an empty shelf
    """
    shelf = _Shelf(catalogue, caps, distinct, [], set())
    ordered, coming = iter(picks), iter(arrivals)
    theirs = set(places(share, n))
    for place in range(n):
        # Sources run dry one by one; the other then fills what is left.
        first, second = (coming, ordered) if place in theirs else (ordered, None)
        if not shelf.add_first(first) and (second is None or not shelf.add_first(second)):
            break
    return shelf.picks, list(ordered)
