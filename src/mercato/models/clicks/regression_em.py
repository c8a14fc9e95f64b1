"""Propensities by regression-based expectation maximisation.

Wang, Golbandi, Bendersky, Metzler & Najork, "Position Bias Estimation for Unbiased Learning to
Rank in Personal Search" (WSDM 2018), https://doi.org/10.1145/3159652.3159732: relevance is read
off features instead of being each pair's own, so rare queries tell something too. The regression
is logistic; features should not hold the place itself or what it was made from.
"""

import numpy as np
from numpy.typing import NDArray

from mercato.models.clicks.log import ClickLog
from mercato.models.clicks.position_based import expectation_maximisation
from mercato.models.clicks.propensities import Propensities, propensities

METHOD = "regression EM"

_RIDGE = 1.0
_NEWTON_STEPS = 2
"""The outer iteration moves little at a time: the regression need not come to its end in each."""


def fit_regression_em(log: ClickLog, features: NDArray[np.floating]) -> Propensities:
    """features : (n_pairs, n_features) of what the pair is, not of where it stood"""
    regression = _Regression(_design(features))
    examined, _ = expectation_maximisation(log, regression.relevance_of)
    return propensities(examined, log.by_position(log.clicked), METHOD)


def _design(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n, 1 + 2 × n_features): one, each feature's rank among all from -1 to 1, and its square.

    Ranks are free of outliers and units; the square lets a feature be best in the middle.
    """
    # Not at the top: every command that may build a release would wait for it.
    from scipy.stats import rankdata

    ranks = (rankdata(features, axis=0) - 0.5) / max(len(features), 1) * 2 - 1
    return np.column_stack([np.ones(len(features)), ranks, ranks**2])


class _Regression:
    """A logistic regression that goes on from where it was left."""

    def __init__(self, design: NDArray[np.float64]) -> None:
        self.design = design
        self.weights = np.zeros(design.shape[1])

    def relevance_of(
        self, hits: NDArray[np.float64], trials: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Moved towards the likeliest weights of ``hits`` out of ``trials``, by Newton's method."""
        prior = np.full(len(self.weights), _RIDGE)
        for _ in range(_NEWTON_STEPS):
            chance = self._chance()
            slope = self.design.T @ (hits - trials * chance) - prior * self.weights
            spread = trials * chance * (1 - chance)
            curve = (self.design * spread[:, None]).T @ self.design + np.diag(prior)
            self.weights = self.weights + np.linalg.solve(curve, slope)
        return self._chance()

    def _chance(self) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-np.clip(self.design @ self.weights, -30, 30)))
