"""Rewards, each counted as often as the policy asked about would have shown what earned it."""

import numpy as np

from mercato.evaluation.off_policy.logged import Logged
from mercato.evaluation.off_policy.terms import Terms


def inverse_propensity(logged: Logged, clip: float = np.inf) -> Terms:
    """IPS (Horvitz & Thompson 1952, https://doi.org/10.1080/01621459.1952.10483446): unbiased, and
    as noisy as the weights are uneven.

    clip : weights above count as this (Ionides 2008, https://doi.org/10.1198/106186008X320456):
           less noise, and rewards of 0 for what the log rarely shows
    """
    n = len(logged.reward)
    weighed = np.minimum(logged.weight, clip) * logged.reward
    return Terms(np.zeros(n), weighed, np.ones(n), logged)


def self_normalised(logged: Logged, clip: float = np.inf) -> Terms:
    """SNIPS (Swaminathan & Joachims 2015, https://papers.nips.cc/paper/5748): the weighted mean.

    It stays between the least and the greatest reward, and does not move when a number is added to
    all; its bias vanishes as the log grows.
    """
    weight = np.minimum(logged.weight, clip)
    return Terms(np.zeros(len(weight)), weight * logged.reward, weight, logged)
