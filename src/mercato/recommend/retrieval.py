"""What a retriever is: it proposes items, and says why of those that are shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.core.tracing import span
from mercato.models.base import Scored
from mercato.ranking.reasons import Reason
from mercato.recommend.asked import Asked, Rows

Allowed = NDArray[np.bool_]
"""(n_rows,) which rows may be proposed."""


class Proposal(NamedTuple):
    """rows : (m,) each once; scores : (m,) float32, above 0, higher is better"""

    rows: Rows
    scores: NDArray[np.float32]


NOTHING = Proposal(np.zeros(0, np.int64), np.zeros(0, np.float32))


@dataclass(frozen=True)
class Retriever:
    """propose : the best allowed rows, at most as many as asked for
    reasons : why each of some rows that it proposed
    brought : the name of the retriever that brought each row, where this one only orders them
    """

    name: str
    propose: Callable[[Asked, Allowed, int], Proposal]
    reasons: Callable[[Asked, Rows], list[Reason]]
    brought: Callable[[Rows], list[str]] | None = None

    def bring(self, asked: Asked, allowed: Allowed, most: int) -> Proposal:
        """What it proposes; how long that takes is told to whoever traces."""
        with span("source", retriever=self.name):
            return self.propose(asked, allowed, most)

    def names(self, rows: Rows) -> list[str]:
        """Which retriever brought each of some rows that it proposed."""
        return [self.name] * len(rows) if self.brought is None else self.brought(rows)


def allowed_rows(asked: Asked, found: Scored, allowed: Allowed, most: int) -> Proposal:
    """What a model says of base rows, as living rows that are allowed."""
    rows = asked.catalogue.live_of[found.items]
    good = (found.scores > 0) & (rows >= 0)
    rows, scores = rows[good], found.scores[good]
    good = allowed[rows]
    return best(rows[good].astype(np.int64), scores[good], most)


def best(rows: Rows, scores: NDArray[np.float32], most: int) -> Proposal:
    """The ``most`` rows with the highest scores, and those equal to the last of them."""
    if len(rows) <= most:
        return Proposal(rows, scores)
    kept = scores >= np.partition(scores, -most)[-most]
    return Proposal(rows[kept], scores[kept])
