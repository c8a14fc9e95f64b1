"""Queues whose answers are known: by hand, and in closed form."""

import math

import numpy as np
import pytest

from bench.queueing import Demand, Hosts, Pauses, sojourns


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
    found = sojourns(hosts, Demand(np.zeros(2), np.ones(2), np.array([0.0, 0.5])))
    assert found.tolist() == pytest.approx([wanted[0], wanted[1] + 0.5])


def test_one_in_the_middle_of_another() -> None:
    # From .5 to 1.5 both share: the short one is done, the long one has .5 of 1 left.
    demand = Demand(np.array([0.0, 0.5]), np.array([1.5, 0.5]), np.zeros(2))
    found = sojourns(Hosts(1, 2), demand)
    assert found.tolist() == pytest.approx([2.0, 1.0])


def test_random_arrivals_wait_as_theory_says() -> None:
    random = np.random.default_rng(3)
    n, rate = 40_000, 0.5
    arrivals = np.cumsum(random.exponential(1 / rate, n))
    demand = Demand(arrivals, random.exponential(1.0, n), np.zeros(n))
    # M/M/1: the mean is 1 / (mu - lambda) in either order; in order of arrival it is exponential.
    shared = sojourns(Hosts(1, at_once=10_000), demand)
    assert shared.mean() == pytest.approx(1 / (1 - rate), rel=0.05)
    in_order = sojourns(Hosts(1, at_once=1), demand)
    assert in_order.mean() == pytest.approx(1 / (1 - rate), rel=0.05)
    assert np.percentile(in_order, 99) == pytest.approx(math.log(100) / (1 - rate), rel=0.08)


def test_what_is_before_the_replicas_takes_cores_as_well() -> None:
    # One core: until 1 both are before the replica (.5 each), then one works and one waits.
    demand = Demand(np.zeros(2), np.ones(2), np.zeros(2), aside=0.5)
    assert sojourns(Hosts(1, 1, cores=1), demand).tolist() == pytest.approx([2.0, 3.0])
    # Two cores: both are through at .5.
    assert sojourns(Hosts(1, 1, cores=2), demand).tolist() == pytest.approx([1.5, 2.5])


def test_a_pause_holds_up_its_replica_and_no_other() -> None:
    # From .5 to 1.5 the first replica stands still: the .5 that lacked are done at 2.
    pauses = Pauses(np.array([0.5]), np.array([0]), np.array([1.0]))
    demand = Demand(np.array([0.0, 0.0]), np.ones(2), np.zeros(2))
    found = sojourns(Hosts(2, 1), demand, pauses)
    assert sorted(found.tolist()) == pytest.approx([1.0, 2.0])


def test_busy_cores_are_slower() -> None:
    assert Hosts(2, 1, cores=2, together=0.8).speed(1) == 1.0
    assert Hosts(2, 1, cores=2, together=0.8).speed(2) == pytest.approx(0.8)
    assert Hosts(2, 1, cores=2, together=0.8).speed(4) == pytest.approx(0.4)
