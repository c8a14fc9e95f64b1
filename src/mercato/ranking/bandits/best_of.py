"""The chance that each of several independent beliefs is the greatest: Thompson sampling's own."""

from collections.abc import Callable

import numpy as np

from mercato.ranking.bandits.choice import Chances, Floats

_REACH = np.array([-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0])
"""Where pieces of the integral end, in standard deviations about each belief's mean."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)

Belief = Callable[[Floats], Floats]


def chances_of_best(
    density: Belief, below: Belief, mean: Floats, deviation: Floats, ends: tuple[float, float]
) -> Chances:
    """The integral over x of an arm's density at x times the chance that all others are below.

    density, below  : (n,) → (n, n_arms), of each arm's belief
    mean, deviation : (n_arms,)
    ends            : between which beliefs lie

    Pieces follow each belief's width, so that narrow ones are not missed. Without error the chances
    make 1; by how much they do not is the error told, and they are made to.
    """
    pieces = np.unique(np.clip(mean[:, None] + deviation[:, None] * _REACH, *ends))
    middle, half = (pieces[1:] + pieces[:-1]) / 2, np.diff(pieces) / 2
    x = (middle[:, None] + half[:, None] * _NODES).ravel()
    weight = (half[:, None] * _WEIGHTS).ravel()
    found = np.empty(len(mean))
    lower, dense = below(x), density(x)
    for arm in range(len(mean)):
        others = np.delete(lower, arm, axis=1).prod(axis=1)
        found[arm] = weight @ (dense[:, arm] * others)
    whole = float(found.sum())
    return Chances(found / whole, abs(whole - 1))
