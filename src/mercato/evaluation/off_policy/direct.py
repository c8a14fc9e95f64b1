"""What a model of rewards expects of the policy asked about."""

import numpy as np

from mercato.evaluation.off_policy.logged import Logged, Predicted
from mercato.evaluation.off_policy.terms import Terms


def direct(logged: Logged, predicted: Predicted) -> Terms:
    """DM (Beygelzimer & Langford 2009, https://arxiv.org/abs/0812.4044): as biased as the model.

    Its intervals tell of chance in what was asked, not of errors of the model.
    """
    n = len(logged.reward)
    return Terms(np.zeros(n), predicted.target, np.ones(n), logged)
