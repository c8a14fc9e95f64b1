"""What every family of features is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.shelf_features.pairs import Pairs

Column = NDArray[np.generic]
"""(n,) one value a pair of a shopper and an item, finite."""


@dataclass(frozen=True)
class ShelfFamily:
    """Features that are computed together, and that are one reason together.

    features : name → what it says
    compute  : the columns, in that order
    """

    name: str
    features: Mapping[str, str]
    compute: Callable[[Pairs], list[Column]]
