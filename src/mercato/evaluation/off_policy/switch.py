"""Doubly robust, and the model alone where weights are large."""

import numpy as np

from mercato.evaluation.off_policy.doubly_robust import corrected
from mercato.evaluation.off_policy.logged import Logged, Predicted
from mercato.evaluation.off_policy.terms import Terms


def switch_doubly_robust(logged: Logged, predicted: Predicted, threshold: float) -> Terms:
    """Switch-DR (Wang, Agarwal & Dudík 2017, https://arxiv.org/abs/1612.01205).

    threshold : rows of a greater weight correct nothing
    """
    weight = np.where(logged.weight <= threshold, logged.weight, 0.0)
    return corrected(logged, predicted, weight)
