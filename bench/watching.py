"""How soon a release that does harm comes back once it is published, and how often a harmless one.

The guardrails are the product's, over simulated shoppers of whom a share is held back.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.harness import Row, arguments, forget_peak, own_peak_mb, write_result
from mercato.core.settings import LearnSettings
from mercato.evaluation.experiments.effects import cautious
from mercato.evaluation.experiments.outcomes import Moments
from mercato.evaluation.experiments.sequential import look
from mercato.operating.learning.guardrails import ALPHA, CLICK_RATE, FEWEST, GUARDRAILS

SETTINGS = LearnSettings()
HOURS = round(SETTINGS.watch_hours)
SHOPPERS = (2_000, 20_000)
"""A day."""

RUNS, QUICK_RUNS = {2_000: 2_000, 20_000: 400}, {2_000: 200, 20_000: 20}
AT_ONCE = 20
"""Runs in memory."""

EAGERNESS = (1.5, 3.5)
"""Of a shopper: three answers in ten are clicked in the mean (assumed)."""

SEED = 3

PROTOCOL = (
    "simulated: new shoppers each hour for {hours} hours, {share:.0%} of them held back; each is "
    "answered once and, in the mean, twice more, clicks on three answers in ten (beta 1.5, 3.5), "
    "and one in twenty buys; logarithms of milliseconds vary by .5. A look every hour, with the "
    "product's guardrails (but drift): 'back' is the share of runs in which the release came back, "
    "'hours' the mean until then. {few:,} runs of 2,000 shoppers a day, {many:,} of 20,000. "
    "Shoppers come once: that intervals hold where they return is simulated for experiments"
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Behaviour:
    """What answers of a release lead to. slower : times as many milliseconds"""

    clicks: float = 1.0
    buys: float = 0.05
    empty: float = 0.01
    errors: float = 0.0005
    slower: float = 1.0


BEFORE = Behaviour()
CASES = {
    "as good as before": BEFORE,
    "a tenth of the clicks lost": replace(BEFORE, clicks=0.9),
    "a fifth of the clicks lost": replace(BEFORE, clicks=0.8),
    "half of the clicks lost": replace(BEFORE, clicks=0.5),
    "half of the purchases lost": replace(BEFORE, buys=0.025),
    "empty answers: 3% instead of 1%": replace(BEFORE, empty=0.03),
    "failures: 1% of answers": replace(BEFORE, errors=0.01),
    "twice as slow": replace(BEFORE, slower=2.0),
}


def hour(
    random: np.random.Generator, done: Behaviour, shape: tuple[int, int]
) -> dict[str, Moments]:
    """Metric → moments of (runs, shoppers) of one arm in one hour."""
    answers = 1 + random.poisson(2.0, shape)
    clicks = random.binomial(answers, done.clicks * random.beta(*EAGERNESS, shape))
    empty = random.binomial(answers, done.empty)
    bought = random.random(shape) < done.buys
    failed = random.random(shape) < done.errors
    log_ms = random.normal(2.0 + np.log(done.slower), 0.5, shape)
    return {
        CLICK_RATE.name: _moments(clicks, answers),
        "empty answers": _moments(empty, answers),
        "conversion": _moments(bought),
        # Of answers each is a unit; as many as there are shoppers, so that waiting is not shorter.
        "errors": _moments(failed),
        "latency": _moments(log_ms),
    }


def _moments(value: NDArray[Any], count: NDArray[Any] | None = None) -> Moments:
    ones = np.ones(value.shape) if count is None else count.astype(np.float64)
    return Moments.of(np.stack([value.astype(np.float64), ones], axis=-1))


def comes_back(random: np.random.Generator, done: Behaviour, a_day: int, runs: int) -> Floats:
    """(runs,) hours until the release before is published again; infinite where it never is."""
    held = round(a_day * SETTINGS.watch_share / HOURS)
    others = round(a_day * (1 - SETTINGS.watch_share) / HOURS)
    found = np.full(runs, np.inf)
    arms: list[list[dict[str, Moments]]] = [[], []]
    for at in range(1, HOURS + 1):
        arms[0].append(hour(random, BEFORE, (runs, held)))
        arms[1].append(hour(random, done, (runs, others)))
        if at * held >= FEWEST:
            worse = _worse([_summed(each) for each in arms])
            found[worse & np.isinf(found)] = at
        arms = [[_summed(each)] for each in arms]
    return found


def _summed(hours: list[dict[str, Moments]]) -> dict[str, Moments]:
    return {name: reduce(add, [each[name] for each in hours]) for name in hours[0]}


def _worse(arms: list[dict[str, Moments]]) -> NDArray[np.bool_]:
    """(runs,) whether any guardrail is beyond its margin by its whole interval."""
    found = np.zeros(len(arms[0][CLICK_RATE.name].n), bool)
    for metric in (CLICK_RATE, *GUARDRAILS):
        compared = cautious(arms[0][metric.name], arms[1][metric.name])
        seen = look(compared, SETTINGS.canary_units, ALPHA)
        worst = seen.high if metric.higher_is_better else -seen.low
        found |= worst < -metric.margin
    return found


def measured(runs: dict[int, int], wants: Callable[[str], bool], until: float) -> Iterator[Row]:
    for name, done in CASES.items():
        if not wants(name) or time.monotonic() > until:
            continue
        forget_peak()
        begun, random = time.perf_counter(), np.random.default_rng(SEED)
        metrics: dict[str, object] = {}
        for a_day in SHOPPERS:
            parts = [
                comes_back(random, done, a_day, AT_ONCE) for _ in range(runs[a_day] // AT_ONCE)
            ]
            hours = np.concatenate(parts)
            back = np.isfinite(hours)
            metrics[f"back, {a_day:,} a day"] = float(back.mean())
            metrics[f"hours, {a_day:,} a day"] = float(hours[back].mean()) if back.any() else None
        yield Row(name, metrics, time.perf_counter() - begun, own_peak_mb())


def main() -> None:
    asked = arguments(__doc__, name="watching", data=Path(__file__), minutes=8)
    until = time.monotonic() + asked.minutes * 60
    rows, runs = [], QUICK_RUNS if asked.quick else RUNS
    for row in measured(runs, asked.wants, until):
        print(row, flush=True)
        rows.append(row)
    few, many = runs.values()
    protocol = PROTOCOL.format(hours=HOURS, share=SETTINGS.watch_share, few=few, many=many)
    write_result(asked.out, name="watching", protocol=protocol, data=[Path(__file__)], rows=rows)


if __name__ == "__main__":
    main()
