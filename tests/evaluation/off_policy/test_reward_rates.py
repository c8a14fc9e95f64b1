import numpy as np
import pytest

from mercato.evaluation.off_policy.reward_rates import cross_fitted_rates

REWARD = np.array([1.0, 0, 1, 1, 0, 0])
ACTION = np.array([0, 1, 0, 1, 1, 0])
UNIT = np.array([0, 0, 1, 1, 2, 2])


def test_each_row_is_told_by_the_units_of_other_folds() -> None:
    """With a fold a unit, found by its seed: unit 0 is told by the rows of 1 and 2."""
    seed = next(
        seed for seed in range(100) if len(set(np.random.default_rng(seed).integers(0, 3, 3))) == 3
    )
    rates = cross_fitted_rates(REWARD, ACTION, 2, UNIT, prior_rows=2, seed=seed)
    # Rows 2 to 5: mean 1/2; action 0 earned 1 and 0, action 1 earned 1 and 0, each with 2 × 1/2.
    assert rates[0] == pytest.approx([(1 + 1) / 4, (1 + 1) / 4])
    # Rows 0 to 3: mean 3/4; action 0 earned 1 and 1, action 1 earned 0 and 1, with 2 × 3/4.
    assert rates[4] == pytest.approx([3.5 / 4, 2.5 / 4])
    assert (rates[4] == rates[5]).all()
