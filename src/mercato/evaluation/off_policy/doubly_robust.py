"""A model's expectation, corrected by what it got wrong where the log can tell."""

import numpy as np

from mercato.evaluation.off_policy.logged import Floats, Logged, Predicted
from mercato.evaluation.off_policy.terms import Terms


def doubly_robust(logged: Logged, predicted: Predicted, clip: float = np.inf) -> Terms:
    """DR (Dudík, Langford & Li 2011, https://arxiv.org/abs/1103.4601): right where the model or
    the propensities are, and calmer than IPS.

    clip : weights above count as this
    """
    return corrected(logged, predicted, np.minimum(logged.weight, clip))


def self_normalised_doubly_robust(logged: Logged, predicted: Predicted) -> Terms:
    """SNDR (Thomas & Brunskill 2016, https://arxiv.org/abs/1604.00923): the correction is a
    weighted mean."""
    errors = logged.weight * (logged.reward - predicted.shown)
    return Terms(predicted.target, errors, logged.weight, logged)


def corrected(logged: Logged, predicted: Predicted, weight: Floats) -> Terms:
    """DR under other weights (n,), as those that are switched off or shrunk."""
    errors = weight * (logged.reward - predicted.shown)
    return Terms(np.zeros(len(weight)), predicted.target + errors, np.ones(len(weight)), logged)
