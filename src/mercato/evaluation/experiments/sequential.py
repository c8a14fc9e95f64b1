"""Intervals that hold at every look at once, so that looking early is allowed.

A normal mixture over possible effects gives evidence that is a martingale where there is no effect,
and so passes 1 / alpha at any time with a chance of alpha at most (mixture sequential probability
ratio test: Robbins 1970, https://doi.org/10.1214/aoms/1177696786; Johari et al. 2022,
https://arxiv.org/abs/1512.04922). With estimated variances it holds for means of any distribution
as units grow: an asymptotic confidence sequence (Waudby-Smith et al. 2024,
https://arxiv.org/abs/2103.06476).
"""

from dataclasses import dataclass

import numpy as np

from mercato.evaluation.experiments.effects import Effect
from mercato.evaluation.experiments.outcomes import Floats

LEAST_UNITS = 100
"""Of both arms together: with fewer nothing is said, since the mean of few skewed numbers is not
normal yet (assumed; bench/experiments.py measures it on conversions and on revenue)."""


@dataclass(frozen=True)
class Look:
    """What may be said now, whatever was looked at before.

    low, high : of the difference; infinite below LEAST_UNITS
    p_value   : the chance, at most, that evidence like this ever comes up without an effect
    """

    low: Floats
    high: Floats
    p_value: Floats


def look(found: Effect, planned_units: float, alpha: float = 0.05) -> Look:
    """The interval and p-value at this time.

    planned_units : of both arms, where intervals are to be tightest: what `power` says, fixed
                    before the first look; another choice costs width, never validity
    """
    information = mixing(alpha) * found.n / planned_units
    enough = found.n >= LEAST_UNITS
    far = np.where(enough, np.sqrt(found.variance) * boundary(information, alpha), np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = found.difference**2 / found.variance
    score = np.where(found.variance > 0, score, np.where(found.difference == 0, 0, np.inf))
    p_value = np.exp(-np.maximum(log_evidence(score, information), 0))
    return Look(found.difference - far, found.difference + far, np.where(enough, p_value, 1.0))


def mixing(alpha: float) -> float:
    """The spread of effects in the mixture, over their variance at the planned time, where the
    interval is tightest then (Waudby-Smith et al., appendix B.2; their approximation)."""
    return float(-2 * np.log(alpha) + np.log(-2 * np.log(alpha)) + 1)


def boundary(information: Floats, alpha: float) -> Floats:
    """(…,) how many standard errors away from 0 there is an effect.

    information : spread of effects in the mixture over the present variance; 0 at the start
    """
    with np.errstate(divide="ignore"):
        scale = (1 + information) / information
    return np.asarray(np.sqrt(scale * (np.log1p(information) - 2 * np.log(alpha))))


def log_evidence(score: Floats, information: Floats) -> Floats:
    """(…,) log likelihood of the mixture over that of no effect; score : squared z-value."""
    return np.asarray((score * information / (1 + information) - np.log1p(information)) / 2)
