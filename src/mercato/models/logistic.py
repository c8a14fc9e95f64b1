"""Logistic regression for a handful of features and any number of rows."""

import numpy as np
from numpy.typing import NDArray

_STEPS = 25
_CLOSE = 1e-8


def fit_logistic(
    features: NDArray[np.float64], labels: NDArray[np.bool_], ridge: float = 1.0
) -> NDArray[np.float64]:
    """(1 + n_features,) intercept and weights of the likeliest model, by Newton's method.

    features : (n, n_features)
    labels   : (n,)
    ridge    : prior precision of each weight, so that a perfect split has an answer too

    Iteratively reweighted least squares (Hastie, Tibshirani & Friedman 2009, section 4.4.1).
    """
    design = np.column_stack([np.ones(len(features)), features])
    prior = np.full(design.shape[1], ridge)
    prior[0] = 0
    weights = np.zeros(design.shape[1])
    weights[0] = np.log((labels.sum() + 0.5) / ((~labels).sum() + 0.5))
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (labels - chance) - prior * weights
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(prior)
        move = np.linalg.solve(curve, slope)
        weights += move
        if np.abs(move).max() < _CLOSE:
            break
    return weights
