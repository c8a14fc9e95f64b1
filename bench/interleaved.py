"""Interleaving beside A/B on the same rankings: how many sessions each needs."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import roots_sh_jacobi

from bench.harness import Row, forget_peak, own_peak_mb
from mercato.evaluation.experiments.effects import Effect, effect, fixed_interval
from mercato.evaluation.experiments.outcomes import Moments
from mercato.evaluation.experiments.power import Plan, units_needed
from mercato.evaluation.experiments.preference import preference
from mercato.evaluation.experiments.sequential import look
from mercato.ranking.interleaving import team_draft

QUERIES, ITEMS, PLACES, DRAFTS = 200, 30, 10, 100
EAGERNESS = (0.5, 1.5)
"""Of a session: most click on nothing, some on much (assumed)."""

DAYS, ALPHA, WITHOUT = 28, 0.05, 28_000
"""WITHOUT : sessions of an experiment between rankings of which neither is better"""

_NODES = 6
"""Of Gauss's quadrature: exact for polynomials to degree 11, and ten places make ten."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sessions:
    """What a session says, as a distribution that is known exactly.

    value  : (n,) clicks, or the credit of an interleaved answer; chance : (n,) of each
    """

    value: Floats
    chance: Floats

    @property
    def mean(self) -> float:
        return float(self.chance @ self.value)

    @property
    def deviation(self) -> float:
        return float(np.sqrt(self.chance @ self.value**2 - self.mean**2))

    def seen(self, random: np.random.Generator, runs: int, sessions: int) -> Moments:
        """(runs, DAYS) what was seen from the first day to the end of each; ``sessions`` in all."""
        daily = np.diff(np.linspace(0, sessions, DAYS + 1).astype(int))
        counts = random.multinomial(daily, self.chance, (runs, DAYS)).cumsum(axis=1)
        n = counts.sum(axis=-1).astype(np.float64)
        mean = counts @ self.value / n
        apart = counts @ self.value**2 - n * mean**2
        nothing = np.zeros_like(n)
        spread = np.stack([apart, nothing, nothing, nothing], axis=-1).reshape(*n.shape, 2, 2)
        return Moments(n, np.stack([mean, np.ones_like(n)], axis=-1), spread)


@dataclass(frozen=True)
class Shown:
    """Answers of which a session meets one.

    chance : (n_answers, PLACES) of a click by the most eager; side : the same shape, -1 or 1 for
             the ranking it counts for, 0 for both
    """

    chance: Floats
    side: NDArray[np.int64]

    def clicks(self) -> Sessions:
        """How often a session clicks."""
        return Sessions(np.arange(PLACES + 1.0), self._sums(np.ones_like(self.side))[PLACES:])

    def credits(self) -> Sessions:
        """Which ranking a session counts for: the one that got more of its clicks."""
        sums = self._sums(self.side)
        three = [sums[:PLACES].sum(), sums[PLACES], sums[PLACES + 1 :].sum()]
        return Sessions(np.array([-1.0, 0.0, 1.0]), np.array(three))

    def _sums(self, worth: NDArray[np.int64]) -> Floats:
        """(2 PLACES + 1,) chances of -PLACES to PLACES for the sum of what was clicked: places one
        after the other, given how eager a session is, then the mean over answers and eagerness."""
        first, second = EAGERNESS
        eager, weight = roots_sh_jacobi(_NODES, first + second - 1, first)
        chance = np.zeros((len(self.chance), _NODES, 2 * PLACES + 1))
        chance[..., PLACES] = 1
        for place in range(PLACES):
            clicked = (eager * self.chance[:, place, None])[..., None] * chance
            for step in (-1, 0, 1):
                at = worth[:, place] == step
                chance[at] += np.roll(clicked[at], step, axis=-1) - clicked[at]
        return np.asarray(chance.mean(axis=0).T @ (weight / weight.sum()))


