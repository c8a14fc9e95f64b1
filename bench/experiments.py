"""Ten thousand simulated experiments: false alarms under daily looks, power, mismatches, and
interleaving beside A/B."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chisquare

from bench import interleaved
from bench.harness import Arguments, Row, arguments, forget_peak, own_peak_mb, write_result
from mercato.evaluation.experiments.effects import effect, fixed_interval
from mercato.evaluation.experiments.mismatch import ALPHA, mismatch_p_value
from mercato.evaluation.experiments.outcomes import Moments
from mercato.evaluation.experiments.power import Plan, detectable, power_of, unit_deviation
from mercato.evaluation.experiments.sequential import look

PROTOCOL = (
    "simulated: 28 days, 100 new shoppers a day in each arm, a look every day, alpha .05; where"
    " shoppers return, 300 an arm that are known from the first day. 'false positives' are shares"
    " of runs without an effect that any look calls one; 'peeking' the same of the test that is"
    " right for one look; 'power' of runs with the effect for which the planner says 'stated';"
    " 'covered' are runs whose intervals hold the effect on all days; 'days' the mean until it is"
    " seen, of runs that see it; 'a loser stopped' of runs with as great a loss. A share of 10,000"
    " runs is known within ±.004 at .05, ±.008 at .8. Shares of arms: 2,000 shoppers a day, alarm"
    " at .001 over all days. Rankings: sessions for 80% power at one look, and at always-valid"
    " looks every day ('daily looks'), from what a session does as an exact distribution; the power"
    " that simulated experiments of that size reached; 'false positives' where neither is better"
)
DAYS, PER_DAY, ALPHA_LOOKS = 28, 100, 0.05
RUNS, AT_ONCE = 10_000, 250
ARRIVE = 2_000
"""Shoppers a day where shares of arms are looked at."""

Floats = NDArray[np.float64]
World = Callable[[np.random.Generator, tuple[int, ...], float], Floats]
"""Columns (…, n, m) of units (…, n), whose metric is ``lift`` times higher than without."""


def conversion(random: np.random.Generator, shape: tuple[int, ...], lift: float) -> Floats:
    """Every twentieth buys."""
    bought = random.random(shape) < 0.05 * (1 + lift)
    return np.stack([bought.astype(float), np.ones(shape)], axis=-1)


def revenue(random: np.random.Generator, shape: tuple[int, ...], lift: float) -> Floats:
    """Every tenth buys, for sums whose logarithm is normal: a skewness of about 15."""
    spent = (random.random(shape) < 0.1) * np.exp(random.standard_normal(shape) + 3) * (1 + lift)
    return np.stack([spent, np.ones(shape)], axis=-1)


def clicks_per_view(random: np.random.Generator, shape: tuple[int, ...], lift: float) -> Floats:
    """Shoppers who differ in how much they look at and in how often they click."""
    views = random.poisson(random.gamma(1.5, 6, shape)) + 1
    clicks = random.binomial(views, np.minimum(random.beta(2, 18, shape) * (1 + lift), 1))
    return np.stack([clicks.astype(float), views.astype(float)], axis=-1)


def habits(random: np.random.Generator, shape: tuple[int, ...], lift: float) -> Floats:
    """Known shoppers: what they spent before says much of what they spend now."""
    habit = random.gamma(1.0, 20, shape)
    before, now = (habit * random.gamma(4, 0.25, shape) for _ in range(2))
    return np.stack([now * (1 + lift), np.ones(shape), before], axis=-1)


def habits_unadjusted(random: np.random.Generator, shape: tuple[int, ...], lift: float) -> Floats:
    return habits(random, shape, lift)[..., :2]


WORLDS: Mapping[str, World] = {
    "conversion": conversion,
    "revenue": revenue,
    "clicks per view (delta method)": clicks_per_view,
    "spending of known shoppers": habits_unadjusted,
    "spending of known shoppers, CUPED": habits,
}


@dataclass
class Seen:
    """What looks of all runs found; each a (runs,) array."""

    found: NDArray[np.bool_]
    peeked: NDArray[np.bool_]
    at_end: NDArray[np.bool_]
    covered: NDArray[np.bool_]
    day: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: list["Seen"]) -> "Seen":
        names = ("found", "peeked", "at_end", "covered", "day")
        return cls(*(np.concatenate([getattr(each, name) for each in parts]) for name in names))


def watched(days: Iterator[tuple[Moments, Moments]], truth: float, alpha: float) -> Seen:
    """Look at every day's end of many runs, at what was seen since the beginning."""
    seen: Seen | None = None
    for day, (control, variant) in enumerate(days, 1):
        told = effect(control, variant)
        now = look(told, planned_units=2 * PER_DAY * DAYS, alpha=alpha)
        low, high = fixed_interval(told, alpha)
        away, fixed = (now.low > 0) | (now.high < 0), (low > 0) | (high < 0)
        inside = (now.low <= truth) & (truth <= now.high)
        if seen is None:
            never = np.zeros(len(away), bool)
            seen = Seen(never, never, never, ~never, np.full(len(away), DAYS + 1))
        seen.day = np.where(away & ~seen.found, day, seen.day)
        seen.found, seen.peeked = seen.found | away, seen.peeked | fixed
        seen.at_end, seen.covered = fixed, seen.covered & inside
    assert seen is not None
    return seen


