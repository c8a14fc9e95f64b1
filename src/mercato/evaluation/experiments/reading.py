"""What an experiment came to at a look, in numbers that people and programs read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mercato.evaluation.experiments.decisions import Decision, Metric, Rules, Verdict, decide
from mercato.evaluation.experiments.effects import Effect, cautious
from mercato.evaluation.experiments.outcomes import DENOMINATOR, Moments
from mercato.evaluation.experiments.sequential import Look, look


@dataclass(frozen=True)
class MetricRead:
    """low, high : of the difference, at every look at once; infinite while too little is known
    explained  : the share of variance that what was before takes away
    """

    metric: str
    control: float
    variant: float
    difference: float
    low: float
    high: float
    p_value: float
    explained: float


@dataclass(frozen=True)
class VariantRead:
    arm: str
    verdict: Verdict
    reason: str
    metrics: tuple[MetricRead, ...]


@dataclass(frozen=True)
class Guard:
    """margin : as a share of the control's value"""

    metric: str
    higher_is_better: bool
    margin: float


@dataclass(frozen=True)
class Wanted:
    """What was fixed before the experiment began; see `decisions.Rules`."""

    goal: str
    goal_higher_is_better: bool
    guards: Sequence[Guard]
    planned_units: float
    variants: int
    alpha: float


def read_variant(
    arm: str,
    control: Mapping[str, Moments],
    variant: Mapping[str, Moments],
    wanted: Wanted,
    mismatch: bool,
) -> VariantRead:
    """One variant beside the control; metric → moments of either arm. A metric that neither had
    occasion for (searches in an experiment on shelves) is left out."""
    names = [wanted.goal, *(each.metric for each in wanted.guards)]
    effects = {
        name: cautious(control[name], variant[name])
        for name in names
        if _measured(control.get(name)) and _measured(variant.get(name))
    }
    return read_effects(arm, effects, wanted, mismatch)


def read_effects(
    arm: str, effects: Mapping[str, Effect], wanted: Wanted, mismatch: bool
) -> VariantRead:
    """The same where effects are known. Without the goal's nothing is decided."""
    if wanted.goal not in effects:
        return VariantRead(arm, Verdict.GO_ON, f"{wanted.goal} was not measured yet", ())
    guards = [
        Metric(each.metric, each.higher_is_better, _absolute(effects[each.metric], each.margin))
        for each in wanted.guards
        if each.metric in effects
    ]
    goal = Metric(wanted.goal, wanted.goal_higher_is_better)
    rules = Rules(goal, guards, wanted.planned_units, wanted.variants, wanted.alpha)
    decision = decide(rules, effects, mismatch)
    metrics = tuple(_read(name, found, decision) for name, found in effects.items())
    return VariantRead(arm, decision.verdict, decision.reason, metrics)


def read_all(
    control: Mapping[str, Moments],
    variant: Mapping[str, Moments],
    planned_units: float,
    alpha: float,
) -> tuple[MetricRead, ...]:
    """Each metric that both arms were measured in, by itself; nothing is decided."""
    found = {
        name: cautious(control[name], variant[name])
        for name in control
        if _measured(control[name]) and _measured(variant.get(name))
    }
    return tuple(
        _told(name, each, look(each, planned_units, alpha)) for name, each in found.items()
    )


def _read(name: str, found: Effect, decision: Decision) -> MetricRead:
    return _told(name, found, decision.looks[name])


def _told(name: str, found: Effect, seen: Look) -> MetricRead:
    return MetricRead(
        name,
        float(found.control),
        float(found.variant),
        float(found.difference),
        float(seen.low),
        float(seen.high),
        float(seen.p_value),
        float(found.explained),
    )


def _absolute(found: Effect, margin: float) -> float:
    """The margin in the metric's units, by the control's value as it is known now."""
    return margin * abs(float(found.control))


def _measured(moments: Moments | None) -> bool:
    return moments is not None and bool(np.all(moments.mean[..., DENOMINATOR] > 0))
