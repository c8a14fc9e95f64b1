import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.evaluation.experiments.mismatch import mismatch_p_value, mismatched


def test_by_hand() -> None:
    """Free shares drawn evenly: three units in a row have 1/4 under them, 1/8 under halves; two
    against one have 1/12."""
    assert mismatch_p_value(np.array([3, 0]), [0.5, 0.5], concentration=2) == pytest.approx(1 / 2)
    assert mismatch_p_value(np.array([2, 1]), [0.5, 0.5], concentration=2) == 1


def test_three_arms_as_the_product_of_what_each_next_unit_was_expected_at() -> None:
    """Pólya's urn: each unit's chance is its arm's number before plus its prior, over all."""
    shares, order = [0.5, 0.3, 0.2], [2, 2, 0, 2, 1, 2, 2, 2]
    urn = np.array(shares) * 10
    factor = 1.0
    for arm in order:
        factor *= urn[arm] / urn.sum() / shares[arm]
        urn[arm] += 1
    units = np.bincount(order, minlength=3)
    found = mismatch_p_value(units, shares, concentration=10)
    assert found == pytest.approx(min(1, 1 / factor))


def test_looked_at_daily_it_alarms_no_oftener_than_stated() -> None:
    random = np.random.default_rng(0)
    days = random.multinomial(200, [0.5, 0.3, 0.2], size=(4000, 60)).cumsum(axis=1)
    ever = (mismatch_p_value(days, [0.5, 0.3, 0.2]) <= 0.05).any(axis=1)
    assert 0 < ever.mean() <= 0.05


def test_a_lost_tenth_of_one_arm_is_found() -> None:
    random = np.random.default_rng(0)
    units = random.binomial(20_000, 0.9 / 1.9)
    assert mismatched(np.array([20_000 - units, units]), [0.5, 0.5])
    assert not mismatched(np.array([10_050, 9_950]), [0.5, 0.5])


def test_shares_make_one() -> None:
    with pytest.raises(BadInput, match="1 together"):
        mismatch_p_value(np.array([1, 1]), [0.5, 0.6])
    with pytest.raises(BadInput, match="each arm"):
        mismatch_p_value(np.array([1, 1, 1]), [0.5, 0.5])


def test_nothing_seen_is_no_alarm() -> None:
    assert mismatch_p_value(np.zeros(2, int), [0.5, 0.5]) == 1
