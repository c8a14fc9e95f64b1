"""How many units and days an experiment needs, or which effect it can find.

Of one look at the end: (z_{1 - alpha/2} + z_power)² × variance of the difference per unit /
effect², as in any textbook. Of a look every day with always-valid intervals: the same with the
drift at which the boundary is crossed as often, computed exactly.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from mercato.core.errors import BadInput
from mercato.evaluation.experiments.boundaries import crossing_probabilities
from mercato.evaluation.experiments.normal import cumulative, quantile
from mercato.evaluation.experiments.outcomes import BEFORE, Moments
from mercato.evaluation.experiments.sequential import boundary, mixing


@dataclass(frozen=True)
class Plan:
    """An experiment with one variant beside the control, or each of several.

    deviation         : standard deviation of the metric, of one unit (`unit_deviation`)
    variant_deviation : of a unit of the variant, where the effect changes it: a rate p has
                        sqrt(p (1 - p)), sales that rise by a tenth vary by a tenth more
    control_share     : of all units that come; variant_share : the same of one variant
    variants          : alpha is divided among them
    looks             : 1 for one look at the end, else always-valid ones at equal distances
    """

    deviation: float
    variant_deviation: float | None = None
    control_share: float = 0.5
    variant_share: float = 0.5
    variants: int = 1
    alpha: float = 0.05
    power: float = 0.8
    looks: int = 1


def units_needed(plan: Plan, effect: float) -> int:
    """Of both arms together, to find a difference of ``effect`` with the power planned.

    Raises BadInput where the effect is 0 or the plan's numbers are none.
    """
    _check(plan)
    if effect == 0 or not np.isfinite(effect):
        raise BadInput("an effect other than 0", f"{effect}", "Name the least worth finding.")
    return int(np.ceil((_drift(plan) / effect) ** 2 * _variance(plan)))


def detectable(plan: Plan, units: float) -> float:
    """The least difference that ``units``, of both arms together, find with the power planned."""
    _check(plan)
    return float(_drift(plan) * np.sqrt(_variance(plan) / units))


def power_of(plan: Plan, units: float, effect: float) -> float:
    """The chance that ``effect`` is found."""
    _check(plan)
    drift = abs(effect) / np.sqrt(_variance(plan) / units)
    return _power(drift, plan.alpha / plan.variants, plan.looks)


def days_needed(plan: Plan, effect: float, units_per_day: float) -> int:
    """Where ``units_per_day`` new ones come to both arms together."""
    return int(np.ceil(units_needed(plan, effect) / units_per_day))


def unit_deviation(history: Moments) -> float:
    """The standard deviation of a metric's linearised value, from past units: for a ratio by the
    delta method, and less what was known before where columns for it are there (CUPED)."""
    covariance = history.covariance()
    value, count = history.mean[..., 0], history.mean[..., 1]
    gradient = np.array([1 / count, -value / count**2])
    variance = gradient @ covariance[:BEFORE, :BEFORE] @ gradient
    together = gradient @ covariance[:BEFORE, BEFORE:]
    slope = np.linalg.pinv(covariance[BEFORE:, BEFORE:], hermitian=True) @ together
    return float(np.sqrt(max(variance - together @ slope, 0)))


def _check(plan: Plan) -> None:
    shares = (plan.control_share, plan.variant_share)
    fits = min(shares) > 0 and sum(shares) <= 1 + 1e-9 and plan.looks >= 1 and plan.variants >= 1
    if not (fits and 0 < plan.alpha < 1 and plan.alpha < plan.power < 1 and plan.deviation > 0):
        raise BadInput(
            "a deviation and shares above 0, alpha below power below 1", f"{plan}", "Mend the plan."
        )


def _variance(plan: Plan) -> float:
    """Of the difference, times the units of both arms."""
    whole = plan.control_share + plan.variant_share
    other = plan.deviation if plan.variant_deviation is None else plan.variant_deviation
    return whole * (plan.deviation**2 / plan.control_share + other**2 / plan.variant_share)


def _drift(plan: Plan) -> float:
    """The expected z-value at the end that reaches the power planned."""
    return _drift_of(plan.alpha / plan.variants, plan.power, plan.looks)


_NEAR_ENOUGH = 1e-6
_MOST_STEPS = 200


@cache
def _drift_of(alpha: float, power: float, looks: int) -> float:
    """The power is nearly the normal distribution of the drift less a constant, so that a step by
    what lacks in quantiles is nearly Newton's; that of one look is where it begins."""
    drift = quantile(1 - alpha / 2) + quantile(power)
    for _ in range(_MOST_STEPS):
        step = quantile(power) - quantile(_power(drift, alpha, looks))
        drift += step
        if abs(step) < _NEAR_ENOUGH:
            break
    return drift


def _power(drift: float, alpha: float, looks: int) -> float:
    if looks == 1:
        once = quantile(1 - alpha / 2)
        return float(cumulative(np.array([drift - once, -once - drift])).sum())
    information = np.arange(1, looks + 1) / looks
    far = boundary(mixing(alpha) * information, alpha)
    return float(crossing_probabilities(far, information, drift).sum())
