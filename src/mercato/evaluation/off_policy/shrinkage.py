"""Doubly robust with weights that are shrunk, large ones most."""

import numpy as np

from mercato.evaluation.off_policy.doubly_robust import corrected
from mercato.evaluation.off_policy.logged import Logged, Predicted
from mercato.evaluation.off_policy.terms import Terms


def optimistic_shrinkage(logged: Logged, predicted: Predicted, strength: float) -> Terms:
    """DRos (Su et al. 2020, https://arxiv.org/abs/1907.09623).

    strength : lambda of the paper; 0 is the model alone, infinity doubly robust
    """
    weight = logged.weight
    if np.isfinite(strength):
        weight = strength * weight / np.maximum(weight**2 + strength, np.finfo(float).tiny)
    return corrected(logged, predicted, weight)
