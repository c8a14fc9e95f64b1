"""Power against published constants of group-sequential tests, textbook sizes and simulation."""

from dataclasses import replace

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.evaluation.experiments.boundaries import crossing_probabilities
from mercato.evaluation.experiments.effects import effect
from mercato.evaluation.experiments.outcomes import measured
from mercato.evaluation.experiments.power import (
    Plan,
    days_needed,
    detectable,
    power_of,
    unit_deviation,
    units_needed,
)
from mercato.evaluation.experiments.sequential import boundary, mixing

LOOKS = np.arange(1, 6) / 5


@pytest.mark.parametrize(
    "far",
    [np.full(5, 2.413), 2.040 / np.sqrt(LOOKS)],
    ids=["Pocock", "O'Brien and Fleming"],
)
def test_published_boundaries_are_crossed_with_their_level(far) -> None:
    """Jennison & Turnbull, "Group Sequential Methods" (2000), tables 2.1 and 2.3: five looks."""
    found = crossing_probabilities(far, LOOKS, drift=0).sum()
    assert found == pytest.approx(0.05, abs=1e-4)


def test_crossings_under_a_drift_as_simulated() -> None:
    random = np.random.default_rng(0)
    walks = np.cumsum(random.normal(2.5 / 5, np.sqrt(1 / 5), (200_000, 5)), axis=1)
    beyond = np.abs(walks) > 2.413 * np.sqrt(LOOKS)
    first = np.bincount(np.where(beyond.any(axis=1), beyond.argmax(axis=1), 5), minlength=6)[:5]
    found = crossing_probabilities(np.full(5, 2.413), LOOKS, drift=2.5)
    assert found == pytest.approx(first / 200_000, abs=0.004)


def test_textbook_sizes() -> None:
    """(1.959964 + .841621)² = 7.848880; two arms of a deviation of 1 and an effect of .1 need
    2 × 7.848880 / .01 units each ("sixteen over the effect squared", Lehr 1992)."""
    plan = Plan(deviation=1.0)
    assert units_needed(plan, 0.1) == pytest.approx(2 * 2 * 784.888, abs=1)
    assert units_needed(plan, -0.1) == units_needed(plan, 0.1)
    assert detectable(plan, 3140) == pytest.approx(0.1, rel=1e-3)
    assert power_of(plan, 3140, 0.1) == pytest.approx(0.8, abs=1e-3)
    assert days_needed(plan, 0.1, 100) == 32
    # A control of 90% and a variant of 10%: 1/.9 + 1/.1 in place of 1/.5 + 1/.5.
    uneven = replace(plan, control_share=0.9, variant_share=0.1)
    assert units_needed(uneven, 0.1) / units_needed(plan, 0.1) == pytest.approx(
        (1 / 0.9 + 10) / 4, rel=1e-3
    )


def test_rates_by_their_own_deviations() -> None:
    """From 10% to 12%: 7.848880 × (.1 × .9 + .12 × .88) / .02² = 3,838 units in each arm."""
    plan = Plan(deviation=np.sqrt(0.09), variant_deviation=np.sqrt(0.1056))
    assert units_needed(plan, 0.02) == 2 * 7.848880 * (0.09 + 0.1056) / 0.0004 // 1 + 1


def test_of_several_variants_each_is_tested_more_strictly() -> None:
    """Three variants and a control, a quarter of the units each: alpha / 3, z = 2.393980."""
    plan = Plan(deviation=1.0, control_share=0.25, variant_share=0.25, variants=3)
    assert units_needed(plan, 0.1) == pytest.approx(4 * (2.393980 + 0.841621) ** 2 * 100, abs=1)


def test_looks_cost_units_and_the_price_is_told() -> None:
    once, daily = Plan(deviation=1.0), Plan(deviation=1.0, looks=28)
    price = units_needed(daily, 0.1) / units_needed(once, 0.1)
    assert 1.4 < price < 1.8
    random = np.random.default_rng(0)
    drift = 0.1 * np.sqrt(units_needed(daily, 0.1)) / 2
    walks = np.cumsum(random.normal(drift / 28, np.sqrt(1 / 28), (20_000, 28)), axis=1)
    share = np.arange(1, 29) / 28
    far = boundary(mixing(0.05) * share, 0.05) * np.sqrt(share)
    assert (np.abs(walks) > far).any(axis=1).mean() == pytest.approx(0.8, abs=0.011)


def test_the_deviation_of_a_ratio_and_what_was_before_takes_off() -> None:
    random = np.random.default_rng(0)
    habit = random.gamma(2, 10, 4000)
    shown, before = random.poisson(habit) + 1.0, random.poisson(habit)[:, None] + 0.0
    clicks = random.binomial(shown.astype(int), 0.1).astype(float)
    sold = 3 * habit + random.normal(0, 10, 4000)
    for value, count in ((clicks, shown), (sold, None)):
        for known in (None, before):
            rows = [slice(0, 2000), slice(2000, 4000)]
            arms = [
                measured(
                    value[part],
                    None if count is None else count[part],
                    None if known is None else known[part],
                )
                for part in rows
            ]
            told = unit_deviation(arms[0] + arms[1])
            assert told == pytest.approx(np.sqrt(effect(*arms).variance * 1000), rel=0.02)


def test_plans_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadInput, match="other than 0"):
        units_needed(Plan(1.0), 0)
    for plan in (
        Plan(0.0),
        Plan(1.0, power=0.01),
        Plan(1.0, control_share=0.8),
        Plan(1.0, looks=0),
    ):
        with pytest.raises(BadInput, match="Mend the plan"):
            units_needed(plan, 0.1)
