"""Shoppers who each go on with one item: what protocols of sessions and sequences share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.evaluation.full_ranking import rank_all
from mercato.evaluation.judging import Truth
from mercato.evaluation.protocols.sequences import Sequences

Score = Callable[[Interactions], NDArray[np.float32]]
"""Shoppers' events → (n_shoppers, n_items), higher is better, -inf: never."""


@dataclass(frozen=True)
class NextItem:
    """learned : what a model learns from
    now     : microseconds, when it is asked; nothing learned from is later
    asked   : of n shoppers, what they did before
    truth   : of n rows, one item each
    seen    : of n rows, what is never proposed; None: anything may be
    """

    learned: Interactions
    now: int
    asked: Sequences
    truth: Truth
    seen: Truth | None = None

    def __len__(self) -> int:
        return len(self.asked)

    def shoppers(self, rows: slice = slice(None)) -> Interactions:
        """Rows start:stop of what is asked, their last events at ``now``."""
        part = self.asked.rows(rows)
        return part.interactions(self.learned.n_items, self.now - part.lengths + 1)

    def answers(self, score: Score, k: int, step: Step | None = None) -> NDArray[np.int64]:
        """(n, k) items, best first, see `rank_all`."""

        def scores(rows: slice) -> NDArray[np.float32]:
            return score(self.shoppers(rows))

        return rank_all(scores, len(self), k, seen=self.seen, step=step)

    def first(self, most: int | None) -> "NextItem":
        """At most so many shoppers, spread evenly over all."""
        if most is None or len(self) <= most:
            return self
        rows = np.unique(np.linspace(0, len(self) - 1, most).astype(np.int64))
        asked = self.asked.parts(rows, self.asked.lengths[rows])
        seen = None if self.seen is None else self.seen.of(rows)
        return NextItem(self.learned, self.now, asked, self.truth.of(rows), seen)
