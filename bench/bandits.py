"""Regret of the bandits, beside a fixed split of the traffic and beside theory."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.harness import Row, arguments, forget_peak, own_peak_mb, write_result
from mercato.ranking.bandits.bernoulli_thompson import BernoulliThompson, drawn_best
from mercato.ranking.bandits.choice import Choice
from mercato.ranking.bandits.gaussian_thompson import GaussianThompson
from mercato.ranking.bandits.lin_ucb import LinUcb, bounds
from mercato.ranking.bandits.linear import fitted
from mercato.ranking.bandits.linear_thompson import LinearThompson, drawn_weights

PROTOCOL = (
    "simulated; regret is the sum of expected rewards that the best arm would have had more, mean"
    " over runs with its 95% interval. 'slope' is that of log regret over log time in the second"
    " half: 1 for a fixed split, towards 0 where regret grows with log T, 1/2 where with the root"
    " of T. 'over log T' is the growth of regret over that of log T in the last nine tenths;"
    " 'tends to' what that of Thompson sampling tends to, and no other that always learns stays"
    " below, as T grows without end: the sum of gaps over divergences (Lai & Robbins 1985)."
    " Features are drawn anew at each step, which is easier than the worst case, where regret grows"
    " with the"
    " root of T. 'hardest gap': arms as far apart as makes regret greatest"
    " for that T; the slope is over T, each with its own gap. Learned without delay. 'ms a choice'"
    " with its propensity"
)
RATES = np.array([0.05, 0.04, 0.04, 0.03, 0.03, 0.02])
"""Six banners, of which every twentieth shopper clicks the best."""

FEATURES, ARMS = 8, 20

Floats = NDArray[np.float64]
Regret = Callable[[np.random.Generator, int, int], Floats]
"""Random, runs, steps → (runs, steps) regret so far."""


@dataclass(frozen=True)
class Banners:
    """Independent arms that are clicked at rates."""

    rates: Floats

    def fixed(self, random: np.random.Generator, runs: int, steps: int) -> Floats:
        arms = random.integers(0, len(self.rates), (runs, steps))
        return np.asarray((self.rates.max() - self.rates[arms]).cumsum(axis=1))

    def thompson(self, random: np.random.Generator, runs: int, steps: int) -> Floats:
        won, lost = np.zeros((2, runs, len(self.rates)))
        row, regret = np.arange(runs), np.empty((runs, steps))
        for step in range(steps):
            arm = drawn_best(won, lost, random)
            clicked = random.random(runs) < self.rates[arm]
            won[row, arm] += clicked
            lost[row, arm] += ~clicked
            regret[:, step] = self.rates.max() - self.rates[arm]
        return np.asarray(regret.cumsum(axis=1))

    def least(self) -> float:
        """The sum of gap / divergence from the best: regret over log T (Lai & Robbins 1985)."""
        best = self.rates.max()
        p = self.rates[self.rates < best]
        divergence = p * np.log(p / best) + (1 - p) * np.log((1 - p) / (1 - best))
        return float(((best - p) / divergence).sum())


class Shelf:
    """Twenty candidates at each step, whose features are new; rewards are linear in them."""

    def __init__(self) -> None:
        weights = np.random.default_rng(2).normal(size=FEATURES)
        self.weights = weights / np.linalg.norm(weights)

    def fixed(self, random: np.random.Generator, runs: int, steps: int) -> Floats:
        return self._regret(random, runs, steps, None)

    def lin_ucb(self, random: np.random.Generator, runs: int, steps: int) -> Floats:
        def choose(features: Floats, weights: Floats, inverse: Floats) -> NDArray[np.int64]:
            return np.asarray(bounds(features, weights, inverse, 1.0).argmax(axis=-1))

        return self._regret(random, runs, steps, choose)

    def thompson(self, random: np.random.Generator, runs: int, steps: int) -> Floats:
        def choose(features: Floats, weights: Floats, inverse: Floats) -> NDArray[np.int64]:
            told = drawn_weights(weights, inverse, NOISE, random, 1)[:, 0]
            return np.asarray((features @ told[..., None])[..., 0].argmax(axis=-1))

        return self._regret(random, runs, steps, choose)

    def _regret(
        self,
        random: np.random.Generator,
        runs: int,
        steps: int,
        choose: Callable[[Floats, Floats, Floats], NDArray[np.int64]] | None,
    ) -> Floats:
        squares, products = np.zeros((runs, FEATURES, FEATURES)), np.zeros((runs, FEATURES))
        row, regret = np.arange(runs), np.empty((runs, steps))
        for step in range(steps):
            features = random.normal(size=(runs, ARMS, FEATURES)) / np.sqrt(FEATURES)
            worth = features @ self.weights
            if choose is None:
                arm = random.integers(0, ARMS, runs)
            else:
                arm = choose(features, *fitted(squares, products, 1.0))
            shown = features[row, arm]
            reward = worth[row, arm] + random.normal(0, NOISE, runs)
            squares += shown[:, :, None] * shown[:, None, :]
            products += shown * reward[:, None]
            regret[:, step] = worth.max(axis=1) - worth[row, arm]
        return np.asarray(regret.cumsum(axis=1))


NOISE = 0.5


def measured(title: str, regret: Regret, runs: int, steps: int, **more: float) -> Row:
    forget_peak()
    begun = time.perf_counter()
    found = regret(np.random.default_rng(1), runs, steps)
    mean = found.mean(axis=0)
    far = 1.96 * found[:, -1].std(ddof=1) / np.sqrt(runs)
    last, tenth = float(mean[-1]), float(mean[steps // 10 - 1])
    metrics: dict[str, object] = {
        "regret": {"value": last, "low": last - far, "high": last + far},
        "slope": _slope(np.arange(steps // 2, steps) + 1.0, mean[steps // 2 :]),
        "over log T": (last - tenth) / np.log(10),
        "steps": steps,
        "runs": runs,
        **more,
    }
    return Row(title, metrics, time.perf_counter() - begun, own_peak_mb())


def _slope(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def hardest(runs: int, most: int) -> Row:
    """Two arms around 1/2 whose gap shrinks with the root of T."""
    forget_peak()
    begun = time.perf_counter()
    lengths = [most // 64, most // 16, most // 4, most]
    regrets = []
    for steps in lengths:
        gap = 2 / np.sqrt(steps)
        banners = Banners(np.array([0.5 + gap / 2, 0.5 - gap / 2]))
        found = banners.thompson(np.random.default_rng(3), runs, steps)
        regrets.append(float(found[:, -1].mean()))
    metrics: dict[str, object] = {
        "regret": regrets[-1],
        "slope": _slope(np.array(lengths, float), np.array(regrets)),
        "steps": most,
        "runs": runs,
    }
    title = "two banners, hardest gap: Thompson"
    return Row(title, metrics, time.perf_counter() - begun, own_peak_mb())


def rows(quick: bool) -> Iterator[Row]:
    banners, shelf = Banners(RATES), Shelf()
    runs, steps = (20, 2_000) if quick else (200, 100_000)
    yield measured("six banners: fixed split", banners.fixed, runs // 2, steps)
    yield measured(
        "six banners: Thompson", banners.thompson, runs, steps, **{"tends to": banners.least()}
    )
    yield hardest(2 * runs, steps // 5)
    runs, steps = (20, 500) if quick else (50, 10_000)
    yield measured("a shelf of twenty: fixed split", shelf.fixed, runs, steps)
    yield measured("a shelf of twenty: LinUCB", shelf.lin_ucb, runs, steps)
    yield measured("a shelf of twenty: linear Thompson", shelf.thompson, runs, steps)
    yield from choices(50 if quick else 500)


def choices(times: int) -> Iterator[Row]:
    """How long a choice takes after a thousand rows of feedback."""
    random = np.random.default_rng(4)
    arm, reward = random.integers(0, 6, 1_000), random.integers(0, 2, 1_000).astype(float)
    features = random.normal(size=(ARMS, FEATURES))
    shown = features[random.integers(0, ARMS, 1_000)]
    clicks = BernoulliThompson.empty(6).learned(arm, reward)
    numbers = GaussianThompson.empty(6).learned(arm, reward)
    bound = LinUcb.empty(FEATURES).learned(shown, reward)
    linear = LinearThompson.empty(FEATURES).learned(shown, reward)
    chosen: tuple[tuple[str, Callable[[], Choice]], ...] = (
        ("six banners: Thompson, a choice", lambda: clicks.choose(random)),
        ("six numbers: Gaussian Thompson, a choice", lambda: numbers.choose(random)),
        ("a shelf of twenty: LinUCB, a choice", lambda: bound.choose(features, random)),
        ("a shelf of twenty: linear Thompson, a choice", lambda: linear.choose(features, random)),
    )
    for title, choose in chosen:
        begun = time.perf_counter()
        for _ in range(times):
            choose()
        seconds = time.perf_counter() - begun
        yield Row(title, {"ms a choice": 1e3 * seconds / times}, seconds, own_peak_mb())


def main() -> None:
    asked = arguments(__doc__, name="bandits", data=(), minutes=6)
    until, found = time.monotonic() + 60 * asked.minutes, list[Row]()
    for row in rows(asked.quick):
        if asked.wants(row.model):
            found.append(row)
        if time.monotonic() > until:
            break
    write_result(asked.out, name="bandits", protocol=PROTOCOL, data=(), rows=found)


if __name__ == "__main__":
    main()
