"""All families of features, and the matrix that they make."""

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.shelf_features.basket import BASKET
from mercato.ranking.shelf_features.demand import DEMAND
from mercato.ranking.shelf_features.habit import HABIT
from mercato.ranking.shelf_features.kinds import KINDS
from mercato.ranking.shelf_features.moment import MOMENT
from mercato.ranking.shelf_features.offer import OFFER
from mercato.ranking.shelf_features.pairs import Pairs
from mercato.ranking.shelf_features.rhythm import RHYTHM
from mercato.ranking.shelf_features.shopper import SHOPPER

FAMILIES = (HABIT, RHYTHM, SHOPPER, DEMAND, KINDS, OFFER, MOMENT, BASKET)

NAMES = tuple(f"{family.name}: {name}" for family in FAMILIES for name in family.features)
"""Of the features, in the order of the matrix; what retrievers say stands behind them."""


def features(pairs: Pairs, needed: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """(n, len(NAMES) + n_said) float32, finite.

    needed : (len(NAMES) + n_said,) features that are asked for; families without one are left at 0
    """
    found = np.zeros((len(NAMES) + pairs.said.shape[1], len(pairs)), np.float32)
    at = 0
    for family in FAMILIES:
        part = slice(at, at + len(family.features))
        if len(pairs) and (needed is None or needed[part].any()):
            for row, column in zip(found[part], family.compute(pairs), strict=True):
                row[:] = column
        at = part.stop
    found[at:] = pairs.said.T
    return np.ascontiguousarray(found.T)
