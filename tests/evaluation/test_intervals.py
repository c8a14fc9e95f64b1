"""Intervals against the normal theory that the bootstrap must come near to for many values."""

import math

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.evaluation.intervals import bootstrap, paired_difference


def test_interval_of_a_mean() -> None:
    # 900 zeros and 100 ones: mean 0.1, standard error sqrt(0.1 * 0.9 / 1000) = 0.00949.
    values = np.repeat([0.0, 1.0], [900, 100])
    found = bootstrap(values, resamples=4_000)
    error = 1.96 * math.sqrt(0.1 * 0.9 / 1000)
    assert found.value == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1 - error, abs=0.0015)
    assert found.high == pytest.approx(0.1 + error, abs=0.0015)
    assert found.n == 1000


def test_a_seed_gives_the_same_interval_in_any_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).random(300)
    whole = bootstrap(values)
    monkeypatch.setattr("mercato.evaluation.intervals._CHUNK", 1_000)
    assert bootstrap(values) == whole
    assert bootstrap(values, seed=1) != whole


def test_pairs_are_compared_shopper_by_shopper() -> None:
    # Values differ widely between shoppers, but each is 0.01 better: the difference is sure.
    values = np.random.default_rng(2).random(200)
    found = paired_difference(values + 0.01, values)
    assert (found.low, found.value, found.high) == pytest.approx((0.01, 0.01, 0.01))


def test_refuses_nothing_and_unequal() -> None:
    with pytest.raises(BadInput, match="at least one shopper or query"):
        bootstrap(np.zeros(0))
    with pytest.raises(BadInput, match="found 2 and 3"):
        paired_difference(np.zeros(2), np.zeros(3))
