"""An alarm where arms have other shares of units than they should (sample-ratio mismatch).

Something then loses units of one arm (a redirect, a crash, a cache, a filter of programs), and what
is left is no longer comparable: no effect may be read (Fabijan et al. 2019,
https://doi.org/10.1145/3292500.3330722).

Sequential rather than a chi-square test, since it is looked at daily: a chi-square that is asked
every day alarms by chance sooner or later at any level, or is so strict that it is late. The Bayes
factor of free shares against the designed ones is a martingale where all is well, so that it passes
1 / alpha at any time with a chance of alpha at most (Lindon & Malek 2022, "Anytime-Valid Inference
for Multinomial Count Data", https://arxiv.org/abs/2011.03567).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from mercato.core.errors import BadInput
from mercato.evaluation.experiments.outcomes import Floats

ALPHA = 0.001
"""A false alarm in a thousand experiments, over all of their days: an alarm voids an experiment."""

CONCENTRATION = 1_000.0
"""How close to the designed shares wrong ones are thought to be: halves within about 1.6% of all
units (assumed). Less finds great faults earlier and small ones later."""


def mismatch_p_value(
    units: NDArray[np.integer] | NDArray[np.floating],
    shares: Sequence[float],
    concentration: float = CONCENTRATION,
) -> Floats:
    """(…,) the chance, at most, that shares like these ever come up where all is well.

    units  : (…, n_arms) seen so far, each once
    shares : (n_arms,) as designed. Raises BadInput where they do not make 1, or are not as many.
    """
    expected = np.asarray(shares, np.float64)
    if units.shape[-1:] != expected.shape or abs(expected.sum() - 1) > 1e-9 or expected.min() <= 0:
        raise BadInput(
            "a share above 0 for each arm, 1 together", f"{list(shares)}", "Give all shares."
        )
    prior = concentration * expected
    seen = units.sum(axis=-1)
    together = gammaln(concentration) - gammaln(concentration + seen)
    apart = (gammaln(prior + units) - gammaln(prior) - units * np.log(expected)).sum(axis=-1)
    return np.asarray(np.exp(-np.maximum(together + apart, 0)))


def mismatched(units: NDArray[np.integer], shares: Sequence[float], alpha: float = ALPHA) -> bool:
    """Whether to stop and look for the fault; units (n_arms,)."""
    return bool(mismatch_p_value(units, shares) <= alpha)
