"""Whether scores still mean the clicks that they meant."""

from collections.abc import Iterator

import numpy as np

from mercato.data.quality.alarm import Alarm
from mercato.operating.monitoring.showing import Times

BINS = 10
LEAST, MOST = 0.8, 1.25
"""Clicks observed, over those expected, outside of which an alarm is worth a look. Assumed."""

CHANCE_Z = 4.9
"""Standard errors; by chance in one of a million looks (as in `data.quality.psi`)."""


def calibration_alarms(times: Times) -> Iterator[Alarm]:
    """Each score's clicks of before, by tenths of the scores, are what is expected of it now.

    Clicks of one shopper go together: the variance is that of sums over shoppers.
    """
    same = times.of_one_release()
    if not same.is_enough or not same.before.clicked.any():
        return
    edges = np.unique(np.quantile(same.before.score, np.arange(1, BINS) / BINS))
    at_before = np.searchsorted(edges, same.before.score)
    shown = np.bincount(at_before, minlength=len(edges) + 1)
    clicked = np.bincount(at_before, same.before.clicked, minlength=len(edges) + 1)
    rate = clicked / np.maximum(shown, 1)
    expected = rate[np.searchsorted(edges, same.now.score)]
    apart = np.bincount(same.now.unit, same.now.clicked - expected)
    before = np.bincount(same.before.unit, same.before.clicked - rate[at_before])
    scale = len(same.now) / len(same.before)
    error = float(np.sqrt(apart @ apart + scale**2 * (before @ before)))
    ratio = float(same.now.clicked.sum() / expected.sum()) if expected.sum() else np.inf
    if abs(apart.sum()) > CHANCE_Z * error and not LEAST <= ratio <= MOST:
        yield Alarm(
            "calibration",
            "answers",
            times.placement,
            f"{expected.sum():,.0f} clicks at {times.placement}, as its scores meant before",
            f"{same.now.clicked.sum():,} ({ratio:.2f} times as many)",
            "See whether clicks are still sent with their query_id; then learn anew.",
        )
