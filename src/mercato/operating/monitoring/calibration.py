"""Whether scores still mean the clicks that they meant."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mercato.data.quality.alarm import Alarm
from mercato.operating.monitoring.showing import Times

BINS = 10
LEAST, MOST = 0.8, 1.25
"""Clicks observed, over those expected, outside of which an alarm is worth a look. Assumed."""

CHANCE_Z = 4.9
"""Standard errors; by chance in one of a million looks (as in `data.quality.psi`)."""


@dataclass(frozen=True)
class Calibration:
    """Clicks now, and those that the same scores meant before.

    error : standard error of their difference. Clicks of one shopper go together: the variance is
            that of sums over shoppers, but no less than that of as many independent clicks as are
            expected: where none came at all they would seem to vary little.
    """

    observed: float
    expected: float
    error: float

    @property
    def ratio(self) -> float:
        return self.observed / self.expected if self.expected else np.inf


def calibration_of(times: Times) -> Calibration | None:
    """Each score's clicks of before, by tenths of the scores, are what is expected of it now.

    times : of one release. None where that is too little, or nothing was clicked before.
    """
    if not times.is_enough or not times.before.clicked.any():
        return None
    edges = np.unique(np.quantile(times.before.score, np.arange(1, BINS) / BINS))
    at_before = np.searchsorted(edges, times.before.score)
    shown = np.bincount(at_before, minlength=len(edges) + 1)
    clicked = np.bincount(at_before, times.before.clicked, minlength=len(edges) + 1)
    rate = clicked / np.maximum(shown, 1)
    expected = rate[np.searchsorted(edges, times.now.score)]
    apart = np.bincount(times.now.unit, times.now.clicked - expected)
    before = np.bincount(times.before.unit, times.before.clicked - rate[at_before])
    scale = len(times.now) / len(times.before)
    varies = max(apart @ apart, expected @ (1 - expected))
    error = float(np.sqrt(varies + scale**2 * (before @ before)))
    return Calibration(float(times.now.clicked.sum()), float(expected.sum()), error)


def calibration_alarms(times: Times) -> Iterator[Alarm]:
    """Where clicks are more or fewer than the scores of the release meant."""
    found = calibration_of(times.of_one_release())
    if found is None:
        return
    beyond = abs(found.observed - found.expected) > CHANCE_Z * found.error
    if beyond and not LEAST <= found.ratio <= MOST:
        yield Alarm(
            "calibration",
            "answers",
            times.placement,
            f"{found.expected:,.0f} clicks at {times.placement}, as its scores meant before",
            f"{found.observed:,.0f} ({found.ratio:.2f} times as many)",
            "See whether clicks are still sent with their query_id; then learn anew.",
        )
