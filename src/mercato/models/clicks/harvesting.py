"""Propensities from items that stood at several places of the same query's answers.

Agarwal, Zaitsev, Wang, Li, Najork & Joachims, "Estimating Position Bias without Intrusive
Interventions" (WSDM 2019), https://arxiv.org/abs/1812.05161: the estimator AllPairs. Stock, prices
and new releases move items between places; that is an experiment nobody had to make.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.models.clicks.log import ClickLog
from mercato.models.clicks.propensities import Propensities, propensities

METHOD = "intervention harvesting"

_RIDGE = 1e-3
"""Prior towards the middle, in nats a number: places that nothing moved to must have a value."""


@dataclass(frozen=True)
class _Meetings:
    """Rows for each ordered two places k, l between which items moved.

    here    : (m,) place k, from 0; two : (m,) number of the unordered {k, l}
    clicked : (m,) clicks at k of items that were shown at k and l, each item counting alike
    passed  : (m,) showings without click
    """

    here: NDArray[np.int64]
    two: NDArray[np.int64]
    clicked: NDArray[np.float64]
    passed: NDArray[np.float64]
    n_two: int


def harvested(log: ClickLog) -> Propensities | None:
    """None where no item moved."""
    # Not at the top: every command that may build a release would wait for it.
    from scipy.optimize import minimize

    meetings = _meetings(log)
    if not len(meetings.here):
        return None
    n = log.n_positions
    start = np.zeros(n + meetings.n_two)
    found = minimize(_loss, start, args=(meetings, n), jac=True, method="L-BFGS-B")
    return propensities(_sigmoid(found.x[:n]), log.by_position(log.clicked), METHOD)


def _meetings(log: ClickLog) -> _Meetings:
    """For every pair that was shown at k and l: its click rate at k, weighed by the smaller of its
    showings at the two, so that an item seen once somewhere says as little as that."""
    n = log.n_positions
    order = np.argsort(log.pair, kind="stable")
    starts = np.searchsorted(log.pair[order], np.arange(log.n_pairs + 1))
    sums = np.zeros((2, n, n))
    counts = np.diff(starts)
    for size in np.unique(counts[counts > 1]).tolist():
        first = starts[:-1][counts == size]
        rows = order[first[:, None] + np.arange(size)]  # (pairs of this size, size)
        here, there = (each.ravel() for each in np.nonzero(~np.eye(size, dtype=bool)))
        at_k, at_l = rows[:, here].ravel(), rows[:, there].ravel()
        weight = np.minimum(log.shown[at_k], log.shown[at_l])
        rate = log.clicked[at_k] / log.shown[at_k]
        place = (log.position[at_k] - 1, log.position[at_l] - 1)
        np.add.at(sums[0], place, weight * rate)
        np.add.at(sums[1], place, weight * (1 - rate))
    here, there = np.nonzero(sums.sum(0) > 0)
    low, high = np.minimum(here, there), np.maximum(here, there)
    _, two = np.unique(low * n + high, return_inverse=True)
    clicked, passed = sums[:, here, there]
    return _Meetings(here, two, clicked, passed, int(two.max(initial=-1)) + 1)


def _loss(
    at: NDArray[np.float64], meetings: _Meetings, n: int
) -> tuple[float, NDArray[np.float64]]:
    """Minus the log likelihood of chance (k, {k, l}) = examined[k] × relevance[{k, l}], and its
    slope; ``at``: logits of both."""
    chances = _sigmoid(at)
    examined, relevance = chances[:n][meetings.here], chances[n:][meetings.two]
    click = np.clip(examined * relevance, 1e-9, 1 - 1e-9)
    loss = -(meetings.clicked * np.log(click) + meetings.passed * np.log1p(-click)).sum()
    slope = -(meetings.clicked - meetings.passed * click / (1 - click))
    steps = np.concatenate(
        [
            np.bincount(meetings.here, slope * (1 - examined), n),
            np.bincount(meetings.two, slope * (1 - relevance), meetings.n_two),
        ]
    )
    return float(loss + _RIDGE * (at**2).sum() / 2), steps + _RIDGE * at


def _sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-values))
