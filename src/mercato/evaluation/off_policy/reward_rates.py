"""The plainest model of rewards: how much each action earned, told of rows that it has not seen."""

import numpy as np
from numpy.typing import NDArray

from mercato.evaluation.off_policy.logged import Floats


def cross_fitted_rates(
    reward: NDArray[np.floating],
    action: NDArray[np.integer],
    n_actions: int,
    unit: NDArray[np.integer],
    *,
    folds: int = 3,
    prior_rows: float = 100,
    seed: int = 0,
) -> Floats:
    """(n, n_actions) mean reward of each action on the rows of other units.

    unit       : (n,) int from 0; all rows of one are in the same fold
    prior_rows : how many rows of the mean over all actions each action begins with (assumed)
    """
    fold_of = np.random.default_rng(seed).integers(0, folds, int(unit.max()) + 1)[unit]
    rates = np.empty((len(reward), n_actions))
    for fold in range(folds):
        others = fold_of != fold
        mean = reward[others].mean() if others.any() else 0.0
        sums = np.bincount(action[others], reward[others], n_actions) + prior_rows * mean
        rows = np.bincount(action[others], minlength=n_actions) + prior_rows
        rates[~others] = sums / rows
    return rates
