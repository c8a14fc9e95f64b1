"""Effects against scipy's Welch test, jackknives, least squares and arithmetic."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from mercato.core.errors import BadInput
from mercato.evaluation.experiments.effects import cautious, effect, fixed_interval
from mercato.evaluation.experiments.outcomes import Moments, measured


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_mean_is_compared_as_by_welch(random) -> None:
    control, variant = random.exponential(2, 300), random.exponential(3, 200)
    found = effect(measured(control), measured(variant))
    welch = ttest_ind(variant, control, equal_var=False)
    assert found.difference == pytest.approx(variant.mean() - control.mean())
    assert found.difference / np.sqrt(found.variance) == pytest.approx(welch.statistic)
    low, high = fixed_interval(found)
    assert (high - low) / 2 == pytest.approx(1.959964 * np.sqrt(found.variance), rel=1e-6)
    assert found.n == 500
    assert found.explained == pytest.approx(0, abs=1e-12)


def test_a_small_arm_that_saw_none_of_what_is_rare_is_not_known_exactly() -> None:
    control, variant = np.zeros(50), np.repeat([0.0, 1.0], [931, 19])
    rate = 19 / 950
    found = cautious(measured(control), measured(variant))
    of_one = rate * (1 - rate) * 950 / 949
    together = 950 * of_one / 1000  # of the 50 nothing was seen to vary
    assert found.of_control == pytest.approx(together / 50)
    assert found.of_variant == pytest.approx(of_one / 950)
    assert found.n == 2 * 50
    assert found.difference == pytest.approx(rate)
    low, _ = fixed_interval(found)
    assert low < 0 < fixed_interval(effect(measured(control), measured(variant)))[0]


def test_arms_that_are_alike_are_compared_as_ever(random) -> None:
    arms = [measured(random.exponential(2, 5000)) for _ in range(2)]
    found, plain = cautious(*arms), effect(*arms)
    assert found.n == plain.n == 10_000
    assert plain.variance <= found.variance < 1.05 * plain.variance


def test_a_ratio_has_the_variance_that_leaving_units_out_shows(random) -> None:
    """The jackknife knows nothing of derivatives (Efron & Stein 1981)."""
    shown = random.poisson(20, 2000) + 1.0
    clicks = random.binomial(shown.astype(int), random.beta(1, 9, 2000)).astype(float)
    found = effect(measured(clicks[:1000], shown[:1000]), measured(clicks[1000:], shown[1000:]))

    def jackknife(value, count):
        left = (value.sum() - value) / (count.sum() - count)
        return (len(value) - 1) * np.mean((left - left.mean()) ** 2)

    assert found.of_control == pytest.approx(jackknife(clicks[:1000], shown[:1000]), rel=0.01)
    assert found.of_variant == pytest.approx(jackknife(clicks[1000:], shown[1000:]), rel=0.01)
    assert found.control == pytest.approx(clicks[:1000].sum() / shown[:1000].sum())
    # Impressions of one shopper go together: as if they were independent is far too sure.
    rate = found.control
    assert found.of_control > 2 * rate * (1 - rate) / shown[:1000].sum()


def test_what_was_before_is_taken_off_as_by_least_squares(random) -> None:
    before = random.normal(5, 2, (2000, 2))
    value = before @ [0.8, -0.3] + random.normal(size=2000)
    arm = np.repeat([0.0, 1.0], 1000)
    value += 0.1 * arm
    found = effect(
        measured(value[:1000], before=before[:1000]), measured(value[1000:], before=before[1000:])
    )
    design = np.column_stack([np.ones(2000), arm, before])
    fitted, left = np.linalg.lstsq(design, value)[:2]
    error = left[0] / (2000 - 4) * np.linalg.inv(design.T @ design)[1, 1]
    assert found.difference == pytest.approx(fitted[1], abs=1e-9)
    assert found.variance == pytest.approx(error, rel=0.01)
    correlated = 1 - 1 / np.var(value - 0.1 * arm)
    assert found.explained == pytest.approx(correlated, abs=0.02)


def test_a_column_that_says_nothing_changes_nothing(random) -> None:
    value, twice = random.normal(size=400), np.zeros((400, 2))
    twice[:] = random.normal(size=(400, 1))
    plain = effect(measured(value[:200]), measured(value[200:]))
    constant = effect(
        measured(value[:200], before=np.ones((200, 1))),
        measured(value[200:], before=np.ones((200, 1))),
    )
    assert constant.difference == pytest.approx(plain.difference)
    one, both = (
        effect(
            measured(value[:200], before=twice[:200, :k]),
            measured(value[200:], before=twice[200:, :k]),
        )
        for k in (1, 2)
    )
    assert both.difference == pytest.approx(one.difference)
    assert both.variance == pytest.approx(one.variance)


def test_a_share_of_the_control(random) -> None:
    """By drawing both arms' means a hundred thousand times."""
    control, variant = random.exponential(2, 4000), random.exponential(2.2, 4000)
    found = effect(measured(control), measured(variant)).relative()
    drawn = random.normal(variant.mean(), variant.std() / np.sqrt(4000), 100_000) / random.normal(
        control.mean(), control.std() / np.sqrt(4000), 100_000
    )
    assert found.difference == pytest.approx(variant.mean() / control.mean() - 1)
    assert np.sqrt(found.variance) == pytest.approx(drawn.std(), rel=0.02)


def test_moments_of_days_add_up_to_those_of_all(random) -> None:
    columns = random.normal(size=(50, 4)) + 100
    parts = [columns[:1], columns[1:20], columns[20:]]
    together = Moments.of(parts[0]) + Moments.of(parts[1]) + Moments.of(parts[2])
    whole = Moments.of(columns)
    assert together.n == whole.n == 50
    assert together.mean == pytest.approx(whole.mean)
    assert together.spread == pytest.approx(whole.spread)
    assert whole.covariance() == pytest.approx(np.cov(columns.T))


def test_many_runs_at_once_are_each_alone(random) -> None:
    columns = random.normal(size=(3, 2, 40, 3)) + 5
    together = effect(Moments.of(columns[:, 0]), Moments.of(columns[:, 1]))
    for run in range(3):
        alone = effect(Moments.of(columns[run, 0]), Moments.of(columns[run, 1]))
        assert together.difference[run] == pytest.approx(alone.difference)
        assert together.variance[run] == pytest.approx(alone.variance)


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput, match="a number a unit"):
        measured(np.ones(3), np.ones(2))
    with pytest.raises(BadInput, match="two units"):
        measured(np.ones(1))
    with pytest.raises(BadInput, match="finite"):
        measured(np.array([1.0, np.nan]))
    with pytest.raises(BadInput, match="denominator above 0"):
        effect(measured(np.ones(3), np.zeros(3)), measured(np.ones(3)))
    with pytest.raises(BadInput, match="same columns"):
        effect(measured(np.ones(3), before=np.ones((3, 1))), measured(np.ones(3)))
