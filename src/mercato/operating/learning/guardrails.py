"""A canary's metrics, and what may be said of them at any look."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mercato.evaluation.experiments.decisions import Decision, Metric, Rules, decide
from mercato.evaluation.experiments.effects import Effect, cautious
from mercato.evaluation.experiments.mismatch import mismatched
from mercato.evaluation.experiments.outcomes import Moments, measured
from mercato.operating.learning.shoppers import CANDIDATE, CONTROL, Arm
from mercato.state.served import Served

CLICK_RATE = Metric("click rate")
"""Answers with a click, of a shopper's answers: what a canary is for."""

GUARDRAILS = (
    Metric("conversion"),
    Metric("empty answers", higher_is_better=False, margin=0.005),
    Metric("errors", higher_is_better=False, margin=0.001),
    Metric("latency", higher_is_better=False, margin=math.log(1.5)),
)
"""Shoppers who bought; shares of answers; the mean logarithm of milliseconds. The margins are
assumed: half an empty answer in a hundred, a failure in a thousand, half as long again."""

ALPHA = 0.01
"""Of each of five metrics: a harmless candidate is rolled back with a chance of one in twenty at
most, over all looks."""

FEWEST = 50
"""Shoppers, and answers, of an arm below which nothing is said: means of fewer skewed numbers are
not normal yet. Assumed."""


@dataclass(frozen=True)
class Seen:
    """What a canary came to so far.

    arms   : name → what shoppers did
    served : name → how the arm's release answered since the canary began
    """

    arms: Mapping[str, Arm]
    served: Mapping[str, Served]

    @property
    def shoppers(self) -> int:
        return sum(map(len, self.arms.values()))

    @property
    def is_enough(self) -> bool:
        return min(map(len, self.arms.values())) >= FEWEST


def effects(seen: Seen) -> dict[str, Effect]:
    """Metric → the candidate's effect, of those that can be told yet."""
    found = {}
    if seen.is_enough:
        control, candidate = (seen.arms[name] for name in (CONTROL, CANDIDATE))
        for name, value, count in (
            (CLICK_RATE.name, "clicked", "answers"),
            ("empty answers", "empty", "answers"),
            ("conversion", "bought", None),
        ):
            found[name] = cautious(
                _of_shoppers(control, value, count), _of_shoppers(candidate, value, count)
            )
    control_served, candidate_served = (seen.served[name] for name in (CONTROL, CANDIDATE))
    if min(control_served.answers, candidate_served.answers) >= FEWEST:
        found["errors"] = cautious(_errors(control_served), _errors(candidate_served))
        found["latency"] = cautious(_latency(control_served), _latency(candidate_served))
    return found


def decision(seen: Seen, candidate_share: float, planned_units: int) -> Decision | None:
    """None as long as too little was seen to say anything of what shoppers do.

    candidate_share : of the shoppers who take part
    """
    found = effects(seen)
    if CLICK_RATE.name not in found:
        return None
    known = tuple(each for each in GUARDRAILS if each.name in found)
    units = np.array([len(seen.arms[CONTROL]), len(seen.arms[CANDIDATE])])
    uneven = mismatched(units, (1 - candidate_share, candidate_share))
    return decide(Rules(CLICK_RATE, known, planned_units, alpha=ALPHA), found, uneven)


def is_borne(seen: Seen, made: Decision, margin: float) -> bool:
    """Whether the candidate is known to lose no more than ``margin`` of the click rate."""
    control = float(effects(seen)[CLICK_RATE.name].control)
    return float(made.looks[CLICK_RATE.name].low) >= -margin * control


def told(seen: Seen, made: Decision | None) -> dict[str, Any]:
    """A look, as JSON."""
    found = effects(seen)
    metrics = {}
    for name, each in found.items():
        looked = None if made is None else made.looks.get(name)
        metrics[name] = {
            CONTROL: float(each.control),
            CANDIDATE: float(each.variant),
            "difference": float(each.difference),
            "low": None if looked is None else _finite(float(looked.low)),
            "high": None if looked is None else _finite(float(looked.high)),
        }
    return {
        "shoppers": {name: len(arm) for name, arm in seen.arms.items()},
        "answers": {name: each.answers for name, each in seen.served.items()},
        "metrics": metrics,
        "verdict": None if made is None else str(made.verdict),
        "reason": "too few shoppers yet" if made is None else made.reason,
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _of_shoppers(arm: Arm, value: str, count: str | None) -> Moments:
    return measured(arm.column(value), None if count is None else arm.column(count))


def _errors(served: Served) -> Moments:
    """Of answers, each a unit: failures are those of a release, hardly of a shopper."""
    return _moments(served.answers, served.errors, served.errors)


def _latency(served: Served) -> Moments:
    return _moments(served.answers, served.log_ms, served.log_ms_squared)


def _moments(n: int, total: float, squares: float) -> Moments:
    mean = total / n
    spread = max(squares - n * mean**2, 0.0)
    return Moments(np.array(float(n)), np.array([mean, 1.0]), np.array([[spread, 0.0], [0.0, 0.0]]))