def shown(noise: tuple[float, float]) -> tuple[Sessions, Sessions, Sessions]:
    """Sessions with either ranking and with their drafts. Items attract by chances of which few are
    high; a place is looked at as often as it is high up, 1 / place; rankings know what attracts,
    less noise.

    Of equal noise, they change places in a second half of the same queries: neither is better.
    """
    random = np.random.default_rng(5)
    attracts = random.beta(0.6, 3, (QUERIES, ITEMS))
    orders = [
        np.argsort(-(attracts + random.normal(0, each, attracts.shape)), axis=1) for each in noise
    ]
    if noise[0] == noise[1]:
        attracts = np.concatenate([attracts, attracts])
        orders = [np.concatenate([orders[at], orders[1 - at]]) for at in (0, 1)]
    examined = 1 / np.arange(1, PLACES + 1)

    def chances(items: NDArray[np.int64], query: NDArray[np.int64]) -> Floats:
        return np.asarray(attracts[query[:, None], items] * examined)

    queries = np.arange(len(attracts))
    nobody = np.zeros((len(queries), PLACES), np.int64)
    alone = [Shown(chances(order[:, :PLACES], queries), nobody) for order in orders]
    drafts = [
        team_draft(orders[0][query].tolist(), orders[1][query].tolist(), PLACES, seed)
        for query in queries
        for seed in range(query * DRAFTS, (query + 1) * DRAFTS)
    ]
    items = np.array([draft.items for draft in drafts])
    sides = np.array([-1, 1, 0])[np.array([draft.teams for draft in drafts])]
    mixed = Shown(chances(items, np.repeat(queries, DRAFTS)), sides)
    return alone[0].clicks(), alone[1].clicks(), mixed.credits()


@dataclass(frozen=True)
class Found:
    """Shares of runs that found a difference: by one look at the end, and by always-valid ones at
    the end of every day."""

    at_end: float
    daily: float


def _found(told: Effect, planned: int) -> Found:
    low, high = fixed_interval(told, ALPHA)
    now = look(told, planned, ALPHA)
    return Found(
        float(((low > 0) | (high < 0))[:, -1].mean()),
        float(((now.low > 0) | (now.high < 0)).any(axis=1).mean()),
    )


def rows(runs: int, until: float) -> Iterator[Row]:
    """A row a pair of rankings, until the time is over (of `time.monotonic`)."""
    for noise in ((0.2, 0.2), (0.2, 0.1), (0.2, 0.16), (0.2, 0.18)):
        if time.monotonic() > until:
            break
        forget_peak()
        begun = time.perf_counter()
        compared = _Compared(*shown(noise), runs, np.random.default_rng(11))
        metrics = compared.alike() if noise[0] == noise[1] else compared.apart()
        title = f"rankings of noise {noise[0]} and {noise[1]}"
        yield Row(title, metrics, time.perf_counter() - begun, own_peak_mb())


@dataclass(frozen=True)
class _Compared:
    first: Sessions
    second: Sessions
    mixed: Sessions
    runs: int
    random: np.random.Generator

    def alike(self) -> dict[str, object]:
        mixed, halves = self._interleaved(WITHOUT), self._halves(WITHOUT)
        return {
            "runs": self.runs,
            "false positives, interleaved": mixed.at_end,
            "false positives, A/B": halves.at_end,
            "daily looks, interleaved": mixed.daily,
            "daily looks, A/B": halves.daily,
        }

    def apart(self) -> dict[str, object]:
        ab, mixed = self._needed(1)
        ab_daily, mixed_daily = self._needed(DAYS)
        return {
            "runs": self.runs,
            "clicks a session": self.first.mean,
            "of the better": self.second.mean,
            "credit": self.mixed.mean,
            "sessions, A/B": ab,
            "sessions, interleaved": mixed,
            "times fewer": ab / mixed,
            "power, A/B": self._halves(ab).at_end,
            "power, interleaved": self._interleaved(mixed).at_end,
            "daily looks: sessions, A/B": ab_daily,
            "daily looks: sessions, interleaved": mixed_daily,
            "daily looks: power, A/B": self._halves(ab_daily).daily,
            "daily looks: power, interleaved": self._interleaved(mixed_daily).daily,
        }

    def _needed(self, looks: int) -> tuple[int, int]:
        """Sessions for the planner's power. One arm of credits instead of two halves: the mean's
        variance is a quarter of their difference's."""
        halves = Plan(self.first.deviation, self.second.deviation, looks=looks)
        drafted = Plan(self.mixed.deviation, looks=looks)
        return (
            units_needed(halves, self.second.mean - self.first.mean),
            -(-units_needed(drafted, self.mixed.mean) // 4),
        )

    def _interleaved(self, sessions: int) -> Found:
        return _found(preference(self.mixed.seen(self.random, self.runs, sessions)), sessions)

    def _halves(self, sessions: int) -> Found:
        arms = [
            each.seen(self.random, self.runs, size)
            for each, size in ((self.first, sessions // 2), (self.second, -(-sessions // 2)))
        ]
        return _found(effect(arms[0], arms[1]), sessions)
