"""How soon a release that does harm comes back once it is published, and how often a harmless one;
how often the monitor of conversion alarms, of shops in which nothing changes and of others.

The guardrails are the product's, over simulated shoppers of whom a share is held back; the monitor
reads simulated logs, through the product's windows.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import returning
from bench.harness import Row, arguments, forget_peak, own_peak_mb
from bench.merging import write_merged
from bench.returning import SHOPPERS, Shops, simulated
from mercato.core.settings import LearnSettings
from mercato.data.engines import open_engine
from mercato.evaluation.experiments.effects import cautious
from mercato.evaluation.experiments.outcomes import Moments
from mercato.evaluation.experiments.sequential import look
from mercato.operating.learning.guardrails import ALPHA, CLICK_RATE, FEWEST, GUARDRAILS
from mercato.operating.monitoring import conversion
from mercato.operating.monitoring.showing import days_of, shown_lately

SETTINGS = LearnSettings()
HOURS = round(SETTINGS.watch_hours)
CROWDS = {
    "2,000 a day": (2_000, SETTINGS.watch_share),
    "2,000 a day, a fifth held back": (2_000, 0.2),
    "20,000 a day": (20_000, SETTINGS.watch_share),
}
"""Shoppers a day, and the share that is held back."""

RUNS, QUICK_RUNS = {2_000: 2_000, 20_000: 400}, {2_000: 200, 20_000: 20}
AT_ONCE = 20
"""Runs in memory."""

EAGERNESS = (1.5, 3.5)
"""Of a shopper: three answers in ten are clicked in the mean (assumed)."""

SPREAD = 0.5
"""Of the logarithms of milliseconds (assumed)."""

SEED = 3

PROTOCOL = (
    "simulated: new shoppers each hour for {hours} hours, {share:.0%} of them held back; each is "
    "answered once and, in the mean, twice more, clicks on three answers in ten (beta 1.5, 3.5), "
    "and one in twenty buys; logarithms of milliseconds vary by .5. A look every hour, with the "
    "product's guardrails (but drift): 'back' is the share of runs in which the release came back, "
    "'hours' the mean until then. {few:,} runs of 2,000 shoppers a day, {many:,} of 20,000. "
    "Shoppers come once: that intervals hold where they return is simulated for experiments"
)

OF_MONITOR = (
    "conversion: {shops:,} simulated shops of {shoppers} shoppers who come on a quarter of the "
    "days in the mean (beta 1, 3); a tenth of the visits buys within half a day (beta 1, 9 of "
    "shoppers), .15 two to twenty days later; half of the answers know the visitor alone. Where "
    "days differ, a third fewer buy at weekends, and logarithms of days by .2. The "
    "monitor judges one Sunday of each shop, on which some 150 come: 'alarms' at its own level "
    "({alpha}), 'fewer' at .05"
)

SHOPS, QUICK_SHOPS, SHOPS_AT_ONCE = 1_000, 100, 100
MONITORED = {
    "conversion: as ever": Shops(),
    "conversion: weekends and days differ": Shops(weekend=0.67, restless=0.2),
    "conversion: half of a day's purchases lost": Shops(lost=0.5),
    "conversion: all of a day's purchases lost": Shops(lost=1.0),
}

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
    total = answers.sum(axis=1).astype(np.float64)
    mean = random.normal(2.0 + np.log(done.slower), SPREAD / np.sqrt(total))
    return {
        CLICK_RATE.name: Moments.of(np.stack([clicks, answers], axis=-1).astype(np.float64)),
        "empty answers": Moments.of(np.stack([empty, answers], axis=-1).astype(np.float64)),
        "conversion": _rate(random, done.buys, np.full(shape[0], float(shape[1]))),
        "errors": _rate(random, done.errors, total),
        "latency": _mean(total, mean, SPREAD**2 * random.chisquare(total - 1)),
    }


def _rate(random: np.random.Generator, chance: float, n: Floats) -> Moments:
    """Of n yes or no each."""
    yes = random.binomial(n.astype(int), chance)
    return _mean(n, yes / n, yes - yes**2 / n)


def _mean(n: Floats, mean: Floats, spread: Floats) -> Moments:
    ones, nothing = np.ones(len(n)), np.zeros((len(n), 2, 2))
    nothing[:, 0, 0] = spread
    return Moments(n, np.stack([mean, ones], axis=-1), nothing)


def comes_back(
    random: np.random.Generator, done: Behaviour, crowd: tuple[int, float], runs: int
) -> Floats:
    """(runs,) hours until the release before is published again; infinite where it never is."""
    held = round(crowd[0] * crowd[1] / HOURS)
    others = round(crowd[0] * (1 - crowd[1]) / HOURS)
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
        for crowd, shape in CROWDS.items():
            parts = [
                comes_back(random, done, shape, AT_ONCE) for _ in range(runs[shape[0]] // AT_ONCE)
            ]
            hours = np.concatenate(parts)
            back = np.isfinite(hours)
            metrics[f"back, {crowd}"] = float(back.mean())
            if back.any():
                metrics[f"hours, {crowd}"] = float(hours[back].mean())
        yield Row(name, metrics, time.perf_counter() - begun, own_peak_mb())


def monitored(shops: int, wants: Callable[[str], bool], until: float) -> Iterator[Row]:
    for name, done in MONITORED.items():
        if not wants(name) or time.monotonic() > until:
            continue
        forget_peak()
        begun, random = time.perf_counter(), np.random.default_rng(SEED)
        looks = [_looked(random, done) for _ in range(shops // SHOPS_AT_ONCE)]
        alarms, fewer = np.concatenate(looks).mean(axis=0)
        metrics = {"alarms": float(alarms), "fewer": float(fewer)}
        yield Row(name, metrics, time.perf_counter() - begun, own_peak_mb())


def _looked(random: np.random.Generator, done: Shops) -> Floats:
    """(shops, 2) 1 where the monitor alarms; where fewer buy at a level of .05."""
    tables = simulated(random, SHOPS_AT_ONCE, done)
    with open_engine() as engine:
        read = {name: engine.arrow(table) for name, table in tables.items()}
        rows = shown_lately(engine, read, most=tables["answers"].num_rows)
    found = []
    for times in days_of(rows):
        of_day = conversion.conversion_of(times)
        assert of_day is not None
        alarms = any(conversion.conversion_alarms(times))
        found.append((float(alarms), float(of_day.is_fewer(0.05))))
    return np.array(found)


def main() -> None:
    asked = arguments(__doc__, name="watching", data=Path(__file__), minutes=8)
    until = time.monotonic() + asked.minutes * 60
    runs, shops = (QUICK_RUNS, QUICK_SHOPS) if asked.quick else (RUNS, SHOPS)
    few, many = runs.values()
    protocols = (
        PROTOCOL.format(hours=HOURS, share=SETTINGS.watch_share, few=few, many=many),
        OF_MONITOR.format(shops=shops, shoppers=SHOPPERS, alpha=conversion.ALPHA),
    )
    made_by = [Path(__file__), Path(returning.__file__)]
    both = measured(runs, asked.wants, until), monitored(shops, asked.wants, until)
    for protocol, found in zip(protocols, both, strict=True):
        rows = []
        for row in found:
            print(row, flush=True)
            rows.append(row)
        if rows:
            write_merged(asked, name="watching", protocol=protocol, data=made_by, rows=rows)
            asked = replace(asked, merge=True)


if __name__ == "__main__":
    main()
