"""How likely each place of an answer is looked at, against the first."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FLOOR = 1e-3
"""No place is taken for less looked at: a division by less would let one click decide. Assumed."""

FILE = "propensities.json"


@dataclass(frozen=True)
class Propensities:
    """
    examined : of each place, from the first, how likely it is looked at; the first has 1, none
               has more than the one before it
    method   : how they were estimated
    """

    examined: tuple[float, ...]
    method: str

    def of(self, position: NDArray[np.integer]) -> NDArray[np.float64]:
        """(n,) of places from 1; what lies behind the last known one is looked at as little."""
        examined = np.array(self.examined, np.float64)
        return np.asarray(examined[np.minimum(position, len(examined)) - 1])

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def open(cls, folder: Path) -> "Propensities":
        found = json.loads((folder / FILE).read_text())
        return cls(tuple(found["examined"]), found["method"])


FEW_CLICKS = 30.0
"""Clicks at a place that say as much of it as the curve through all places does. Assumed."""


def propensities(
    examined: NDArray[np.float64], clicked: NDArray[np.float64], method: str
) -> Propensities:
    """Smoothed, relative to the first place, never rising, and no less than FLOOR.

    Places with few clicks are drawn towards a power of the place, which is fitted to those with
    many. Shoppers read from the top; where an estimate says otherwise, it is noise: the nearest
    falling curve is taken (isotonic regression, Barlow et al. 1972).

    examined, clicked : (n_positions,)
    """
    # Not at the top: every command that may build a release would wait for it.
    from scipy.optimize import isotonic_regression

    logs = np.log(np.maximum(examined, FLOOR**2 * examined.max()))
    place = np.log(np.arange(1, len(logs) + 1))
    certain = clicked / (clicked + FEW_CLICKS)
    curve = np.column_stack([np.ones(len(logs)), place])
    weight = np.sqrt(clicked)[:, None]
    fitted = curve @ np.linalg.lstsq(curve * weight, logs * weight[:, 0], rcond=None)[0]
    drawn = certain * logs + (1 - certain) * fitted
    falling = isotonic_regression(drawn, weights=clicked + 1, increasing=False).x
    relative = np.maximum(np.exp(falling - falling[0]), FLOOR)
    return Propensities(tuple(round(float(each), 6) for each in relative), method)


UNBIASED = "none"


def unbiased(n_positions: int) -> Propensities:
    """As if all places were looked at alike: what is learned then is the plain click rate."""
    return Propensities((1.0,) * max(n_positions, 1), UNBIASED)
