"""Candidates of one stage in their order."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.recommend.asked import Rows


class Ranked(NamedTuple):
    """The best first.

    rows   : (m,) each once
    scores : (m,) float64, above 0, not rising
    part   : (m,) which part of the stage counted most for the row
    """

    rows: Rows
    scores: NDArray[np.float64]
    part: NDArray[np.int64]

    def at(self, order: NDArray[np.integer] | list[int]) -> "Ranked":
        """Some of them, in the order given."""
        return Ranked(self.rows[order], self.scores[order], self.part[order])
