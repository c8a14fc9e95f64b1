"""How likely a drifting Brownian motion crosses boundaries at looks: power of repeated tests."""

import numpy as np
from scipy.special import ndtr

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
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    place, density = np.zeros(1), np.ones(1)
    before, found = 0.0, []
    for far, now in zip(boundary * np.sqrt(information), information, strict=True):
        step, mean = np.sqrt(now - before), place + drift * (now - before)
        beyond = ndtr((mean - far) / step) + ndtr((-far - mean) / step)
        found.append(float(density @ beyond))
        arrived = far * nodes
        moves = np.exp(-(((arrived[:, None] - mean) / step) ** 2) / 2) / (step * np.sqrt(2 * np.pi))
        place, density, before = arrived, (moves @ density) * far * weights, now
    return np.array(found)
