import numpy as np

from mercato.models.ctr.fields import Examples, Rows
from mercato.models.ctr.target_statistics import TargetStatistics, out_of_fold


def test_smoothed_log_odds_by_hand() -> None:
    """Value 1: one click of two rows. Value 2: no click of one. One click and a half of four rows
    and one of nothing is a base share of .3."""
    codes = np.array([[1], [1], [2], [0]], np.int32)
    clicked = np.array([True, False, False, False])
    examples = Examples(Rows(("ad",), (4,), codes), clicked)
    share = 1.5 / 5
    one, two = (1 + 10 * share) / 12, (10 * share) / 11
    base = np.log(share / (1 - share))
    asked = Rows(("ad",), (4,), np.array([[1], [2], [3], [0]], np.int32))
    found = TargetStatistics.of(examples, smoothing=10, few=4).features(asked)
    expected = [
        [np.log(one / (1 - one)) - base, np.log(3), 1],
        [np.log(two / (1 - two)) - base, np.log(2), 2],
        [0, 0, 3],  # never seen: the base
        [0, 0, 0],  # unknown: nothing is known of it though it was counted
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_row_is_told_without_its_own_outcome() -> None:
    """Every value has one row: what it is told by must not depend on whether that was clicked."""
    n = 200
    codes = np.arange(1, n + 1, dtype=np.int32)[:, None]
    clicked = np.random.default_rng(0).random(n) < 0.3
    examples = Examples(Rows(("query",), (n + 1,), codes), clicked)
    told = out_of_fold(examples, folds=5, smoothing=2, few=0, seed=0)
    np.testing.assert_allclose(told, 0, atol=1e-12)
    leaked = TargetStatistics.of(examples, smoothing=2, few=0).features(examples.rows)
    assert leaked[clicked, 0].min() > leaked[~clicked, 0].max()


def test_rows_come_back_in_their_order() -> None:
    random = np.random.default_rng(1)
    codes = random.integers(0, 5, (300, 2)).astype(np.int32)
    examples = Examples(Rows(("a", "b"), (5, 5), codes), random.random(300) < 0.5)
    told = out_of_fold(examples, folds=4, smoothing=2, few=5, seed=3)
    assert np.array_equal(told[:, 4:], codes)
