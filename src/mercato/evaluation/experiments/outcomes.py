"""What units did, as sums that can be kept and added up: all that effects are computed from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput

Floats = NDArray[np.float64]

NUMERATOR, DENOMINATOR, BEFORE = 0, 1, 2
"""Columns; from BEFORE on what is known of a unit from before the experiment."""


@dataclass(frozen=True)
class Moments:
    """Of m columns over the units of an arm; leading axes, as of many simulated runs, are kept.

    n      : (…,) units
    mean   : (…, m)
    spread : (…, m, m) sums of products of deviations from the mean
    """

    n: Floats
    mean: Floats
    spread: Floats

    @classmethod
    def of(cls, columns: Floats) -> "Moments":
        """From (…, n, m): per unit its numerator, denominator and what was known before."""
        mean = columns.mean(axis=-2)
        apart = columns - mean[..., None, :]
        n = np.full(columns.shape[:-2], float(columns.shape[-2]))
        return cls(n, mean, np.swapaxes(apart, -1, -2) @ apart)

    def __add__(self, other: "Moments") -> "Moments":
        """Of the units of both, which must be different ones (Chan, Golub & LeVeque 1983,
        https://doi.org/10.1080/00031305.1983.10483115)."""
        n = self.n + other.n
        share = np.divide(other.n, n, out=np.zeros_like(n), where=n > 0)
        apart = other.mean - self.mean
        between = apart[..., :, None] * apart[..., None, :]
        return Moments(
            n,
            self.mean + share[..., None] * apart,
            self.spread + other.spread + (self.n * share)[..., None, None] * between,
        )

    def covariance(self) -> Floats:
        """(…, m, m) of one unit."""
        return np.asarray(self.spread / np.maximum(self.n - 1, 1)[..., None, None])


def measured(
    value: NDArray[np.floating],
    count: NDArray[np.floating] | None = None,
    before: NDArray[np.floating] | None = None,
) -> Moments:
    """A metric of an arm.

    value  : (n,) of each unit, as revenue or clicks
    count  : (n,) for a ratio metric, what is divided by, as impressions; 1 where none is given
    before : (n, k) of the same units before the experiment, whatever goes with the metric: for a
             ratio its numerator and its denominator

    A unit is what was assigned (a shopper, not a session): its rows are added up first. Raises
    BadInput where lengths differ, there are fewer than two units, or numbers are not finite.
    """
    ones = np.ones(len(value)) if count is None else count
    columns = [value, ones] + ([] if before is None else list(before.T))
    if len({len(each) for each in columns}) > 1 or len(value) < 2:
        raise BadInput(
            "a number a unit in every column, of two units or more",
            " and ".join(str(len(each)) for each in columns),
            "Add up each unit's rows first.",
        )
    stacked = np.stack(columns, axis=-1).astype(np.float64)
    if not np.isfinite(stacked).all():
        raise BadInput("finite numbers", "others", "Leave such units out of all arms.")
    return Moments.of(stacked)
