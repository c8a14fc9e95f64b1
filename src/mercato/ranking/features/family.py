"""What every family of features is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.features.asked import Asked

Column = NDArray[np.generic]
"""(k,) one value a candidate, finite."""


@dataclass(frozen=True)
class Family:
    """Features that are computed together.

    features : name → what it says, in words that `explain` shows
    compute  : the columns, in that order
    """

    name: str
    features: Mapping[str, str]
    compute: Callable[[Asked], list[Column]]
