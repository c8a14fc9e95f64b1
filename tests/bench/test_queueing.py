"""Queues whose answers are known: by hand, and in closed form."""

import math

import numpy as np
import pytest

from bench.queueing import Hosts, sojourns


@pytest.mark.parametrize(
    ("hosts", "wanted"),
    [
        (Hosts(1, at_once=2), [2.0, 2.0]),  # they share the core
        (Hosts(1, at_once=1), [1.0, 2.0]),  # one after the other
        (Hosts(2, at_once=2), [1.0, 1.0]),  # one each
        (Hosts(2, at_once=2, cores=1), [2.0, 2.0]),  # one each, of one core
    ],
)
def test_two_that_come_at_once(hosts: Hosts, wanted: list[float]) -> None:
    found = sojourns(hosts, np.zeros(2), np.ones(2), np.array([0.0, 0.5]))
    assert found.tolist() == pytest.approx([wanted[0], wanted[1] + 0.5])


def test_one_in_the_middle_of_another() -> None:
    # From .5 to 1.5 both share: the short one is done, the long one has .5 of 1 left.
    found = sojourns(Hosts(1, 2), np.array([0.0, 0.5]), np.array([1.5, 0.5]), np.zeros(2))
    assert found.tolist() == pytest.approx([2.0, 1.0])


def test_random_arrivals_wait_as_theory_says() -> None:
    random = np.random.default_rng(3)
    n, rate = 40_000, 0.5
    arrivals = np.cumsum(random.exponential(1 / rate, n))
    work, nothing = random.exponential(1.0, n), np.zeros(n)
    # M/M/1: the mean is 1 / (mu - lambda) in either order; in order of arrival it is exponential.
    shared = sojourns(Hosts(1, at_once=10_000), arrivals, work, nothing)
    assert shared.mean() == pytest.approx(1 / (1 - rate), rel=0.05)
    in_order = sojourns(Hosts(1, at_once=1), arrivals, work, nothing)
    assert in_order.mean() == pytest.approx(1 / (1 - rate), rel=0.05)
    assert np.percentile(in_order, 99) == pytest.approx(math.log(100) / (1 - rate), rel=0.08)