def new_shoppers(
    world: World, random: np.random.Generator, runs: int, lift: float
) -> Iterator[tuple[Moments, Moments]]:
    arms: list[Moments] = []
    for _ in range(DAYS):
        today = [Moments.of(world(random, (runs, PER_DAY), each)) for each in (0.0, lift)]
        arms = [a + b for a, b in zip(arms, today, strict=True)] if arms else today
        yield arms[0], arms[1]


def returning(random: np.random.Generator, runs: int, lift: float) -> Iterator[tuple[Moments, ...]]:
    """300 shoppers an arm, known from the first day, who come again: totals grow."""
    shape = (runs, 300)
    habit = [random.gamma(1.0, 0.2, shape) * (1 + each) for each in (0.0, lift)]
    total = [np.zeros(shape), np.zeros(shape)]
    for _ in range(DAYS):
        total = [sum_ + random.poisson(rate) for sum_, rate in zip(total, habit, strict=True)]
        yield tuple(Moments.of(np.stack([sum_, np.ones(shape)], axis=-1)) for sum_ in total)


def simulated(
    days: Callable[[np.random.Generator, int], Iterator[tuple[Moments, ...]]],
    runs: int,
    until: float,
    truth: float = 0.0,
    alpha: float = ALPHA_LOOKS,
) -> Seen:
    random = np.random.default_rng(7)
    parts = list[Seen]()
    while sum(len(each.found) for each in parts) < runs and (not parts or time.monotonic() < until):
        pairs = ((day[0], day[1]) for day in days(random, AT_ONCE))
        parts.append(watched(pairs, truth, alpha))
    return Seen.joined(parts)


@dataclass(frozen=True)
class Planned:
    """The least effect that the planner promises to find; ``lift`` of the control's value."""

    plan: Plan
    lift: float
    difference: float


def _planned(world: World, sign: int) -> Planned:
    """As the effect changes the variant's deviation, both are told in turns."""

    def told(lift: float) -> Moments:
        return Moments.of(world(np.random.default_rng(1), (400_000,), lift))

    control = told(0.0)
    value, lift = float(control.mean[0] / control.mean[1]), 0.0
    for _ in range(4):
        plan = Plan(unit_deviation(control), unit_deviation(told(lift)), looks=DAYS)
        lift = sign * detectable(plan, 2 * PER_DAY * DAYS) / value
    return Planned(plan, lift, lift * value)


def _days(world: World, lift: float) -> Callable[..., Iterator[tuple[Moments, ...]]]:
    return lambda random, runs: new_shoppers(world, random, runs, lift)


def _share(until: float, left: int) -> float:
    """When the next of as many simulations must end, so that all have their time."""
    now = time.monotonic()
    return now + (until - now) / left


