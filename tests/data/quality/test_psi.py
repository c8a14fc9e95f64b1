"""The population stability index against arithmetic by hand."""

import math

import pytest
from scipy.stats import norm

from mercato.data.quality.profile import PERCENTILES
from mercato.data.quality.psi import is_significant, shift_of_numbers, shift_of_values


def test_two_values_that_change_places():
    index, bins = shift_of_values({"a": 800, "b": 200}, {"a": 200, "b": 800})
    assert index == pytest.approx(0.6 * math.log(4) * 2)  # (.8 - .2) ln(.8 / .2), twice
    assert bins == 2


def test_the_same_distribution_has_not_moved():
    assert shift_of_values({"a": 3, "b": 1}, {"a": 300, "b": 100})[0] == pytest.approx(0)
    assert shift_of_numbers(range(101), range(101))[0] == pytest.approx(0)


def test_a_normal_distribution_that_moves_by_one_deviation():
    """Known from the definition with ten bins of equal probability; 1.0 with infinitely many
    bins, where the index is the symmetric Kullback-Leibler divergence, (difference of means)²."""
    inner = [min(max(p, 0.001), 0.999) for p in PERCENTILES]
    before, now = norm.ppf(inner), norm.ppf(inner) + 1
    edges = norm.ppf([n / 10 for n in range(1, 10)])
    moved = [
        b - a for a, b in zip([0, *norm.cdf(edges - 1)], [*norm.cdf(edges - 1), 1], strict=True)
    ]
    expected = sum((share - 0.1) * math.log(share / 0.1) for share in moved)
    index, _ = shift_of_numbers(list(before), list(now))
    assert index == pytest.approx(expected, abs=0.12)  # percentiles know shares to one hundredth


def test_ties_stay_in_one_bin():
    """Nine of ten quantities are 1: whether the deciles say so once or nine times is the same."""
    before = [1.0] * 91 + [2.0] * 10
    assert shift_of_numbers(before, before)[0] == pytest.approx(0)
    assert shift_of_numbers(before, [1.0] * 101)[0] < 1


def test_few_rows_must_move_further():
    assert is_significant(0.3, bins=10, rows_before=1_000_000, rows_now=1_000_000)
    assert not is_significant(0.2, bins=10, rows_before=1_000_000, rows_now=1_000_000)
    # χ²(9) is above 43 once in a million; times 1/100 + 1/100 that is about .86.
    assert not is_significant(0.8, bins=10, rows_before=100, rows_now=100)
    assert is_significant(0.9, bins=10, rows_before=100, rows_now=100)
