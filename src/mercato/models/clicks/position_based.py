"""The position-based model by expectation maximisation.

Chuklin, Markov & de Rijke, Click Models for Web Search (2015), section 4.3. Each pair of query and
item has a relevance of its own, so that places are told apart only where items moved.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mercato.models.clicks.log import ClickLog
from mercato.models.clicks.propensities import Propensities, propensities

METHOD = "position-based model"

RelevanceOf = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]

_STEPS = 300
_CLOSE = 1e-5
PRIOR = 1.0
"""Showings that each pair is thought to have had before, with the mean rate of clicks. Assumed."""


def fit_position_based(log: ClickLog) -> Propensities:
    """The likeliest propensities under the model, from a log with at least one row."""
    examined, _ = expectation_maximisation(log, lambda hits, trials: _own(log, hits, trials))
    return propensities(examined, log.by_position(log.clicked), METHOD)


def _own(
    log: ClickLog, hits: NDArray[np.float64], trials: NDArray[np.float64]
) -> NDArray[np.float64]:
    mean = hits.sum() / trials.sum()
    return np.asarray((hits + PRIOR * mean) / (trials + PRIOR))


def expectation_maximisation(
    log: ClickLog,
    relevance_of: RelevanceOf,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Examination of places (n_positions,) and relevance of pairs (n_pairs,), up to one factor.

    relevance_of : expected hits and trials of each pair → its relevance, 0 to 1: the M-step
    """
    place, pair = log.position - 1, log.pair
    passed = log.shown - log.clicked
    shown_at, trials = log.by_position(log.shown), log.by_pair(log.shown)
    examined = 1 / np.sqrt(np.arange(1, log.n_positions + 1))
    relevance = relevance_of(log.by_pair(log.clicked), trials)
    for _ in range(_STEPS):
        e, r = examined[place], relevance[pair]
        no_click = np.maximum(1 - e * r, 1e-12)
        # Without a click: looked at and not liked, or liked and not looked at.
        seen = log.clicked + passed * e * (1 - r) / no_click
        liked = log.clicked + passed * r * (1 - e) / no_click
        before = examined
        examined = log.by_position(seen) / np.maximum(shown_at, 1e-12)
        relevance = relevance_of(log.by_pair(liked), trials)
        if np.abs(examined / examined[0] - before / before[0]).max() < _CLOSE:
            break
    return examined, relevance