def alarms(asked: Arguments, runs: int, until: float) -> Iterator[Row]:
    """Without an effect, and with the one that is planned for."""
    for name, world in WORLDS.items():
        if not asked.wants(name):
            continue
        forget_peak()
        begun = time.perf_counter()
        better, worse = (_planned(world, sign) for sign in (1, -1))
        left = 3 * (len(WORLDS) - list(WORLDS).index(name)) + 2
        none = simulated(_days(world, 0.0), runs, _share(until, left))
        some = simulated(
            _days(world, better.lift), runs, _share(until, left - 1), better.difference
        )
        lost = simulated(_days(world, worse.lift), runs, _share(until, left - 2), worse.difference)
        once = power_of(replace(better.plan, looks=1), 2 * PER_DAY * DAYS, better.difference)
        metrics: dict[str, object] = {
            "false positives": float(none.found.mean()),
            "peeking": float(none.peeked.mean()),
            "one look": float(none.at_end.mean()),
            "effect": better.lift,
            "stated": better.plan.power,
            "power": float(some.found.mean()),
            "covered": float(some.covered.mean()),
            "days": float(some.day[some.found].mean()),
            "a loser stopped": float(lost.found.mean()),
            "one look stated": once,
            "one look power": float(some.at_end.mean()),
            "runs": len(none.found),
        }
        yield Row(name, metrics, time.perf_counter() - begun, own_peak_mb())


def returners(runs: int, until: float) -> Row:
    forget_peak()
    begun = time.perf_counter()
    none = simulated(lambda random, runs: returning(random, runs, 0.0), runs, until)
    metrics = {
        "false positives": float(none.found.mean()),
        "peeking": float(none.peeked.mean()),
        "one look": float(none.at_end.mean()),
        "runs": len(none.found),
    }
    title = "orders of shoppers who return"
    return Row(title, metrics, time.perf_counter() - begun, own_peak_mb())


def several(runs: int, until: float) -> Row:
    """Three variants without an effect beside one control: any alarm counts."""
    forget_peak()
    begun = time.perf_counter()
    random = np.random.default_rng(9)
    ever = list[NDArray[np.bool_]]()
    while AT_ONCE * len(ever) < runs and (not ever or time.monotonic() < until):
        arms: list[Moments] = []
        found = np.zeros(AT_ONCE, bool)
        for _ in range(DAYS):
            today = [Moments.of(conversion(random, (AT_ONCE, PER_DAY), 0.0)) for _ in range(4)]
            arms = [a + b for a, b in zip(arms, today, strict=True)] if arms else today
            for variant in arms[1:]:
                told = look(effect(arms[0], variant), 2 * PER_DAY * DAYS, ALPHA_LOOKS / 3)
                found |= (told.low > 0) | (told.high < 0)
        ever.append(found)
    share = float(np.concatenate(ever).mean())
    metrics = {"false positives": share, "runs": AT_ONCE * len(ever)}
    return Row("three variants at once", metrics, time.perf_counter() - begun, own_peak_mb())


def mismatches(runs: int) -> Iterator[Row]:
    """Halves that are halves, and a variant that loses some of its shoppers."""
    for lost in (0.0, 0.02, 0.05, 0.1):
        begun = time.perf_counter()
        random = np.random.default_rng(3)
        control = random.binomial(ARRIVE, 0.5, (runs, DAYS))
        variant = random.binomial(ARRIVE - control, 1 - lost)
        units = np.stack([control, variant], axis=-1).cumsum(axis=1)
        alarm = mismatch_p_value(units, [0.5, 0.5]) <= ALPHA
        daily = chisquare(units, units.sum(axis=-1, keepdims=True) / 2, axis=-1).pvalue <= ALPHA
        metrics: dict[str, object] = {
            "alarms": float(alarm.any(axis=1).mean()),
            "chi-square every day": float(daily.any(axis=1).mean()),
        }
        if lost:
            found = alarm.any(axis=1)
            metrics["shoppers until found"] = float(
                ARRIVE * (1 + np.median(alarm[found].argmax(axis=1)))
            )
        title = (
            f"shares: {lost:.0%} of the variant's shoppers lost" if lost else "shares as designed"
        )
        yield Row(title, metrics, time.perf_counter() - begun, own_peak_mb())


def main() -> None:
    asked = arguments(__doc__, name="experiments", data=(), minutes=8)
    until = time.monotonic() + 60 * asked.minutes
    runs = 2 * AT_ONCE if asked.quick else RUNS
    found = list(mismatches(runs))
    found += interleaved.rows(runs, _share(until, 3))
    found += alarms(asked, runs, until)
    found += [several(runs, _share(until, 2)), returners(runs, until)]
    kept = [row for row in found if asked.wants(row.model)]
    write_result(asked.out, name="experiments", protocol=PROTOCOL, data=(), rows=kept)


if __name__ == "__main__":
    main()
