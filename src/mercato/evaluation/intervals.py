"""Means over shoppers or queries, and how far chance could move them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput

_CHUNK = 2_000_000
"""Draws held in memory at once."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its bootstrap interval.

    low, high : ends of the interval
    n         : shoppers or queries
    """

    value: float
    low: float
    high: float
    n: int

    def to_json(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}


def bootstrap(
    values: NDArray[np.floating], *, resamples: int = 1_000, level: float = 0.95, seed: int = 0
) -> Estimate:
    """The mean of ``values`` (n,) with its percentile interval.

    Efron 1979 (https://doi.org/10.1214/aos/1176344552). Raises BadInput where there are none.
    """
    n = len(values)
    if n == 0:
        raise BadInput("at least one shopper or query", "none", "Nothing was relevant to anyone.")
    rng = np.random.default_rng(seed)
    at_once = max(1, _CHUNK // n)
    means = np.concatenate(
        [
            values[rng.integers(0, n, (min(at_once, resamples - done), n))].mean(axis=1)
            for done in range(0, resamples, at_once)
        ]
    )
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Estimate(float(values.mean()), float(low), float(high), n)


def paired_difference(
    values: NDArray[np.floating], others: NDArray[np.floating], *, seed: int = 0
) -> Estimate:
    """How much higher ``values`` (n,) are than ``others`` (n,), of the same shoppers or queries.

    Raises BadInput where they are not as many.
    """
    if len(values) != len(others):
        raise BadInput(
            "two values of each shopper or query",
            f"{len(values)} and {len(others)}",
            "Compare answers to the same.",
        )
    return bootstrap(values - others, seed=seed)
