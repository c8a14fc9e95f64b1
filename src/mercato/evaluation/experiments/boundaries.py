"""How likely a drifting Brownian motion crosses boundaries at looks: power of repeated tests."""

from functools import cache

import numpy as np

from mercato.evaluation.experiments.normal import cumulative
from mercato.evaluation.experiments.outcomes import Floats

_NODES = 150
"""Of the quadrature; 600 change no probability of 365 looks by 1e-10."""


def crossing_probabilities(boundary: Floats, information: Floats, drift: float) -> Floats:
    """(k,) the chance that the first crossing, on either side, is at each look.

    boundary    : (k,) in standard errors
    information : (k,) rising, 1 at the planned end
    drift       : the expected z-value where information is 1

    Exact up to quadrature (Armitage, McPherson & Rowe 1969, https://doi.org/10.2307/2343787).
    """
    nodes, weights = _quadrature()
    place, density = np.zeros(1), np.ones(1)
    before, found = 0.0, []
    for far, now in zip(boundary * np.sqrt(information), information, strict=True):
        step, mean = np.sqrt(now - before), place + drift * (now - before)
        beyond = cumulative((mean - far) / step) + cumulative((-far - mean) / step)
        found.append(float(density @ beyond))
        arrived = far * nodes
        moves = np.exp(-(((arrived[:, None] - mean) / step) ** 2) / 2) / (step * np.sqrt(2 * np.pi))
        place, density, before = arrived, (moves @ density) * far * weights, now
    return np.array(found)


@cache
def _quadrature() -> tuple[Floats, Floats]:
    """Nodes and weights on [-1, 1]; they take as long as a sum over 28 looks does."""
    return np.polynomial.legendre.leggauss(_NODES)
