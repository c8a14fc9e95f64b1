"""What is to be done with each variant at a look: ship it, stop it, or go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mercato.evaluation.experiments.effects import Effect
from mercato.evaluation.experiments.sequential import Look, look


class Verdict(StrEnum):
    """Of one variant."""

    VOID = "void"
    STOP = "stop"
    SHIP = "ship"
    FLAT = "flat"
    GO_ON = "go on"


@dataclass(frozen=True)
class Metric:
    """What is watched.

    higher_is_better : False for latency, refunds, empty answers
    margin           : how much worse than the control is still borne, in the metric's units
    """

    name: str
    higher_is_better: bool = True
    margin: float = 0.0


@dataclass(frozen=True)
class Decision:
    """looks : metric → what may be said of it"""

    verdict: Verdict
    reason: str
    looks: Mapping[str, Look]


@dataclass(frozen=True)
class Rules:
    """Fixed before the experiment begins.

    goal          : what the experiment is for
    guardrails    : what a variant must not make worse than by the margin
    planned_units : of both arms together (`power.units_needed`)
    variants      : how many there are beside the control: alpha is divided among them (Bonferroni),
                    so that the chance of shipping any by mistake is alpha at most
    """

    goal: Metric
    guardrails: Sequence[Metric]
    planned_units: float
    variants: int = 1
    alpha: float = 0.05


def decide(rules: Rules, effects: Mapping[str, Effect], mismatch: bool = False) -> Decision:
    """At any look, of one variant.

    effects  : metric → effect, of the goal and all guardrails
    mismatch : whether arms have other shares than designed; then nothing can be said but that a
               guardrail is worse: what keeps pages from coming loses units and harms who is left

    A guardrail stops a variant once its whole interval lies beyond the margin; a harmless one is
    stopped by mistake with a chance of alpha at most, of each guardrail over all looks. FLAT: the
    planned units are there, and the goal did not move enough to be seen.
    """
    alpha = rules.alpha / rules.variants
    looks = {name: look(found, rules.planned_units, alpha) for name, found in effects.items()}
    for each in rules.guardrails:
        if _gain(each, looks[each.name])[1] < -each.margin:
            return Decision(Verdict.STOP, f"{each.name} is worse than the control's", looks)
    if mismatch:
        return Decision(Verdict.VOID, "arms have other shares of units than designed", looks)
    low, high = _gain(rules.goal, looks[rules.goal.name])
    if high < 0:
        return Decision(Verdict.STOP, f"{rules.goal.name} is worse than the control's", looks)
    if low > 0:
        return _shipped(rules, looks)
    if bool(np.all(effects[rules.goal.name].n >= rules.planned_units)):
        return Decision(Verdict.FLAT, f"{rules.goal.name} did not move as planned", looks)
    return Decision(Verdict.GO_ON, f"{rules.goal.name} is not decided yet", looks)


def _shipped(rules: Rules, looks: Mapping[str, Look]) -> Decision:
    """A gain is shipped once no guardrail may be beyond its margin any more."""
    for each in rules.guardrails:
        if _gain(each, looks[each.name])[0] < -each.margin:
            reason = f"{rules.goal.name} is better, {each.name} is not yet known to be borne"
            return Decision(Verdict.GO_ON, reason, looks)
    return Decision(Verdict.SHIP, f"{rules.goal.name} is better than the control's", looks)


def _gain(metric: Metric, found: Look) -> tuple[float, float]:
    """The interval, higher is better."""
    low, high = float(found.low), float(found.high)
    return (low, high) if metric.higher_is_better else (-high, -low)
