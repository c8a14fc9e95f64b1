"""AUC by counting pairs, log loss by its definition, calibration by hand."""

import itertools

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.evaluation.intervals import bootstrap
from mercato.evaluation.probabilities import (
    Bin,
    auc,
    auc_interval,
    calibration,
    calibration_error,
    log_loss,
    mean_interval,
)


def counted(scores, labels, weight) -> float:
    """Every pair of a positive and a negative."""
    won = whole = 0.0
    for p, q in itertools.product(range(len(scores)), repeat=2):
        if labels[p] and not labels[q]:
            whole += weight[p] * weight[q]
            half = 0.5 if scores[p] == scores[q] else float(scores[p] > scores[q])
            won += half * weight[p] * weight[q]
    return won / whole


def test_auc_counts_pairs_and_ties_half() -> None:
    # Of 2 x 3 pairs: .9 beats all three; .5 beats .1, ties with .5, loses to .8.
    scores = np.array([0.9, 0.5, 0.8, 0.5, 0.1])
    labels = np.array([True, True, False, False, False])
    assert auc(scores, labels) == pytest.approx((3 + 1.5) / 6)


@pytest.mark.parametrize("seed", range(5))
def test_auc_of_many_ties_equals_every_pair_counted(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, 6, 60) / 7
    labels = random.random(60) < 0.3
    ones, weight = np.ones(60), random.integers(0, 4, 60)
    assert auc(scores, labels) == pytest.approx(counted(scores, labels, ones))
    assert auc(scores, labels, weight) == pytest.approx(counted(scores, labels, weight))


def test_auc_of_a_constant_is_a_half() -> None:
    assert auc(np.zeros(9), np.arange(9) < 2) == 0.5


def test_refuses_one_kind_of_rows() -> None:
    with pytest.raises(BadInput, match="0 of 4 positive"):
        auc(np.arange(4.0), np.zeros(4, bool))


def test_log_loss_is_minus_the_log_of_the_chance_of_what_happened() -> None:
    chance = np.array([0.9, 0.9, 0.2])
    found = log_loss(np.log(chance / (1 - chance)), np.array([True, False, False]))
    np.testing.assert_allclose(found, -np.log([0.9, 0.1, 0.8]))
    assert log_loss(np.array([-1e4]), np.array([True]))[0] == pytest.approx(1e4)


def test_calibration_by_hand() -> None:
    chances = np.array([0.9, 0.1, 0.3, 0.7])
    labels = np.array([True, False, True, True])
    assert calibration(chances, labels, 2) == (
        Bin(pytest.approx(0.2), 0.5, 2),
        Bin(pytest.approx(0.8), 1.0, 2),
    )
    assert calibration_error(chances, labels, 2) == pytest.approx((0.3 * 2 + 0.2 * 2) / 4)


def test_an_interval_draws_shoppers_with_all_their_rows() -> None:
    """Ten shoppers with a hundred equal rows each say no more than ten rows do."""
    random = np.random.default_rng(0)
    scores = random.normal(size=10)
    labels = np.arange(10) % 2 == 0
    often = auc_interval(
        np.repeat(scores, 100), np.repeat(labels, 100), np.repeat(np.arange(10), 100), resamples=300
    )
    assert often.n == 10
    assert often.value == pytest.approx(auc(scores, labels))
    assert often.high - often.low > 0.3
    alone = auc_interval(
        np.repeat(scores, 100), np.repeat(labels, 100), np.arange(1_000), resamples=300
    )
    assert alone.high - alone.low < 0.1
    assert alone.low < alone.value < alone.high


def test_the_interval_of_a_difference_is_of_the_same_draws() -> None:
    random = np.random.default_rng(1)
    labels = random.random(400) < 0.4
    scores = labels + random.normal(size=400)
    same = auc_interval(scores, labels, np.arange(400), 2 * scores + 1, resamples=50)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    noise = scores + random.normal(scale=3, size=400)
    better = auc_interval(scores, labels, np.arange(400), noise, resamples=200)
    assert better.value == pytest.approx(auc(scores, labels) - auc(noise, labels))
    assert better.low > 0


def test_the_mean_over_rows_with_one_row_a_shopper_is_the_plain_bootstrap() -> None:
    values = np.random.default_rng(2).exponential(size=500)
    found = mean_interval(values, np.arange(500))
    plain = bootstrap(values)
    assert found.value == plain.value
    assert found.low == pytest.approx(plain.low, abs=0.01)
    assert found.high == pytest.approx(plain.high, abs=0.01)
