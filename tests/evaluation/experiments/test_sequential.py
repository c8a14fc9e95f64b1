import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from mercato.evaluation.experiments.effects import Effect, effect
from mercato.evaluation.experiments.outcomes import Moments, measured
from mercato.evaluation.experiments.sequential import boundary, log_evidence, look, mixing


def test_evidence_is_a_mixture_of_likelihoods() -> None:
    """Effects of variance 3 × the present variance 0.5, integrated numerically."""
    variance, information, difference = 0.5, 3.0, 1.7

    def mixed(effect_):
        prior = norm.pdf(effect_, scale=np.sqrt(information * variance))
        return prior * norm.pdf(difference, effect_, np.sqrt(variance))

    expected = quad(mixed, -20, 20)[0] / norm.pdf(difference, 0, np.sqrt(variance))
    found = log_evidence(np.array(difference**2 / variance), np.array(information))
    assert np.exp(found) == pytest.approx(expected)


def test_on_the_boundary_the_p_value_is_alpha() -> None:
    for information in (0.1, 1.0, 20.0):
        far = boundary(np.array(information), 0.05)
        assert np.exp(-log_evidence(far**2, np.array(information))) == pytest.approx(0.05)


def test_the_interval_is_tightest_about_where_it_was_planned() -> None:
    """Of all mixtures the planned one is within 2% of the least width at the planned time."""
    spreads = np.geomspace(0.5, 200, 2000)
    assert boundary(np.array(mixing(0.05)), 0.05) <= 1.02 * boundary(spreads, 0.05).min()


def _effect(difference: float, variance: float, n: float) -> Effect:
    each = [np.array(number) for number in (1.0, 1 + difference, variance / 2, variance / 2, n, 0)]
    return Effect(*each)


def test_a_look_by_hand() -> None:
    """At the planned time with alpha .05: the mixture's spread is 5.991 + log 5.991 + 1."""
    spread = 5.99146455 + np.log(5.99146455) + 1
    far = np.sqrt((1 + spread) / spread * (np.log(1 + spread) + 5.99146455))
    found = look(_effect(0.3, 0.01, 1000), planned_units=1000)
    assert found.low == pytest.approx(0.3 - 0.1 * far, rel=1e-6)
    assert found.high == pytest.approx(0.3 + 0.1 * far, rel=1e-6)
    assert found.p_value == pytest.approx(
        np.sqrt(1 + spread) * np.exp(-9 / 2 * spread / (1 + spread)), rel=1e-6
    )


def test_of_few_units_nothing_is_said() -> None:
    found = look(_effect(100, 0.01, 99), planned_units=1000)
    assert (found.low, found.high, found.p_value) == (-np.inf, np.inf, 1)


def test_arms_all_alike_are_no_evidence() -> None:
    same = effect(measured(np.ones(200)), measured(np.ones(200)))
    assert look(same, 1000).p_value == 1


def _daily(random: np.random.Generator, shift: float, runs: int = 1500, days: int = 30):
    """At each day's end: both p-values, of sales whose every tenth shopper buys."""
    arms = [None, None]
    for _ in range(days):
        for arm, more in enumerate((0.0, shift)):
            shape = (runs, 60, 1)
            sales = (random.random(shape) < 0.1) * random.exponential(10, shape) + more
            today = Moments.of(np.concatenate([sales, np.ones_like(sales)], axis=-1))
            arms[arm] = today if arms[arm] is None else arms[arm] + today
        found = effect(*arms)
        yield look(found, planned_units=3600), found


def test_looking_every_day_alarms_no_oftener_than_stated() -> None:
    ever, fixed = np.zeros(1500, bool), np.zeros(1500, bool)
    for seen, found in _daily(np.random.default_rng(1), shift=0.0):
        ever |= seen.p_value <= 0.05
        assert ((seen.p_value <= 0.05) == ((seen.low > 0) | (seen.high < 0))).all()
        fixed |= np.abs(found.difference) > 1.96 * np.sqrt(found.variance)
    assert ever.mean() <= 0.05
    # The test that is right for one look is wrong for thirty.
    assert fixed.mean() > 0.2


def test_an_effect_is_found_and_covered_at_all_times() -> None:
    covered, ever = np.ones(1500, bool), np.zeros(1500, bool)
    for seen, _ in _daily(np.random.default_rng(2), shift=0.7):
        covered &= (seen.low <= 0.7) & (0.7 <= seen.high)
        ever |= seen.low > 0
    assert covered.mean() >= 0.95
    assert ever.mean() > 0.9
