"""The population stability index: how far a distribution has moved.

Σ (now - before) · ln(now / before) over bins. .1 to .25 is called a moderate shift, above .25 a
significant one (Siddiqi, Credit Risk Scorecards, 2006). Of two samples of n and m rows out of one
distribution the index is about χ²(bins - 1) · (1/n + 1/m) (Yurdakul, Statistical Properties of
Population Stability Index, 2018), so small samples must move further to count.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

SIGNIFICANT = 0.25
CHANCE = 1e-6
"""Of one column of one import to shift so far by chance."""

_BINS = 10
_LEAST = 1e-4
"""An empty bin counts as this share, as is usual: the logarithm of 0 is no number."""


def shift_of_numbers(before: Sequence[float], now: Sequence[float]) -> tuple[float, int]:
    """(index, bins) of two lists of percentiles; the bins are the deciles of ``before``."""
    edges = np.unique(np.asarray(before)[:: (len(before) - 1) // _BINS])
    return _index(_shares(before, edges), _shares(now, edges)), len(edges) + 1


def _shares(percentiles: Sequence[float], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """(edges + 1,) the share of rows up to each edge and above the one before; ties stay whole."""
    up_to = np.searchsorted(np.sort(percentiles), edges, side="right") / len(percentiles)
    return np.diff(up_to, prepend=0.0, append=1.0)


def shift_of_values(before: Mapping[str, int], now: Mapping[str, int]) -> tuple[float, int]:
    """(index, bins) of two counts of values."""
    names = sorted({*before, *now})
    old = np.array([before.get(name, 0) for name in names], np.float64)
    new = np.array([now.get(name, 0) for name in names], np.float64)
    return _index(old / old.sum(), new / new.sum()), len(names)


def _index(before: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    old, new = before.clip(_LEAST), now.clip(_LEAST)
    return float(((new - old) * np.log(new / old)).sum())


def is_significant(index: float, bins: int, rows_before: int, rows_now: int) -> bool:
    """Whether a shift is both large and more than chance."""
    from scipy.special import chdtri  # not at the top: every server would wait for it

    by_chance = chdtri(max(bins - 1, 1), CHANCE) * (1 / rows_before + 1 / rows_now)
    return bool(index >= max(SIGNIFICANT, by_chance))
