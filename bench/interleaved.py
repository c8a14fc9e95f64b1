"""Interleaving beside A/B on the same rankings: how many sessions each needs."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from bench.harness import Row, forget_peak, own_peak_mb
from mercato.evaluation.experiments.effects import effect, fixed_interval
from mercato.evaluation.experiments.outcomes import Moments
from mercato.evaluation.experiments.power import Plan, unit_deviation, units_needed
from mercato.evaluation.experiments.preference import preference
from mercato.ranking.interleaving import team_draft

QUERIES, ITEMS, PLACES, DRAFTS = 200, 30, 10, 100
PILOT, AT_ONCE = 3_000_000, 100_000
"""Sessions from which the difference is known to 1%: 4% off is 3% of power."""

MOST_SESSIONS = 30_000_000
EAGERNESS = (0.5, 1.5)
"""Of a session: most click on nothing, some on much (assumed)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shown:
    """Answers of which a session meets one.

    chance : (n_answers, PLACES) of a click; side : the same shape, -1 or 1 for the ranking it
             counts for, 0 for both or where there is one ranking
    """

    chance: Floats
    side: Floats

    def sessions(self, random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """(…, 2) clicks, or the credit of an interleaved answer, and 1."""
        answer = random.integers(0, len(self.chance), shape)
        eager = random.beta(*EAGERNESS, (*shape, 1))
        clicked = random.random((*shape, PLACES)) < eager * self.chance[answer]
        if self.side.any():
            value = np.sign((clicked * self.side[answer]).sum(axis=-1))
        else:
            value = clicked.sum(axis=-1).astype(np.float64)
        return np.stack([value, np.ones(shape)], axis=-1)


def shown(noise: tuple[float, float]) -> tuple[Shown, Shown, Shown]:
    """Both rankings and their drafts. Items attract by chances of which few are high; a place is
    looked at as often as it is high up, 1 / place; rankings know what attracts, less noise.

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
    nobody = np.zeros((len(queries), PLACES))
    alone = [Shown(chances(order[:, :PLACES], queries), nobody) for order in orders]
    drafts = [
        team_draft(orders[0][query].tolist(), orders[1][query].tolist(), PLACES, seed)
        for query in queries
        for seed in range(query * DRAFTS, (query + 1) * DRAFTS)
    ]
    items = np.array([draft.items for draft in drafts])
    sides = np.array([-1.0, 1.0, 0.0])[np.array([draft.teams for draft in drafts])]
    return alone[0], alone[1], Shown(chances(items, np.repeat(queries, DRAFTS)), sides)


def rows(runs: int, until: float) -> Iterator[Row]:
    """A row a pair of rankings, until the time is over (of `time.monotonic`)."""
    for noise in ((0.2, 0.2), (0.2, 0.1), (0.2, 0.16), (0.2, 0.18)):
        if time.monotonic() > until:
            break
        forget_peak()
        begun = time.perf_counter()
        first, second, mixed = shown(noise)
        random = np.random.default_rng(11)
        if noise[0] == noise[1]:
            metrics = {
                "experiments": runs,
                "false positives, interleaved": _power(mixed, 1_000, runs, random),
                "false positives, A/B": _power_of_halves(first, second, 1_000, runs, random),
            }
        else:
            metrics = _sessions(first, second, mixed, runs, random)
        title = f"rankings of noise {noise[0]} and {noise[1]}"
        yield Row(title, metrics, time.perf_counter() - begun, own_peak_mb())


def _sessions(
    first: Shown, second: Shown, mixed: Shown, runs: int, random: np.random.Generator
) -> dict[str, float]:
    arms = [_known(each, random) for each in (first, second, mixed)]
    apart, credit = effect(arms[0], arms[1]), preference(arms[2])
    plan = Plan(unit_deviation(arms[0]), unit_deviation(arms[1]))
    halves = units_needed(plan, float(apart.difference))
    # One arm instead of two halves: the mean's variance is a quarter of their difference's.
    drafted = -(-units_needed(Plan(unit_deviation(arms[2])), float(credit.difference)) // 4)
    runs = min(runs, MOST_SESSIONS // halves)
    return {
        "clicks a session": float(apart.control),
        "of the better": float(apart.variant),
        "credit": float(credit.difference),
        "sessions, A/B": halves,
        "sessions, interleaved": drafted,
        "times fewer": halves / drafted,
        "experiments": runs,
        "power, A/B": _power_of_halves(first, second, halves, runs, random),
        "power, interleaved": _power(mixed, drafted, runs, random),
    }


def _known(answers: Shown, random: np.random.Generator) -> Moments:
    parts = (answers.sessions(random, (AT_ONCE,)) for _ in range(PILOT // AT_ONCE))
    return reduce(add, map(Moments.of, parts))


def _power(mixed: Shown, sessions: int, runs: int, random: np.random.Generator) -> float:
    found = [
        fixed_interval(preference(Moments.of(mixed.sessions(random, (sessions,)))))
        for _ in range(runs)
    ]
    return float(np.mean([low > 0 or high < 0 for low, high in found]))


def _power_of_halves(
    first: Shown, second: Shown, sessions: int, runs: int, random: np.random.Generator
) -> float:
    won = 0
    for _ in range(runs):
        arms = [Moments.of(each.sessions(random, (sessions // 2,))) for each in (first, second)]
        low, high = fixed_interval(effect(arms[0], arms[1]))
        won += bool(low > 0 or high < 0)
    return won / runs
